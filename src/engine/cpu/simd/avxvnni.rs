//! Integer products with AVX-VNNI: as AVX-512 VNNI, at half the width.

use super::tile::tiles;
use std::arch::x86_64::*;

type Int = __m256i;

/// Outputs of one register.
const LANES: usize = 8;

tiles!("avx2,fma,avxvnni");

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

/// Wrapping sums of four products in each lane; never the saturating form.
#[target_feature(enable = "avx2,avxvnni")]
fn dot(sum: Int, values: Int, weights: Int) -> Int {
    _mm256_dpbusd_avx_epi32(sum, values, weights)
}

/// `exact::dequantise` of up to eight outputs.
#[target_feature(enable = "avx2,fma")]
fn finish(sum: Int, scale: f32, scales: &[f32], biases: &[f32], y: &mut [f32]) {
    super::finish_eight(_mm256_cvtepi32_ps(sum), scale, scales, biases, y);
}
