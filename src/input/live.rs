//! The keyboard as a source of actions: what is held when a frame begins.

use super::{KeyEvent, Keyboard};
use crate::clock::Clock;
use crate::drive::{DriveError, Source};
use crate::event::Action;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the thread that reads the terminal and the loop share. No queue: only what is held counts.
#[derive(Clone)]
pub struct Controls {
    keyboard: Arc<Mutex<Keyboard>>,
    quit: Arc<AtomicBool>,
}

impl Controls {
    /// A keyboard that nobody has touched; `quit` may be raised from elsewhere too.
    pub fn new(keyboard: Keyboard, quit: Arc<AtomicBool>) -> Controls {
        Controls { keyboard: Arc::new(Mutex::new(keyboard)), quit }
    }

    /// Passes on what the keyboard told.
    pub fn event(&self, at_us: u64, event: KeyEvent) {
        self.keyboard().event(at_us, event);
    }

    /// Ends the session before its next frame.
    pub fn quit(&self) {
        self.quit.store(true, Ordering::Release);
    }

    /// Was the session told to end?
    pub fn is_quitting(&self) -> bool {
        self.quit.load(Ordering::Acquire)
    }

    fn keyboard(&self) -> MutexGuard<'_, Keyboard> {
        self.keyboard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source of what the player does now.
pub struct Live<'a> {
    controls: Controls,
    clock: &'a dyn Clock,
    frames_max: u64,
}

impl<'a> Live<'a> {
    /// Actions until the controls say quit, for `frames_max` frames at most.
    pub fn new(controls: Controls, clock: &'a dyn Clock, frames_max: u64) -> Live<'a> {
        Live { controls, clock, frames_max }
    }
}

impl Source for Live<'_> {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        if self.controls.is_quitting() || frame >= self.frames_max {
            return Ok(None);
        }
        Ok(Some(self.controls.keyboard().take(self.clock.now_us())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Manual, Pacer};
    use crate::input::{Key, Motion};
    use crate::world::ActionName;

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
    fn quitting_and_the_last_frame_end_the_session() {
        let (clock, controls) = (Manual::default(), controls());
        let mut live = Live::new(controls.clone(), &clock, 2);
        let is_some = |live: &mut Live<'_>, frame| live.next(frame).expect("no error").is_some();
        assert!(is_some(&mut live, 1) && !is_some(&mut live, 2));
        controls.quit();
        assert!(!is_some(&mut live, 0));
    }
}
