//! Sums of floats in the one order of exact-1: 32 lanes, then a fold by 16, 8, 4, 2, 1.

/// Lanes of every float sum: two AVX-512 registers, one CUDA warp.
pub const LANES: usize = 32;

/// Sum of `value(0) ... value(count - 1)`.
///
/// Lane `l` starts from +0.0 and adds elements `l, l+32, l+64, ...` in that order (an absent
/// element is
/// +0.0, which changes nothing because a lane is never -0.0); then lane `l` adds lane `l+16`, then
/// `l+8`, `l+4`, `l+2`, `l+1`. The result is lane 0.
#[inline(always)]
pub fn sum(count: usize, value: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = count / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, total) in lanes.iter_mut().enumerate() {
            *total += value(start + lane);
        }
    }
    for index in whole..count {
        lanes[index - whole] += value(index);
    }
    fold(lanes)
}

/// The fold that ends [`sum`]: 16, 8, 4, 2, 1.
#[inline(always)]
fn fold(mut lanes: [f32; LANES]) -> f32 {
    for width in [16, 8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_lanes_first_then_the_fold() {
        // In this order the two large elements meet in lane 0 and cancel before 1.0 arrives;
        // summed from left to right, 1.0 would be lost in 2^60.
        let mut values = [0.0f32; 33];
        values[0] = 2f32.powi_exact(60);
        values[1] = 1.0;
        values[32] = -values[0];
        assert_eq!(sum(33, |i| values[i]), 1.0);
        assert_eq!(values.iter().sum::<f32>(), 0.0);
    }

    #[test]
    fn nothing_and_negative_zeros_sum_to_positive_zero() {
        assert_eq!(sum(0, |_| 1.0).to_bits(), 0);
        assert_eq!(sum(70, |_| -0.0).to_bits(), 0);
    }

    /// A power of two, exactly, without the library's `powi`.
    trait PowerOfTwo {
        fn powi_exact(self, exponent: u32) -> f32;
    }

    impl PowerOfTwo for f32 {
        fn powi_exact(self, exponent: u32) -> f32 {
            (0..exponent).fold(1.0, |power, _| power * self)
        }
    }
}
