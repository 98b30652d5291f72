//! Nanoseconds since a moment, and how finely this machine tells them.
#![expect(clippy::disallowed_methods, reason = "measuring reads the machine's own clock")]

use std::time::Instant;

/// Readings that the resolution is the smallest step of.
const RESOLUTION_READINGS: usize = 1000;

/// Counts nanoseconds from the moment it was made. Copies count from the same moment.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Counts from now.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Nanoseconds since it was made.
    pub fn now_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }

    /// The smallest step between two readings that differ, and the mean cost of one reading.
    pub fn resolution_ns(&self) -> (u64, f64) {
        let first_ns = self.now_ns();
        let (mut last_ns, mut step_ns) = (first_ns, u64::MAX);
        for _ in 0..RESOLUTION_READINGS {
            let now_ns = self.now_ns();
            if now_ns > last_ns {
                step_ns = step_ns.min(now_ns - last_ns);
            }
            last_ns = now_ns;
        }
        (step_ns, (last_ns - first_ns) as f64 / RESOLUTION_READINGS as f64)
    }
}
