//! Integer products with AVX2: magnitudes of activations by weights that take their sign.

use super::tile::tiles;
use std::arch::x86_64::*;

type Int = __m256i;

/// Outputs of one register.
const LANES: usize = 8;

tiles!("avx2,fma");

/// # Safety
/// 32 bytes can be read at `weights`.
#[target_feature(enable = "avx2")]
unsafe fn load_weights(weights: *const i8) -> Int {
    // SAFETY: the caller's promise.
    unsafe { _mm256_loadu_si256(weights.cast()) }
}

#[target_feature(enable = "avx2")]
fn load_starts(starts: &[i32]) -> Int {
    assert_eq!(starts.len(), LANES);
    // SAFETY: eight values, just counted.
    unsafe { _mm256_loadu_si256(starts.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn splat(four: i32) -> Int {
    _mm256_set1_epi32(four)
}

/// Sums of four products in each lane. `_mm256_maddubs_epi16` saturates at 32767; two products of
/// magnitudes up to 127 come to 32258 at most, so it never does here.
#[target_feature(enable = "avx2")]
fn dot(sum: Int, values: Int, weights: Int) -> Int {
    let signed = _mm256_sign_epi8(weights, values);
    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(values), signed);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// `exact::dequantise` of up to eight outputs.
#[target_feature(enable = "avx2,fma")]
fn finish(sum: Int, scale: f32, scales: &[f32], biases: &[f32], y: &mut [f32]) {
    super::finish_eight(_mm256_cvtepi32_ps(sum), scale, scales, biases, y);
}
