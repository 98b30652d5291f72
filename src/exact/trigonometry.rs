//! Sine and cosine of exact-1, of an angle in radians or in turns.

use super::rounding::rint_in_both_forms;

/// The largest |x| that [`sin_cos`] takes, in radians.
const LARGEST_ANGLE: f32 = 8192.0;
/// 2/pi, 0x1.45f306p-1.
const TWO_OVER_PI: f32 = f32::from_bits(0x3f22_f983);
/// The float nearest pi/2, 0x1.921fb6p+0.
const HALF_PI_HIGH: f32 = f32::from_bits(0x3fc9_0fdb);
/// The float nearest pi/2 - `HALF_PI_HIGH`, -0x1.777a5cp-25.
const HALF_PI_MIDDLE: f32 = f32::from_bits(0xb33b_bd2e);
/// The float nearest what then remains of pi/2, -0x1.ee59dap-50.
const HALF_PI_LOW: f32 = f32::from_bits(0xa6f7_2ced);
/// 2pi, 0x1.921fb6p+2.
const TWO_PI: f32 = f32::from_bits(0x40c9_0fdb);

/// -0x1.555556p-3: S3 of r + S3*r^3 + ... + S9*r^9, a minimax fit to sin(r) for |r| <= 0.7865.
const S3: f32 = f32::from_bits(0xbe2a_aaab);
/// 0x1.111174p-7.
const S5: f32 = f32::from_bits(0x3c08_88ba);
/// -0x1.a05954p-13.
const S7: f32 = f32::from_bits(0xb950_2caa);
/// 0x1.7c2c4ep-19.
const S9: f32 = f32::from_bits(0x363e_1627);

/// 0x1.55554ap-5: C4 of 1 - r^2/2 + C4*r^4 + ... + C8*r^8, a minimax fit to cos(r) for |r| <= 0.7865.
const C4: f32 = f32::from_bits(0x3d2a_aaa5);
/// -0x1.6c0c28p-10.
const C6: f32 = f32::from_bits(0xbab6_0614);
/// 0x1.99e80cp-16.
const C8: f32 = f32::from_bits(0x37cc_f406);

/// Sine and cosine of x radians, |x| <= 8192; NaN beyond. sin(+-0) is +0.0.
#[inline(always)]
pub fn sin_cos(x: f32) -> (f32, f32) {
    let (quarters, quadrant) = rint_in_both_forms(x * TWO_OVER_PI);
    let mut angle = quarters.mul_add(-HALF_PI_HIGH, x);
    angle = quarters.mul_add(-HALF_PI_MIDDLE, angle);
    angle = quarters.mul_add(-HALF_PI_LOW, angle);
    let (sine, cosine) = turned(angle, quadrant);
    let inside = x.abs() <= LARGEST_ANGLE;
    (if inside { sine } else { f32::NAN }, if inside { cosine } else { f32::NAN })
}

/// Sine and cosine of u whole turns, 0 <= u < 1, as of 2pi*u radians; no meaning outside.
#[inline(always)]
pub fn sin_cos_turns(u: f32) -> (f32, f32) {
    let (quarters, quadrant) = rint_in_both_forms(4.0 * u);
    let remainder = quarters.mul_add(-0.25, u);
    turned(remainder * TWO_PI, quadrant)
}

/// Sine and cosine of `angle` plus `quadrant` quarter turns, |angle| <= 0.7865 radians.
#[inline(always)]
fn turned(angle: f32, quadrant: i32) -> (f32, f32) {
    let (sine, cosine) = (sine_kernel(angle), cosine_kernel(angle));
    let odd = quadrant & 1 == 1;
    let first = if odd { cosine } else { sine };
    let second = if odd { sine } else { cosine };
    let sine_sign = sign_bit(quadrant);
    let cosine_sign = sign_bit(quadrant.wrapping_add(1));
    (f32::from_bits(first.to_bits() ^ sine_sign), f32::from_bits(second.to_bits() ^ cosine_sign))
}

/// The float sign bit, set in quadrants 2 and 3 of each turn, where the sine is negative.
#[inline(always)]
fn sign_bit(quadrant: i32) -> u32 {
    (quadrant.cast_unsigned() & 2) << 30
}

#[inline(always)]
fn sine_kernel(angle: f32) -> f32 {
    let square = angle * angle;
    let mut sum = S9.mul_add(square, S7);
    sum = sum.mul_add(square, S5);
    sum = sum.mul_add(square, S3);
    (angle * square).mul_add(sum, angle)
}

#[inline(always)]
fn cosine_kernel(angle: f32) -> f32 {
    let square = angle * angle;
    let mut sum = C8.mul_add(square, C6);
    sum = sum.mul_add(square, C4);
    sum = sum.mul_add(square, -0.5);
    sum.mul_add(square, 1.0)
}
