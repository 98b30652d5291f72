//! What the tiles of AVX2 and AVX-VNNI share: eight outputs in a register.

use std::arch::x86_64::*;

/// Sums or bytes of eight outputs.
pub(super) type Int = __m256i;

/// Outputs of one register.
pub(super) const LANES: usize = 8;

/// # Safety
/// 32 bytes can be read at `weights`.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_weights(weights: *const i8) -> Int {
    // SAFETY: the caller's promise.
    unsafe { _mm256_loadu_si256(weights.cast()) }
}

#[target_feature(enable = "avx2")]
pub(super) fn load_starts(starts: &[i32]) -> Int {
    assert_eq!(starts.len(), LANES);
    // SAFETY: eight values, just counted.
    unsafe { _mm256_loadu_si256(starts.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
pub(super) fn splat(four: i32) -> Int {
    _mm256_set1_epi32(four)
}

/// `exact::dequantise` of up to eight outputs.
#[target_feature(enable = "avx2,fma")]
pub(super) fn finish(sum: Int, scale: f32, scales: &[f32], biases: &[f32], y: &mut [f32]) {
    let mut sums = [0.0f32; LANES];
    // SAFETY: eight floats fit.
    unsafe { _mm256_storeu_ps(sums.as_mut_ptr(), _mm256_cvtepi32_ps(sum)) };
    for (i, y) in y.iter_mut().enumerate() {
        *y = sums[i].mul_add(scale * scales[i], biases[i]);
    }
}
