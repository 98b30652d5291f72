//! The activations of exact-1: sigmoid, silu, gelu, and the reciprocal square root.

use super::exponential::exp;

/// 2*sqrt(2/pi), 0x1.988454p+0.
const GELU_LINEAR: f32 = f32::from_bits(0x3fcc_422a);
/// 2*sqrt(2/pi)*0.044715, 0x1.2444f2p-4.
const GELU_CUBIC: f32 = f32::from_bits(0x3d92_2279);

/// The logistic function 1/(1 + e^-x), for every x, within 2.4808 ulp; +0.0 below -88.72283.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// x*sigmoid(x), as x/(1 + e^-x), for every x, within 2.394 ulp; -0.0 for finite x below
/// -88.72283, NaN for -infinity.
#[inline(always)]
pub fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// The tanh form of gelu, 0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3))), as x/(1 + e^-w) with w
/// twice the argument of tanh; -0.0 for finite x below about -10.06; NaN for -infinity.
///
/// Within 1.8806 ulp for x >= 0, 2.6006 ulp from -1, 18.1321 ulp from -4 and 210.5742 ulp from -10:
/// the vanishing tail is relatively worse, for its exponent has rounding errors of its own.
#[inline(always)]
pub fn gelu_tanh(x: f32) -> f32 {
    let square = x * x;
    let twice_argument = x * square.mul_add(GELU_CUBIC, GELU_LINEAR);
    x / (1.0 + exp(-twice_argument))
}

/// 1/sqrt(x), each of the two operations rounded, within 1.4904 ulp: +-infinity at +-0.0, NaN below.
#[inline(always)]
pub fn reciprocal_sqrt(x: f32) -> f32 {
    1.0 / x.sqrt()
}
