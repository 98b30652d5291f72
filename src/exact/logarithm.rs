//! The natural logarithm of exact-1.

/// The bits of the float nearest sqrt(1/2), where the mantissa range starts.
const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
/// The smallest positive normal float, 2^-126.
const SMALLEST_NORMAL: f32 = f32::MIN_POSITIVE;
/// 2^23, which makes every subnormal normal.
const SUBNORMAL_SCALE: f32 = 8_388_608.0;
/// ln(2) rounded to a multiple of 2^-14, 0x1.62e8p-1: exact when multiplied by an exponent.
const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7400);
/// ln(2) - `LN_2_HIGH`, -0x1.e8082ep-16.
const LN_2_LOW: f32 = f32::from_bits(0xb7f4_0417);

/// 0x1.555548p-2: C3 of f - f^2/2 + C3*f^3 + ... + C11*f^11, a minimax fit to ln(1 + f) for
/// sqrt(1/2) - 1 <= f <= sqrt(2) - 1.
const C3: f32 = f32::from_bits(0x3eaa_aaa4);
/// -0x1.000006p-2.
const C4: f32 = f32::from_bits(0xbe80_0003);
/// 0x1.99a476p-3.
const C5: f32 = f32::from_bits(0x3e4c_d23b);
/// -0x1.555c44p-3.
const C6: f32 = f32::from_bits(0xbe2a_ae22);
/// 0x1.233ba2p-3.
const C7: f32 = f32::from_bits(0x3e11_9dd1);
/// -0x1.fc28c8p-4.
const C8: f32 = f32::from_bits(0xbdfe_1464);
/// 0x1.e6c008p-4.
const C9: f32 = f32::from_bits(0x3df3_6004);
/// -0x1.de01fap-4.
const C10: f32 = f32::from_bits(0xbdef_00fd);
/// 0x1.147376p-4.
const C11: f32 = f32::from_bits(0x3d8a_39bb);

/// The natural logarithm of x, for every x: ln(1) is +0.0, ln(+-0) is -infinity.
///
/// Negative x and NaN give NaN, +infinity gives itself, subnormals are taken exactly. The
/// polynomial is our own minimax fit; the exponent's share is added with its rounding error kept.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let (exponent, fraction) = parts(x);
    let near = near_one(fraction, exponent * LN_2_LOW);
    let large = exponent * LN_2_HIGH;
    let sum = large + fraction;
    let lost = fraction - (sum - large);
    let finite = sum + (near + lost);
    let positive = if x == f32::INFINITY { f32::INFINITY } else { finite };
    let above_zero = if x == 0.0 { f32::NEG_INFINITY } else { positive };
    if x >= 0.0 { above_zero } else { f32::NAN }
}

/// The exponent e and the fraction f of x = 2^e * (1 + f), sqrt(1/2) <= 1 + f < sqrt(2).
#[inline(always)]
fn parts(x: f32) -> (f32, f32) {
    let subnormal = x < SMALLEST_NORMAL;
    let normal = if subnormal { x * SUBNORMAL_SCALE } else { x };
    let excess = if subnormal { 23 } else { 0 };
    let offset = normal.to_bits().wrapping_sub(SQRT_HALF_BITS).cast_signed() >> 23;
    let mantissa = normal.to_bits().wrapping_sub(offset.cast_unsigned() << 23);
    ((offset - excess) as f32, f32::from_bits(mantissa) - 1.0)
}

/// ln(1 + f) - f + `addend`.
#[inline(always)]
fn near_one(f: f32, addend: f32) -> f32 {
    let mut sum = C11.mul_add(f, C10);
    sum = sum.mul_add(f, C9);
    sum = sum.mul_add(f, C8);
    sum = sum.mul_add(f, C7);
    sum = sum.mul_add(f, C6);
    sum = sum.mul_add(f, C5);
    sum = sum.mul_add(f, C4);
    sum = sum.mul_add(f, C3);
    sum = sum.mul_add(f, -0.5);
    sum.mul_add(f * f, addend)
}
