//! The sink that shows frames: it fills the slot and never waits.

use super::Slot;
use crate::drive::{DriveError, Flow, Made, Sink};
use crate::event::Action;
use crate::input::Controls;
use crate::screen::Recent;
use std::sync::Arc;

/// Frames over which the rate is measured.
const RATE_FRAMES: usize = 36;

/// A frame that comes so long after the one before begins the rate anew: the play stood still.
const STANDING_US: u64 = 2_000_000;

/// Fills a slot with the frames of one session.
pub struct Latest {
    slot: Arc<Slot>,
    controls: Controls,
    session: usize,
    /// What the screen's clock showed when the session's showed 0.
    base_us: u64,
    /// When the action of the frame that runs was taken.
    begun_us: u64,
    /// When the last frames were known, as a ring.
    times_us: [u64; RATE_FRAMES],
    frames: usize,
    took_us: Recent,
}

impl Latest {
    /// Fills `slot` with frames whose actions come from `controls`.
    pub(super) fn new(slot: Arc<Slot>, controls: Controls, session: usize, base_us: u64) -> Latest {
        Latest {
            slot,
            controls,
            session,
            base_us,
            begun_us: 0,
            times_us: [0; RATE_FRAMES],
            frames: 0,
            took_us: Recent::default(),
        }
    }

    /// Which session of the play this is, from 0.
    pub fn session(&self) -> usize {
        self.session
    }

    /// What the screen's clock showed when the session's showed 0.
    pub fn base_us(&self) -> u64 {
        self.base_us
    }

    fn rate_tenths(&mut self, at_us: u64) -> u64 {
        let newest_us = self.times_us[self.frames.saturating_sub(1) % RATE_FRAMES];
        if at_us.saturating_sub(newest_us) > STANDING_US {
            self.frames = 0;
        }
        let oldest = self.frames.saturating_sub(RATE_FRAMES - 1);
        self.times_us[self.frames % RATE_FRAMES] = at_us;
        let span_us = at_us.saturating_sub(self.times_us[oldest % RATE_FRAMES]);
        let frames = (self.frames - oldest) as u64;
        self.frames += 1;
        (frames * 10_000_000 + span_us / 2).checked_div(span_us).unwrap_or(0)
    }
}

impl Sink for Latest {
    fn action(&mut self, _: u64, _: Action, at_us: u64) -> Result<(), DriveError> {
        self.begun_us = at_us;
        Ok(())
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        let rate_tenths = self.rate_tenths(made.at_us);
        self.took_us.add(made.at_us.saturating_sub(self.begun_us));
        let told_us = self.controls.told_us();
        let is_open = self.slot.put(|newest| {
            newest.session = self.session;
            (newest.frame, newest.action) = (made.frame, made.action);
            newest.digest = made.outcome.picture;
            newest.rate_tenths = rate_tenths;
            newest.took_us.clone_from(&self.took_us);
            // A change that a picture nobody drew was to show is still to be shown.
            newest.told_us = newest.told_us.or(told_us);
            newest.pixels.clear();
            newest.pixels.extend_from_slice(made.picture);
        });
        Ok(if is_open { Flow::Continue } else { Flow::Stop })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shown;
    use super::super::slot::News;
    use super::*;
    use crate::event::{Digest, Outcome};
    use crate::input::{ActionName, Key, KeyEvent, Keyboard, Motion};

    fn latest(slot: &Arc<Slot>) -> Latest {
        let keys = vec!["up".to_owned()];
        let actions = [ActionName { name: "forward".to_owned(), keys }];
        let controls = Controls::new(Keyboard::new(&actions, true), Arc::default());
        Latest::new(Arc::clone(slot), controls, 0, 0)
    }

    fn made(latest: &mut Latest, frame: u64, at_us: u64) -> Flow {
        let action = Action(frame as u16);
        let outcome = Outcome { picture: Digest([frame as u8; 32]), state_sum: 0 };
        let (picture, computed_us) = (&[frame as u8; 3][..], at_us);
        latest.action(frame, action, at_us.saturating_sub(5)).expect("kept");
        latest.made(&Made { frame, action, outcome, picture, computed_us, at_us }).expect("kept")
    }

    #[test]
    fn the_newest_frame_is_taken_once_and_older_ones_are_missed() {
        let slot = Arc::new(Slot::default());
        let mut latest = latest(&slot);
        let mut shown = Shown::default();
        assert_eq!(made(&mut latest, 0, 0), Flow::Continue);
        assert_eq!(slot.take(&mut shown), Some(News::Frame));
        assert_eq!((shown.frame, &shown.pixels[..]), (0, &[0; 3][..]));
        made(&mut latest, 1, 10);
        made(&mut latest, 2, 20);
        assert_eq!(slot.take(&mut shown), Some(News::Frame));
        assert_eq!((shown.frame, shown.action, shown.pixels[0]), (2, Action(2), 2));
        assert_eq!((shown.digest, shown.took_us.p50_p99_us()), (Digest([2; 32]), Some((5, 5))));
        slot.redraw();
        assert_eq!(slot.take(&mut shown), Some(News::Other));
        assert_eq!(shown.frame, 2, "the same frame");
        made(&mut latest, 3, 30);
        slot.close();
        let left = slot.take(&mut shown);
        assert_eq!(left, Some(News::Frame), "what came before the end is still shown");
        assert_eq!(slot.take(&mut shown), None);
    }

    #[test]
    fn a_screen_that_ended_ends_the_session() {
        let slot = Arc::new(Slot::default());
        let mut latest = latest(&slot);
        slot.close();
        assert_eq!(made(&mut latest, 0, 0), Flow::Stop);
    }

    #[test]
    fn the_rate_is_of_the_last_frames() {
        let mut latest = latest(&Arc::default());
        let slow: Vec<u64> = (0..3).map(|n| latest.rate_tenths(n * 100_000)).collect();
        assert_eq!(slow, [0, 100, 100]);
        let fast = (1..=100).map(|n| latest.rate_tenths(200_000 + n * 28_571)).last();
        assert_eq!(fast, Some(350));
        let after_a_pause = [9_000_000, 9_100_000].map(|at_us| latest.rate_tenths(at_us));
        assert_eq!(after_a_pause, [0, 100]);
    }

    #[test]
    fn a_key_whose_picture_was_missed_counts_until_one_is_drawn() {
        let slot = Arc::new(Slot::default());
        let (mut latest, mut shown) = (latest(&slot), Shown::default());
        latest.controls.event(7, KeyEvent::Key(Key::Up, Motion::Press));
        latest.controls.take(10);
        made(&mut latest, 0, 30);
        latest.controls.take(40);
        made(&mut latest, 1, 60);
        slot.take(&mut shown);
        assert_eq!((shown.frame, shown.told_us), (1, Some(7)));
        made(&mut latest, 2, 90);
        slot.take(&mut shown);
        assert_eq!(shown.told_us, None);
    }
}
