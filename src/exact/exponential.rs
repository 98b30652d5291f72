//! The exponential of exact-1.

use super::rounding::rint_in_both_forms;

/// log2(e), 0x1.715476p+0.
const LOG2_E: f32 = f32::from_bits(0x3fb8_aa3b);
/// The float nearest ln(2), 0x1.62e43p-1.
const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7218);
/// ln(2) - `LN_2_HIGH`, -0x1.05c61p-29.
const LN_2_LOW: f32 = f32::from_bits(0xb102_e308);

/// 0x1.fffffcp-2: C2 of 1 + r + C2*r^2 + ... + C6*r^6, a minimax fit to e^r for |r| <= 0.34668.
const C2: f32 = f32::from_bits(0x3eff_fffe);
/// 0x1.555492p-3.
const C3: f32 = f32::from_bits(0x3e2a_aa49);
/// 0x1.5558acp-5.
const C4: f32 = f32::from_bits(0x3d2a_ac56);
/// 0x1.123978p-7.
const C5: f32 = f32::from_bits(0x3c09_1cbc);
/// 0x1.6a5072p-10.
const C6: f32 = f32::from_bits(0x3ab5_2839);

/// Above this, 0x1.62e42ep+6 (88.72283...), the result is +infinity: the next float overflows.
const OVERFLOW: f32 = f32::from_bits(0x42b1_7217);
/// Below this, -0x1.5d589ep+6 (-87.33654...), the result is +0.0: the next float is subnormal.
const UNDERFLOW: f32 = f32::from_bits(0xc2ae_ac4f);

/// e to the power x, for every x: NaN gives NaN, exp(+-0) is 1.0, no result is subnormal.
///
/// Above 88.72283 it is +infinity, below -87.33654 it is +0.0. The polynomial is our own minimax
/// fit after the usual reduction by ln(2).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (powers_of_two, power) = rint_in_both_forms(x * LOG2_E);
    let reduced = powers_of_two.mul_add(-LN_2_LOW, powers_of_two.mul_add(-LN_2_HIGH, x));
    let mut sum = C6.mul_add(reduced, C5);
    sum = sum.mul_add(reduced, C4);
    sum = sum.mul_add(reduced, C3);
    sum = sum.mul_add(reduced, C2);
    sum = sum.mul_add(reduced, 1.0);
    sum = sum.mul_add(reduced, 1.0);
    let exponent = power.cast_unsigned() << 23;
    let scaled = f32::from_bits(sum.to_bits().wrapping_add(exponent));
    let above_zero = if x < UNDERFLOW { 0.0 } else { scaled };
    let finite = if x > OVERFLOW { f32::INFINITY } else { above_zero };
    if x.is_nan() { f32::NAN } else { finite }
}
