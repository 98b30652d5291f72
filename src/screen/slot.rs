//! Between the loop and the thread that draws: the newest frame, and no queue. A slow terminal
//! misses pictures; the loop never waits for it.

use crate::drive::{DriveError, Flow, Made, Sink};
use crate::event::Action;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Frames over which the rate is measured.
const RATE_FRAMES: usize = 36;

/// A frame as the screen shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its number.
    pub frame: u64,
    /// What made it.
    pub action: Action,
    /// RGB u8 rows.
    pub pixels: Vec<u8>,
    /// Frames a second over about the last second, in tenths; 0 before there are two frames.
    pub rate_tenths: u64,
}

/// How much was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Frames that were drawn.
    pub frames: u64,
}

#[derive(Default)]
struct State {
    newest: Shown,
    is_fresh: bool,
    is_closed: bool,
}

/// Room for one frame.
#[derive(Default)]
pub struct Slot {
    state: Mutex<State>,
    news: Condvar,
}

impl Slot {
    /// Waits for a frame that was not taken yet, and swaps it into `shown`; `false` where the slot
    /// is closed and nothing is left.
    pub fn take(&self, shown: &mut Shown) -> bool {
        let mut state = self.state();
        while !state.is_fresh {
            if state.is_closed {
                return false;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_fresh = false;
        std::mem::swap(&mut state.newest, shown);
        true
    }

    /// No frame comes after those that came.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sink that fills a slot.
pub struct Latest {
    slot: Arc<Slot>,
    /// When the last frames were known, as a ring.
    times_us: [u64; RATE_FRAMES],
    frames: usize,
}

impl Latest {
    /// Fills `slot`.
    pub fn new(slot: Arc<Slot>) -> Latest {
        Latest { slot, times_us: [0; RATE_FRAMES], frames: 0 }
    }

    fn rate_tenths(&mut self, at_us: u64) -> u64 {
        let oldest = self.frames.saturating_sub(RATE_FRAMES - 1);
        self.times_us[self.frames % RATE_FRAMES] = at_us;
        let span_us = at_us.saturating_sub(self.times_us[oldest % RATE_FRAMES]);
        let frames = (self.frames - oldest) as u64;
        self.frames += 1;
        (frames * 10_000_000 + span_us / 2).checked_div(span_us).unwrap_or(0)
    }
}

impl Sink for Latest {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        Ok(())
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        let rate_tenths = self.rate_tenths(made.at_us);
        let mut state = self.slot.state();
        if state.is_closed {
            return Ok(Flow::Stop);
        }
        let newest = &mut state.newest;
        (newest.frame, newest.action) = (made.frame, made.action);
        newest.rate_tenths = rate_tenths;
        newest.pixels.clear();
        newest.pixels.extend_from_slice(made.picture);
        state.is_fresh = true;
        drop(state);
        self.slot.news.notify_one();
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;

    fn made(latest: &mut Latest, frame: u64, at_us: u64) -> Flow {
        let (action, outcome) = (Action(frame as u16), Outcome::default());
        let picture = &[frame as u8; 3];
        latest.made(&Made { frame, action, outcome, picture, at_us }).expect("kept")
    }

    #[test]
    fn the_newest_frame_is_taken_once_and_older_ones_are_missed() {
        let slot = Arc::new(Slot::default());
        let mut latest = Latest::new(Arc::clone(&slot));
        let mut shown = Shown::default();
        assert_eq!(made(&mut latest, 0, 0), Flow::Continue);
        assert!(slot.take(&mut shown));
        assert_eq!((shown.frame, &shown.pixels[..]), (0, &[0; 3][..]));
        made(&mut latest, 1, 10);
        made(&mut latest, 2, 20);
        assert!(slot.take(&mut shown));
        assert_eq!((shown.frame, shown.action, shown.pixels[0]), (2, Action(2), 2));
        made(&mut latest, 3, 30);
        slot.close();
        assert!(slot.take(&mut shown), "what came before the end is still shown");
        assert!(!slot.take(&mut shown));
    }

    #[test]
    fn a_screen_that_ended_ends_the_session() {
        let slot = Arc::new(Slot::default());
        let mut latest = Latest::new(Arc::clone(&slot));
        slot.close();
        assert_eq!(made(&mut latest, 0, 0), Flow::Stop);
    }

    #[test]
    fn the_rate_is_of_the_last_frames() {
        let mut latest = Latest::new(Arc::default());
        let slow: Vec<u64> = (0..3).map(|n| latest.rate_tenths(n * 100_000)).collect();
        assert_eq!(slow, [0, 100, 100]);
        let fast = (1..=100).map(|n| latest.rate_tenths(200_000 + n * 28_571)).last();
        assert_eq!(fast, Some(350));
    }
}
