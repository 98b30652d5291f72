//! Rounding to the nearest integer, ties to even, with no library call on any target.

/// 1.5 * 2^23: adding it to a float moves the rounding position to the units digit.
const SHIFT_TO_UNITS: f32 = 12_582_912.0;

/// Rounds to the nearest integer, ties to even, for |x| <= 2^22. Every zero it gives is +0.0.
///
/// Exact within its range; outside it (and for NaN) the result has no meaning.
#[inline(always)]
pub fn rint(x: f32) -> f32 {
    rint_in_both_forms(x).0
}

/// Rounds to the nearest integer, ties to even, for |x| <= 2^22, and gives it as an integer.
///
/// Exact within its range; outside it (and for NaN) the result has no meaning.
#[inline(always)]
pub fn rint_to_i32(x: f32) -> i32 {
    rint_in_both_forms(x).1
}

/// The results of [`rint`] and [`rint_to_i32`], for one addition.
#[inline(always)]
pub(super) fn rint_in_both_forms(x: f32) -> (f32, i32) {
    let shifted = x + SHIFT_TO_UNITS;
    let integer = shifted.to_bits().wrapping_sub(SHIFT_TO_UNITS.to_bits());
    (shifted - SHIFT_TO_UNITS, integer.cast_signed())
}
