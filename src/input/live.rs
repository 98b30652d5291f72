//! The keyboard as a source of actions, and the clock that stands still with it.

use super::Controls;
use crate::clock::{Clock, Pacer};
use crate::drive::{DriveError, Source};
use crate::event::Action;

/// A source of what the player does now.
pub struct Live<'a> {
    controls: Controls,
    clock: &'a dyn Clock,
    frames_max: u64,
}

impl<'a> Live<'a> {
    /// Actions until the controls say quit or restart, for `frames_max` frames at most.
    pub fn new(controls: Controls, clock: &'a dyn Clock, frames_max: u64) -> Live<'a> {
        Live { controls, clock, frames_max }
    }
}

impl Source for Live<'_> {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        let ends = self.controls.is_quitting() || self.controls.is_restarting();
        if ends || frame >= self.frames_max {
            return Ok(None);
        }
        Ok(Some(self.controls.take(self.clock.now_us())))
    }
}

/// A pace that stands still when the player does: no frame begins meanwhile, and none is late for
/// it.
pub struct Gate<'a> {
    controls: Controls,
    pacer: &'a Pacer<'a>,
}

impl<'a> Gate<'a> {
    /// Stands still when `controls` do.
    pub fn new(controls: Controls, pacer: &'a Pacer<'a>) -> Gate<'a> {
        Gate { controls, pacer }
    }
}

impl Clock for Gate<'_> {
    fn now_us(&self) -> u64 {
        self.pacer.now_us()
    }

    fn sleep_until(&self, due_us: u64) {
        self.pacer.sleep_until(due_us);
    }

    fn await_frame(&self, frame: u64) {
        self.pacer.frame_done();
        if self.controls.stand() {
            self.pacer.begin_anew();
        }
        self.pacer.await_frame(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Manual;
    use crate::input::{Command, Key, KeyEvent, Keyboard, Motion};
    use crate::world::ActionName;
    use std::sync::Arc;

    fn controls() -> Controls {
        let keys = vec!["space".to_owned()];
        let actions = [ActionName { name: "attack".to_owned(), keys }];
        Controls::new(Keyboard::new(&actions, true), Arc::default())
    }

    #[test]
    fn a_frame_takes_what_is_held_when_it_begins() {
        let (clock, controls) = (Manual::default(), controls());
        let pacer = Pacer::new(&clock, 35);
        let mut live = Live::new(controls.clone(), &pacer, 100);
        let timings = [(3, 40_000, Motion::Press), (4, 70_000, Motion::Release)];
        let mut actions = Vec::new();
        for frame in 0..5 {
            for (_, at_us, motion) in timings.iter().filter(|timing| timing.0 == frame) {
                controls.event(*at_us, KeyEvent::Key(Key::Char(' '), *motion));
            }
            pacer.await_frame(frame);
            actions.push(live.next(frame).expect("no error").expect("goes on").0);
        }
        assert_eq!(actions, [0, 0, 0, 1, 0]);
    }

    #[test]
    fn quitting_restarting_and_the_last_frame_end_the_session() {
        let (clock, controls) = (Manual::default(), controls());
        let mut live = Live::new(controls.clone(), &clock, 2);
        let is_some = |live: &mut Live<'_>, frame| live.next(frame).expect("no error").is_some();
        assert!(is_some(&mut live, 1) && !is_some(&mut live, 2));
        controls.command(0, Command::Restart);
        assert!(!is_some(&mut live, 0));
        assert!(controls.take_restart() && is_some(&mut live, 0));
        controls.quit();
        assert!(!is_some(&mut live, 0));
    }

    #[test]
    fn two_hours_of_standing_still_make_no_frame_late() {
        let (clock, controls) = (Manual::default(), controls());
        let pacer = Pacer::new(&clock, 35);
        let gate = Gate::new(controls.clone(), &pacer);
        gate.await_frame(0);
        clock.advance(20_000);
        pacer.frame_done();
        controls.command(20_000, Command::Pause);
        clock.advance(7_200_000_000);
        controls.command(clock.now_us(), Command::Step);
        gate.await_frame(1);
        let begun_us = 7_200_020_000 + 28_571 - 21_000;
        assert_eq!(gate.now_us(), begun_us, "its period begins where the pause ends");
        controls.command(clock.now_us(), Command::Pause);
        clock.advance(20_000);
        gate.await_frame(2);
        assert_eq!(pacer.lateness(), crate::clock::Lateness::default());
    }
}
