//! Float rows to int8 with one scale, exact integer products, and back to float.

/// Bits of +infinity: an absolute value at or above this is an infinity or a NaN.
pub const NOT_FINITE: u32 = 0x7f80_0000;

/// Below this largest absolute value (2^-96, as bits) a row is all zeros with scale +0.0:
/// `127 / amax` stays finite and `amax / 127` stays normal above it.
pub const AMAX_MIN: u32 = 0x0f80_0000;

/// Largest quantised magnitude. -128 never occurs: products stay symmetric.
pub const QUANTISED_MAX: i32 = 127;

/// Longest sum of int8 products: 127^2 * 133,144 is the last that stays below 2^31.
pub const PRODUCTS_MAX: usize = 133_144;

/// A NaN or an infinity met a hashed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFinite;

/// The integer maximum of `bits & 0x7fff_ffff`: the largest magnitude, in which a NaN cannot hide.
#[inline(always)]
pub fn amax_bits(row: &[f32]) -> u32 {
    row.iter().fold(0, |most, x| most.max(x.to_bits() & 0x7fff_ffff))
}

/// The scale `amax / 127` and the factor `127 / amax` of a row whose [`amax_bits`] is given;
/// both +0.0 below [`AMAX_MIN`].
///
/// # Errors
/// [`NotFinite`] where the row holds a NaN or an infinity.
#[inline(always)]
pub fn scale_of(amax: u32) -> Result<(f32, f32), NotFinite> {
    if amax >= NOT_FINITE {
        return Err(NotFinite);
    }
    if amax < AMAX_MIN {
        return Ok((0.0, 0.0));
    }
    let amax = f32::from_bits(amax);
    Ok((amax / 127.0, 127.0 / amax))
}

/// `clamp(rint(x * factor), -127, 127)`; `|x * factor|` is at most 127 and a rounding.
#[inline(always)]
pub fn quantise_one(x: f32, factor: f32) -> i8 {
    super::rint_to_i32(x * factor).clamp(-QUANTISED_MAX, QUANTISED_MAX) as i8
}

/// Quantises one row and returns its scale. `row` and `quantised` are of one length.
///
/// # Errors
/// [`NotFinite`] where the row holds a NaN or an infinity.
#[inline(always)]
pub fn quantise(row: &[f32], quantised: &mut [i8]) -> Result<f32, NotFinite> {
    assert_eq!(row.len(), quantised.len());
    let (scale, factor) = scale_of(amax_bits(row))?;
    for (q, &x) in quantised.iter_mut().zip(row) {
        *q = quantise_one(x, factor);
    }
    Ok(scale)
}

/// Exact sum of int8 products; any order gives the same integer. At most [`PRODUCTS_MAX`] long.
#[inline(always)]
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// `fma(f32(acc), row_scale * weight_scale, bias)`: the end of every linear layer and convolution.
#[inline(always)]
pub fn dequantise(accumulator: i32, row_scale: f32, weight_scale: f32, bias: f32) -> f32 {
    (accumulator as f32).mul_add(row_scale * weight_scale, bias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_magnitude_becomes_127_and_ties_go_to_even() {
        let mut q = [0i8; 4];
        let scale = quantise(&[-254.0, 1.0, 3.0, 127.0], &mut q).expect("finite");
        assert_eq!((scale, q), (2.0, [-127, 0, 2, 64]));
    }

    #[test]
    fn rows_too_small_to_scale_are_zeros() {
        let mut q = [1i8; 2];
        let tiny = f32::from_bits(AMAX_MIN - 1);
        assert_eq!(quantise(&[tiny, -tiny], &mut q), Ok(0.0));
        assert_eq!(q, [0, 0]);
        assert!(quantise(&[f32::from_bits(AMAX_MIN), 0.0], &mut q).expect("finite") > 0.0);
        assert_eq!(q, [127, 0]);
    }

    #[test]
    fn a_nan_cannot_hide() {
        let mut q = [0i8; 2];
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN] {
            assert_eq!(quantise(&[1.0, bad], &mut q), Err(NotFinite));
        }
    }

    #[test]
    fn the_longest_sum_fits_in_32_bits() {
        assert!(127 * 127 * PRODUCTS_MAX as i64 <= i64::from(i32::MAX));
        assert!(127 * 127 * (PRODUCTS_MAX as i64 + 1) > i64::from(i32::MAX));
    }
}
