//! A clock with a pace: frames begin as late as they can to be done when they are due; what comes
//! late is counted, nothing else.

use super::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A frame that is done later than this after it was due is counted as late, in microseconds. Why
/// 2 ms: a machine's sleep alone ends up to a millisecond late.
pub const LATE_US: u64 = 2_000;

/// Added to what a frame is expected to take, in microseconds. Why 1 ms: sleeping ends up to that
/// late.
pub const SLACK_US: u64 = 1_000;

/// Frames of which the longest says what the next one is expected to take: about a second.
const EXPECTED_OF: usize = 32;

const SECOND_US: u64 = 1_000_000;

/// What the pace came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Frames that were done more than [`LATE_US`] after they were due.
    pub late_frames: u64,
    /// The most that a frame was done after it was due, in microseconds.
    pub lateness_us_max: u64,
}

/// Makes frames be done at a steady rate: each has a period and is due at its end. It begins when
/// what is left of the period is what the longest of the last frames took and [`SLACK_US`], so that
/// its action is as new as can be; never before its period. A frame that ends more than one period
/// late moves the plan: the frames missed are not made up for in a rush, and none is left out.
pub struct Pacer<'a> {
    clock: &'a dyn Clock,
    frames_per_second: u64,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    /// A frame and when its period began, as the base of those after it.
    base: Option<(u64, u64)>,
    /// When the frame that runs began and when it is due.
    running: Option<(u64, u64)>,
    /// What the last frames took, as a ring.
    took_us: [u64; EXPECTED_OF],
    frames: usize,
    lateness: Lateness,
}

impl<'a> Pacer<'a> {
    /// A pace of `frames_per_second` (at least 1) on `clock`; the first frame begins at once.
    pub fn new(clock: &'a dyn Clock, frames_per_second: u32) -> Pacer<'a> {
        let frames_per_second = u64::from(frames_per_second.max(1));
        Pacer { clock, frames_per_second, plan: Mutex::default() }
    }

    /// What the pace came to so far.
    pub fn lateness(&self) -> Lateness {
        self.plan().lateness
    }

    /// The frame that runs is done, if one does.
    pub fn frame_done(&self) {
        let now_us = self.clock.now_us();
        let mut plan = self.plan();
        let Some((begun_us, due_us)) = plan.running.take() else {
            return;
        };
        let place = plan.frames % EXPECTED_OF;
        plan.took_us[place] = now_us.saturating_sub(begun_us);
        plan.frames += 1;
        let late_us = now_us.saturating_sub(due_us);
        plan.lateness.late_frames += u64::from(late_us > LATE_US);
        plan.lateness.lateness_us_max = plan.lateness.lateness_us_max.max(late_us);
    }

    /// The next frame begins at once, and the plan with it.
    pub fn begin_anew(&self) {
        self.plan().base = None;
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the period of `frame` begins by a plan with this base.
    fn period_us(&self, (base_frame, base_us): (u64, u64), frame: u64) -> u64 {
        let frames = frame.saturating_sub(base_frame);
        base_us.saturating_add(frames.saturating_mul(SECOND_US) / self.frames_per_second)
    }
}

impl Plan {
    /// What the next frame is expected to take; `None` before there was one.
    fn expected_us(&self) -> Option<u64> {
        Some(*self.took_us.iter().max()?).filter(|_| self.frames > 0)
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
        self.frame_done();
        let now_us = self.clock.now_us();
        let mut plan = self.plan();
        // Without a plan, or more than one period behind it, the plan begins here.
        let base = plan.base.filter(|&base| now_us <= self.period_us(base, frame + 1));
        let base = *plan.base.insert(base.unwrap_or((frame, now_us)));
        let (from_us, due_us) = (self.period_us(base, frame), self.period_us(base, frame + 1));
        let lead_us = plan.expected_us().map_or(u64::MAX, |took_us| took_us + SLACK_US);
        let begin_us = due_us.saturating_sub(lead_us).max(from_us);
        drop(plan);
        self.clock.sleep_until(begin_us);
        self.plan().running = Some((self.clock.now_us(), due_us));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Manual;
    use super::*;

    /// Makes frames that take `work_us` each and returns when each began.
    fn begun(pacer: &Pacer<'_>, clock: &Manual, work_us: &[u64]) -> Vec<u64> {
        let begin = |(frame, work_us): (usize, &u64)| {
            pacer.await_frame(frame as u64);
            let now_us = pacer.now_us();
            clock.advance(*work_us);
            now_us
        };
        let begun = work_us.iter().enumerate().map(begin).collect();
        pacer.frame_done();
        begun
    }

    #[test]
    fn frames_in_time_are_done_at_the_rate_without_drifting() {
        let clock = Manual::default();
        clock.advance(500);
        let pacer = Pacer::new(&clock, 35);
        let begun = begun(&pacer, &clock, &[20_000; 72]);
        let before_due_us = 20_000 + SLACK_US;
        let begins = |frame: u64| 500 + (frame + 1) * SECOND_US / 35 - before_due_us;
        assert_eq!(begun[..3], [500, begins(1), begins(2)]);
        assert_eq!((begun[34], begun[69]), (1_000_500 - 21_000, 2_000_500 - 21_000));
        assert_eq!(pacer.lateness(), Lateness::default());
    }

    #[test]
    fn the_longest_of_the_last_frames_says_when_the_next_begins() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 100);
        let mut work_us = vec![2_000; 60];
        work_us[10] = 7_000;
        let begun = begun(&pacer, &clock, &work_us);
        let lead_us = |frame: usize| (frame as u64 + 1) * 10_000 - begun[frame];
        assert_eq!([10, 11, 12, 42, 43].map(lead_us), [3_000, 6_000, 8_000, 8_000, 3_000]);
        assert_eq!(pacer.lateness(), Lateness { late_frames: 1, lateness_us_max: 4_000 });
    }

    #[test]
    fn a_little_lateness_is_made_up_for_and_counted() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 100);
        let begun = begun(&pacer, &clock, &[9_000, 15_000, 1_000, 1_000]);
        assert_eq!(begun, [0, 10_000, 25_000, 30_000]);
        assert_eq!(pacer.lateness(), Lateness { late_frames: 1, lateness_us_max: 5_000 });
    }

    #[test]
    fn a_stall_moves_the_plan_instead_of_hurrying_the_player() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 100);
        let begun = begun(&pacer, &clock, &[9_000, 1_000_000, 1_000, 1_000]);
        assert_eq!(begun, [0, 10_000, 1_010_000, 1_020_000]);
        assert_eq!(pacer.lateness(), Lateness { late_frames: 1, lateness_us_max: 990_000 });
    }

    #[test]
    fn an_engine_that_is_too_slow_is_late_every_frame_and_loses_none() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 35);
        let begun = begun(&pacer, &clock, &[40_000; 10]);
        assert_eq!(begun, (0..10).map(|frame| frame * 40_000).collect::<Vec<u64>>());
        assert_eq!(pacer.lateness().late_frames, 10);
    }

    #[test]
    fn a_plan_that_begins_anew_is_not_late() {
        let clock = Manual::default();
        let pacer = Pacer::new(&clock, 100);
        begun(&pacer, &clock, &[5_000; 3]);
        clock.advance(3_600_000_000);
        pacer.begin_anew();
        let now_us = clock.now_us();
        pacer.await_frame(3);
        assert_eq!(clock.now_us(), now_us + 10_000 - 6_000, "its period begins now");
        assert_eq!(pacer.lateness(), Lateness::default());
    }
}
