//! The last step of a frame: a float in -1..1 to an 8-bit colour.

/// 1. clamp to -1..1  2. `a = x + 1`  3. `b = a * 127.5`  4. round to nearest, ties to even.
///
/// `x` is finite: the engine has checked it before ([`super::amax_bits`]).
#[inline(always)]
pub fn to_u8(x: f32) -> u8 {
    let low = if x > -1.0 { x } else { -1.0 };
    let clamped = if low < 1.0 { low } else { 1.0 };
    super::rint_to_i32((clamped + 1.0) * 127.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_clamped_and_the_middle_rounds_to_even() {
        let colours = [-9.0, -1.0, 0.0, 1.0, 9.0].map(to_u8);
        assert_eq!(colours, [0, 0, 128, 255, 255]);
    }
}
