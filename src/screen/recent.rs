//! The newest measurements of one thing, and what they come to.

/// How many are kept: ten seconds of frames at 35 a second.
pub const RECENT: usize = 350;

/// Microseconds of the newest [`RECENT`] events, as a ring. Adding takes no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    us: [u32; RECENT],
    count: usize,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { us: [0; RECENT], count: 0 }
    }
}

impl Recent {
    /// Adds one, in the place of the oldest.
    pub fn add(&mut self, us: u64) {
        self.us[self.count % RECENT] = u32::try_from(us).unwrap_or(u32::MAX);
        self.count += 1;
    }

    /// Half are no longer, and 99 of 100; `None` before there is one.
    pub fn p50_p99_us(&self) -> Option<(u32, u32)> {
        let mut sorted = self.us;
        let kept = &mut sorted[..self.count.min(RECENT)];
        kept.sort_unstable();
        let rank = |percent: usize| kept.get((kept.len() * percent).div_ceil(100).checked_sub(1)?);
        Some((*rank(50)?, *rank(99)?))
    }

    /// The newest `most` at most, oldest first.
    pub fn newest(&self, most: usize) -> impl Iterator<Item = u32> {
        let first = self.count - self.count.min(RECENT).min(most);
        (first..self.count).map(|index| self.us[index % RECENT])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_is_kept() {
        let mut recent = Recent::default();
        assert_eq!(recent.p50_p99_us(), None);
        recent.add(7);
        assert_eq!(recent.p50_p99_us(), Some((7, 7)));
        (0..1_000).for_each(|us| recent.add(us));
        assert_eq!(recent.p50_p99_us(), Some((650 + 174, 650 + 346)));
        assert_eq!(recent.newest(3).collect::<Vec<_>>(), [997, 998, 999]);
        assert_eq!(recent.newest(10_000).count(), RECENT);
        recent.add(u64::MAX);
        assert_eq!(recent.newest(1).last(), Some(u32::MAX));
    }
}
