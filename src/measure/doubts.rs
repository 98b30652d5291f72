//! What speaks against a measurement, and what to do about it.

use std::fmt;

/// Fewest frames that have a 99th percentile of their own.
const FRAMES_MIN: usize = 100;

/// Largest p99 that is not spread, as a multiple of p50.
const SPREAD_MAX: f64 = 1.1;

/// Largest share of one processor that others may take.
const OTHER_LOAD_MAX: f64 = 0.05;

/// Largest difference between the two halves of a run.
const CHANGE_MAX: f64 = 0.05;

/// Largest share of a frame that timing each op may cost.
const OBSERVER_MAX: f64 = 0.05;

/// Coarsest clock, in nanoseconds.
const RESOLUTION_NS_MAX: u64 = 1000;

/// A reason not to believe a measurement as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// The program was built without optimisation.
    Unoptimised,
    /// Too few frames for a p99.
    FewFrames {
        /// How many were measured.
        frames: usize,
    },
    /// No frame was left out as a warm-up.
    NoWarmUp,
    /// The slowest frames are far from the median.
    Spread {
        /// p99 divided by p50.
        ratio: f64,
    },
    /// The second half of the run was slower or faster than the first.
    Change {
        /// Median of the second half divided by that of the first.
        ratio: f64,
    },
    /// Others used the processors meanwhile.
    OtherLoad {
        /// Processors that they kept busy.
        processors: f64,
    },
    /// The machine does not tell who used its processors.
    UnknownLoad,
    /// The clock's steps are large.
    CoarseClock {
        /// The smallest step.
        resolution_ns: u64,
    },
    /// Timing each op made the frame slower.
    ObserverCost {
        /// Median step with the observer divided by that without.
        ratio: f64,
    },
    /// Frames waited for the tape.
    QueueWaits {
        /// How many records did.
        records: u64,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        match *self {
            Doubt::Unoptimised => write!(out, "a debug build: build with --release"),
            Doubt::FewFrames { frames } => write!(
                out,
                "{frames} frames are too few for a p99: measure {FRAMES_MIN} or more (--frames)"
            ),
            Doubt::NoWarmUp => {
                write!(out, "no warm-up: the first frames are slower; use --warm-up")
            }
            Doubt::Spread { ratio } => write!(
                out,
                "p99 is {ratio:.2} times p50: stop what else runs, then look at the raw frames"
            ),
            Doubt::Change { ratio } => write!(
                out,
                "the second half took {:+.1} %: warm up longer, or let the machine cool",
                percent(ratio)
            ),
            Doubt::OtherLoad { processors } => write!(
                out,
                "others kept {processors:.2} processors busy meanwhile: stop them, measure again"
            ),
            Doubt::UnknownLoad => {
                write!(out, "/proc does not tell what else ran: see that nothing does")
            }
            Doubt::CoarseClock { resolution_ns } => write!(
                out,
                "the clock steps by {resolution_ns} ns: do not believe stages and ops near that"
            ),
            Doubt::ObserverCost { ratio } => write!(
                out,
                "timing each op cost {:.1} %: compare ops with each other, not with the frame",
                percent(ratio)
            ),
            Doubt::QueueWaits { records } => write!(
                out,
                "{records} records waited for the disk: put the temporary folder (TMPDIR) elsewhere"
            ),
        }
    }
}

/// What a measurement is judged by.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Whole frames in order, warm-up left out.
    pub frames_ns: Vec<u64>,
    /// Frames of the warm-up.
    pub warm_up: u64,
    /// Processors that others kept busy; `None` where nobody knows.
    pub other_load: Option<f64>,
    /// The clock's smallest step.
    pub resolution_ns: u64,
    /// Median step with each op timed divided by that without.
    pub observer_ratio: f64,
    /// Records that waited.
    pub queue_waits: u64,
}

/// Every doubt that the evidence raises.
pub fn doubts(evidence: &Evidence) -> Vec<Doubt> {
    let frames = evidence.frames_ns.len();
    let half = |frames_ns: &[u64]| {
        let samples: super::Samples = frames_ns.iter().copied().collect();
        samples.summary().p50_ns as f64
    };
    let (first, second) = evidence.frames_ns.split_at(frames / 2);
    let change = half(second) / half(first).max(1.0);
    let all: super::Samples = evidence.frames_ns.iter().copied().collect();
    let summary = all.summary();
    let spread = summary.p99_ns as f64 / (summary.p50_ns as f64).max(1.0);
    let ratio = evidence.observer_ratio;
    let (resolution_ns, records) = (evidence.resolution_ns, evidence.queue_waits);
    let load = evidence.other_load;
    let many = frames >= 2;
    let rows = [
        (cfg!(debug_assertions), Doubt::Unoptimised),
        (frames < FRAMES_MIN, Doubt::FewFrames { frames }),
        (evidence.warm_up == 0, Doubt::NoWarmUp),
        (spread > SPREAD_MAX, Doubt::Spread { ratio: spread }),
        (many && (change - 1.0).abs() > CHANGE_MAX, Doubt::Change { ratio: change }),
        (
            load.is_some_and(|load| load > OTHER_LOAD_MAX),
            Doubt::OtherLoad { processors: load.unwrap_or_default() },
        ),
        (load.is_none(), Doubt::UnknownLoad),
        (resolution_ns > RESOLUTION_NS_MAX, Doubt::CoarseClock { resolution_ns }),
        (ratio > 1.0 + OBSERVER_MAX, Doubt::ObserverCost { ratio }),
        (records > 0, Doubt::QueueWaits { records }),
    ];
    rows.into_iter().filter_map(|(raised, doubt)| raised.then_some(doubt)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Evidence {
        Evidence {
            frames_ns: (0..200).map(|frame| 1_000_000 + frame % 7).collect(),
            warm_up: 35,
            other_load: Some(0.01),
            resolution_ns: 30,
            observer_ratio: 1.01,
            queue_waits: 0,
        }
    }

    fn raised(change: impl FnOnce(&mut Evidence)) -> Vec<Doubt> {
        let mut evidence = good();
        change(&mut evidence);
        let mut found = doubts(&evidence);
        found.retain(|doubt| *doubt != Doubt::Unoptimised);
        found
    }

    #[test]
    fn a_quiet_even_run_raises_no_doubt() {
        assert_eq!(raised(|_| ()), []);
    }

    #[test]
    fn each_fault_raises_its_own_doubt() {
        assert_eq!(raised(|e| e.frames_ns.truncate(99)), [Doubt::FewFrames { frames: 99 }]);
        assert_eq!(raised(|e| e.warm_up = 0), [Doubt::NoWarmUp]);
        let slow = raised(|e| e.frames_ns[90..93].fill(3_000_000));
        assert!(matches!(slow[..], [Doubt::Spread { ratio }] if ratio > 2.9), "{slow:?}");
        let later = raised(|e| e.frames_ns[100..].fill(1_080_000));
        assert!(matches!(later[..], [Doubt::Change { ratio }] if ratio > 1.07), "{later:?}");
        let load = raised(|e| e.other_load = Some(0.8));
        assert_eq!(load, [Doubt::OtherLoad { processors: 0.8 }]);
        assert_eq!(raised(|e| e.other_load = None), [Doubt::UnknownLoad]);
        let coarse = raised(|e| e.resolution_ns = 15_000);
        assert_eq!(coarse, [Doubt::CoarseClock { resolution_ns: 15_000 }]);
        let cost = raised(|e| e.observer_ratio = 1.2);
        assert_eq!(cost, [Doubt::ObserverCost { ratio: 1.2 }]);
        assert_eq!(raised(|e| e.queue_waits = 3), [Doubt::QueueWaits { records: 3 }]);
    }

    #[test]
    fn nothing_measured_is_too_few_and_no_panic() {
        assert!(raised(|e| e.frames_ns.clear()).contains(&Doubt::FewFrames { frames: 0 }));
    }
}
