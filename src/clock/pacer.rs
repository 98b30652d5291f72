//! A clock with a pace: frames begin when they are due; what comes late is counted, nothing else.

use super::Clock;
use std::sync::Mutex;
use std::sync::PoisonError;

/// A frame that begins later than this after it was due is counted as late, in microseconds. Why
/// 2 ms: a machine's sleep alone ends up to a millisecond late.
pub const LATE_US: u64 = 2_000;

const SECOND_US: u64 = 1_000_000;

/// What the pace came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Frames that began more than [`LATE_US`] after they were due.
    pub late_frames: u64,
    /// The most that a frame began after it was due, in microseconds.
    pub lateness_us_max: u64,
}

/// Lets frames begin at a steady rate. A frame that comes more than one period late moves the
/// plan: the frames missed are not made up for in a rush, and none is left out.
pub struct Pacer<'a> {
    clock: &'a dyn Clock,
    frames_per_second: u64,
    plan: Mutex<Plan>,
}

/// Which frame was due when, as the base of those after it.
#[derive(Default)]
struct Plan {
    base: Option<(u64, u64)>,
    lateness: Lateness,
}

impl<'a> Pacer<'a> {
    /// A pace of `frames_per_second` (at least 1) on `clock`; the first frame is due at once.
    pub fn new(clock: &'a dyn Clock, frames_per_second: u32) -> Pacer<'a> {
        let frames_per_second = u64::from(frames_per_second.max(1));
        Pacer { clock, frames_per_second, plan: Mutex::default() }
    }

    /// What the pace came to so far.
    pub fn lateness(&self) -> Lateness {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).lateness
    }

    /// When `frame` is due by a plan with this base.
    fn due_us(&self, (base_frame, base_us): (u64, u64), frame: u64) -> u64 {
        let frames = frame.saturating_sub(base_frame);
        base_us.saturating_add(frames.saturating_mul(SECOND_US) / self.frames_per_second)
    }
}

impl Clock for Pacer<'_> {
    fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    fn sleep_until(&self, due_us: u64) {
        self.clock.sleep_until(due_us);
    }

    fn await_frame(&self, frame: u64) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(base) = plan.base else {
            plan.base = Some((frame, self.clock.now_us()));
            return;
        };
        let due_us = self.due_us(base, frame);
        self.clock.sleep_until(due_us);
        let late_us = self.clock.now_us().saturating_sub(due_us);
        plan.lateness.late_frames += u64::from(late_us > LATE_US);
        plan.lateness.lateness_us_max = plan.lateness.lateness_us_max.max(late_us);
        let period_us = SECOND_US / self.frames_per_second;
        if late_us > period_us {
            plan.base = Some((frame, due_us + late_us));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Manual;
    use super::*;

    /// Begins `frames` frames that take `work_us` each and returns when each began.
    fn begun(pacer: &Pacer<'_>, clock: &Manual, work_us: &[u64]) -> Vec<u64> {
        let begin = |(frame, work_us): (usize, &u64)| {
            pacer.await_frame(frame as u64);
            let now_us = pacer.now_us();
            clock.advance(*work_us);
            now_us
        };
        work_us.iter().enumerate().map(begin).collect()
    }

    #[test]
    fn frames_in_time_begin_at_the_rate_without_drifting() {
        let clock = Manual::default();
        clock.advance(500);
        let pacer = Pacer::new(&clock, 35);
        let begun = begun(&pacer, &clock, &[20_000; 71]);
        assert_eq!(begun[..3], [500, 500 + 28_571, 500 + 57_142]);
        assert_eq!((begun[35], begun[70]), (1_000_500, 2_000_500));
        assert_eq!(pacer.lateness(), Lateness::default());
    }

    #[test]
    fn a_little_lateness_is_made_up_for_and_counted() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 100);
        let begun = begun(&pacer, &clock, &[1_000, 15_000, 1_000, 1_000]);
        assert_eq!(begun, [0, 10_000, 25_000, 30_000]);
        assert_eq!(pacer.lateness(), Lateness { late_frames: 1, lateness_us_max: 5_000 });
    }

    #[test]
    fn a_stall_moves_the_plan_instead_of_hurrying_the_player() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 100);
        let begun = begun(&pacer, &clock, &[1_000, 1_000_000, 1_000, 1_000]);
        assert_eq!(begun, [0, 10_000, 1_010_000, 1_020_000]);
        assert_eq!(pacer.lateness(), Lateness { late_frames: 1, lateness_us_max: 990_000 });
    }

    #[test]
    fn an_engine_that_is_too_slow_is_late_every_frame_and_loses_none() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 35);
        let begun = begun(&pacer, &clock, &[40_000; 10]);
        assert_eq!(begun, (0..10).map(|frame| frame * 40_000).collect::<Vec<u64>>());
        assert_eq!(pacer.lateness().late_frames, 9);
    }
}
