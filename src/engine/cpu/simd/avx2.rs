//! Integer products with AVX2: magnitudes of activations by weights that take their sign.

use super::eight::{Int, LANES, finish, load_starts, load_weights, splat};
use super::tile::tiles;
use std::arch::x86_64::*;

tiles!("avx2,fma");

/// Sums of four products in each lane. `_mm256_maddubs_epi16` saturates at 32767; two products of
/// magnitudes up to 127 come to 32258 at most, so it never does here.
#[target_feature(enable = "avx2")]
fn dot(sum: Int, values: Int, weights: Int) -> Int {
    let signed = _mm256_sign_epi8(weights, values);
    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(values), signed);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}
