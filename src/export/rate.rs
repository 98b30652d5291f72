//! Frames a second as a fraction, and when a frame begins at that rate.

const SECOND_US: u128 = 1_000_000;

/// Frames a second, in thousandths, as a tape says them; at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    milli: u32,
}

impl Rate {
    /// A rate of so many thousandths of frames a second; 0 is taken for 1.
    pub fn from_milli(milli: u32) -> Rate {
        Rate { milli: milli.max(1) }
    }

    /// When frame `index` begins, in microseconds since frame 0, rounded to nearest: the error
    /// does not add up from frame to frame.
    pub fn begins_us(self, index: u64) -> u64 {
        let milli = u128::from(self.milli);
        let us = (u128::from(index) * 1000 * SECOND_US + milli / 2) / milli;
        u64::try_from(us).unwrap_or(u64::MAX)
    }

    /// Pictures a second where every `every`th frame is shown: numerator and denominator, without
    /// a common divisor.
    pub fn fraction(self, every: u32) -> (u64, u64) {
        let (numerator, denominator) = (u64::from(self.milli), 1000 * u64::from(every.max(1)));
        let divisor = greatest_common_divisor(numerator, denominator);
        (numerator / divisor, denominator / divisor)
    }
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_drift_from_the_rate() {
        let rate = Rate::from_milli(35_000);
        assert_eq!([0, 1, 2, 3].map(|n| rate.begins_us(n)), [0, 28_571, 57_143, 85_714]);
        assert_eq!(rate.begins_us(35 * 36_000), 36_000_000_000);
        assert_eq!(Rate::from_milli(0).begins_us(1), 1_000_000_000);
        assert_eq!(Rate::from_milli(1).begins_us(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_rate_is_a_fraction_in_lowest_terms() {
        assert_eq!(Rate::from_milli(35_000).fraction(1), (35, 1));
        assert_eq!(Rate::from_milli(35_000).fraction(2), (35, 2));
        assert_eq!(Rate::from_milli(29_970).fraction(1), (2997, 100));
        assert_eq!(Rate::from_milli(35_000).fraction(7), (5, 1));
    }
}
