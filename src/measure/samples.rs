//! Raw samples and what is said of them: never a mean alone.

use serde::Serialize;

/// Durations of one thing, in the order they were measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples(Vec<u64>);

/// What samples come to. Percentiles are samples themselves (nearest rank), not between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: usize,
    /// The shortest.
    pub min_ns: u64,
    /// Their mean.
    pub mean_ns: f64,
    /// Half are no longer.
    pub p50_ns: u64,
    /// 95 of 100 are no longer.
    pub p95_ns: u64,
    /// 99 of 100 are no longer.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl Samples {
    /// No samples yet, room for `count`: adding them then takes no memory.
    pub fn with_room(count: usize) -> Samples {
        Samples(Vec::with_capacity(count))
    }

    /// Adds one.
    pub fn add(&mut self, ns: u64) {
        self.0.push(ns);
    }

    /// In the order they were measured.
    pub fn raw_ns(&self) -> &[u64] {
        &self.0
    }

    /// What they come to; all zeros where there are none.
    pub fn summary(&self) -> Summary {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let Some((&min_ns, &max_ns)) = sorted.first().zip(sorted.last()) else {
            return Summary::default();
        };
        let total: u128 = sorted.iter().map(|&ns| u128::from(ns)).sum();
        let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100) - 1];
        Summary {
            count: sorted.len(),
            min_ns,
            mean_ns: total as f64 / sorted.len() as f64,
            p50_ns: rank(50),
            p95_ns: rank(95),
            p99_ns: rank(99),
            max_ns,
        }
    }

    /// Samples longer than one frame may take at `frames_per_second`.
    pub fn missed(&self, frames_per_second: u32) -> usize {
        let deadline_ns = 1_000_000_000 / u64::from(frames_per_second);
        self.0.iter().filter(|&&ns| ns > deadline_ns).count()
    }
}

impl FromIterator<u64> for Samples {
    fn from_iter<I: IntoIterator<Item = u64>>(samples: I) -> Samples {
        Samples(samples.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let summary = (1..=200).rev().collect::<Samples>().summary();
        assert_eq!((summary.min_ns, summary.max_ns, summary.count), (1, 200, 200));
        assert_eq!((summary.p50_ns, summary.p95_ns, summary.p99_ns), (100, 190, 198));
        assert_eq!(summary.mean_ns, 100.5);
        let one = Samples::from_iter([7]).summary();
        assert_eq!((one.p50_ns, one.p99_ns, one.max_ns), (7, 7, 7));
        assert_eq!(Samples::default().summary(), Summary::default());
    }

    #[test]
    fn a_frame_that_takes_exactly_its_time_is_not_missed() {
        let samples = Samples::from_iter([50_000_000, 50_000_001, 1]);
        assert_eq!(samples.missed(20), 1);
    }
}
