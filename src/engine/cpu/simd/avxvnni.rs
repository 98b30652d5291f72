//! Integer products with AVX-VNNI: as AVX-512 VNNI, at half the width.

use super::eight::{Int, LANES, finish, load_starts, load_weights, splat};
use super::tile::tiles;
use std::arch::x86_64::*;

tiles!("avx2,fma,avxvnni");

/// Wrapping sums of four products in each lane; never the saturating form.
#[target_feature(enable = "avx2,avxvnni")]
fn dot(sum: Int, values: Int, weights: Int) -> Int {
    _mm256_dpbusd_avx_epi32(sum, values, weights)
}
