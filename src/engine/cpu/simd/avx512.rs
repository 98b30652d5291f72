//! Integer products with AVX-512 VNNI: activations + 128 as bytes without sign, weights with sign.

use super::tile::tiles;
use std::arch::x86_64::*;

type Int = __m512i;

/// Outputs of one register.
const LANES: usize = 16;

tiles!("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni");

/// # Safety
/// 64 bytes can be read at `weights`.
#[target_feature(enable = "avx512f")]
unsafe fn load_weights(weights: *const i8) -> Int {
    // SAFETY: the caller's promise.
    unsafe { _mm512_loadu_si512(weights.cast()) }
}

#[target_feature(enable = "avx512f")]
fn load_starts(starts: &[i32]) -> Int {
    assert_eq!(starts.len(), LANES);
    // SAFETY: sixteen values, just counted.
    unsafe { _mm512_loadu_si512(starts.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn splat(four: i32) -> Int {
    _mm512_set1_epi32(four)
}

/// Wrapping sums of four products in each lane; never the saturating form.
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot(sum: Int, values: Int, weights: Int) -> Int {
    _mm512_dpbusd_epi32(sum, values, weights)
}

/// `exact::dequantise` of up to sixteen outputs.
#[target_feature(enable = "avx512f")]
fn finish(sum: Int, scale: f32, scales: &[f32], biases: &[f32], y: &mut [f32]) {
    let count = y.len();
    assert!(count <= LANES && scales.len() == count && biases.len() == count);
    let mask = (0xffff_u32 >> (LANES - count)) as u16;
    // SAFETY: the mask has one bit for each of the `count` values.
    unsafe {
        let weight_scales = _mm512_maskz_loadu_ps(mask, scales.as_ptr());
        let bias = _mm512_maskz_loadu_ps(mask, biases.as_ptr());
        let factor = _mm512_mul_ps(_mm512_set1_ps(scale), weight_scales);
        let value = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), factor, bias);
        _mm512_mask_storeu_ps(y.as_mut_ptr(), mask, value);
    }
}
