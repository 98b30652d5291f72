//! Which buttons are held, from what a terminal tells: releases where it can, repeats elsewhere.

use super::{Key, KeyEvent, Motion};
use crate::event::Action;
use crate::world::ActionName;

/// Without releases: how long a key counts as held after its press, until the terminal's own delay
/// before the first repeat has been seen. Why 550 ms: most desktops repeat after 500 ms or sooner.
pub const FIRST_HOLD_US: u64 = 550_000;

/// Without releases: how long a key that repeats counts as held after its last repeat. Why 150 ms:
/// slow repeats come every 90 ms, and a network between adds some.
pub const REPEAT_HOLD_US: u64 = 150_000;

/// Without releases: how long a key that repeated when another was pressed is carried on beside the
/// other. Terminals repeat the newest key alone, so nothing more will be told of the older one.
pub const CARRY_US: u64 = 1_000_000;

/// Two events of a key at most this far apart are repeats.
const REPEAT_GAP_US: u64 = 100_000;
/// Delays before the first repeat that are believed.
const DELAY_US: std::ops::RangeInclusive<u64> = 150_000..=800_000;
/// Added to a delay that was seen.
const DELAY_SLACK_US: u64 = 50_000;

/// Buttons that undo each other: where one is pressed, the other is not held by guess any longer.
const OPPOSITES: [(&str, &str); 2] = [("left", "right"), ("forward", "backward")];

/// The keys of a world and what is known of each.
#[derive(Clone, Debug)]
pub struct Keyboard {
    states: Vec<State>,
    /// Does the terminal tell of releases?
    releases: bool,
    first_hold_us: u64,
}

/// One key.
#[derive(Clone, Debug)]
struct State {
    key: Key,
    button: usize,
    opposite: Option<usize>,
    /// Pressed and not released, where releases are told.
    down: bool,
    /// Pressed since actions were last taken: a tap between two frames counts for one.
    tapped: bool,
    /// Times of the last three presses or repeats, newest first.
    presses_us: [Option<u64>; 3],
    /// Carried beside another key, and until when at most.
    carried: Option<(usize, u64)>,
}

impl Keyboard {
    /// The keys of these buttons. Names that are no key press nothing.
    pub fn new(actions: &[ActionName], releases: bool) -> Keyboard {
        let button = |name: &str| actions.iter().position(|action| action.name == name);
        let opposite = |name: &str| {
            let other = OPPOSITES.iter().find_map(|&(one, other)| match name {
                _ if name == one => Some(other),
                _ if name == other => Some(one),
                _ => None,
            });
            other.and_then(button)
        };
        let keys = actions.iter().enumerate().flat_map(|(button, action)| {
            let keys = action.keys.iter().filter_map(|name| Key::named(name));
            let opposite = opposite(&action.name);
            keys.map(move |key| State::new(key, button, opposite))
        });
        Keyboard { states: keys.collect(), releases, first_hold_us: FIRST_HOLD_US }
    }

    /// Takes what the keyboard told at `at_us`, in microseconds of the session.
    pub fn event(&mut self, at_us: u64, event: KeyEvent) {
        match event {
            KeyEvent::FocusLost => self.states.iter_mut().for_each(State::let_go),
            KeyEvent::Key(key, motion) => {
                for index in 0..self.states.len() {
                    if self.states[index].key == key {
                        self.moved(at_us, index, motion);
                    }
                }
            }
        }
    }

    /// The buttons held at `now_us`, and those tapped since the last call.
    pub fn take(&mut self, now_us: u64) -> Action {
        let mut action = Action::NONE;
        for index in 0..self.states.len() {
            let held = self.is_held(index, now_us);
            let state = &mut self.states[index];
            if std::mem::take(&mut state.tapped) || held {
                action = action.with(state.button);
            }
        }
        action
    }

    fn moved(&mut self, at_us: u64, index: usize, motion: Motion) {
        if motion == Motion::Release {
            self.states[index].let_go();
            return;
        }
        if !self.releases && !self.is_held(index, at_us) {
            self.judge_others(at_us, index);
        }
        let state = &mut self.states[index];
        state.down = true;
        state.tapped = true;
        state.carried = None;
        state.presses_us = [Some(at_us), state.presses_us[0], state.presses_us[1]];
        if let Some(delay_us) = state.delay_seen_us() {
            self.first_hold_us = delay_us + DELAY_SLACK_US;
        }
    }

    /// A new key ends the repeats of the others: an opposite is over, one that repeated until now
    /// goes on for a while beside the new one.
    fn judge_others(&mut self, at_us: u64, newest: usize) {
        let button = self.states[newest].button;
        for index in (0..self.states.len()).filter(|&index| index != newest) {
            let held = self.is_held(index, at_us);
            let state = &mut self.states[index];
            if state.opposite == Some(button) {
                state.let_go();
            } else if held && state.repeats() {
                state.carried = Some((newest, at_us + CARRY_US));
            }
        }
    }

    fn is_held(&self, index: usize, now_us: u64) -> bool {
        let state = &self.states[index];
        if self.releases {
            return state.down;
        }
        state.is_held_alone(now_us, self.first_hold_us)
            || state.carried.is_some_and(|(beside, until_us)| {
                let beside = &self.states[beside];
                now_us < until_us && beside.is_held_alone(now_us, self.first_hold_us)
            })
    }
}

impl State {
    fn new(key: Key, button: usize, opposite: Option<usize>) -> State {
        let (down, tapped, presses_us, carried) = (false, false, [None; 3], None);
        State { key, button, opposite, down, tapped, presses_us, carried }
    }

    /// No longer held; a tap that no frame has seen yet still counts.
    fn let_go(&mut self) {
        self.down = false;
        self.presses_us = [None; 3];
        self.carried = None;
    }

    /// Did its last two events come as repeats do?
    fn repeats(&self) -> bool {
        self.gap_us(0).is_some_and(|gap_us| gap_us <= REPEAT_GAP_US)
    }

    /// Time between event `newer` and the one before it.
    fn gap_us(&self, newer: usize) -> Option<u64> {
        Some(self.presses_us[newer]?.saturating_sub(self.presses_us[newer + 1]?))
    }

    /// The terminal's delay before the first repeat, where the last three events show it.
    fn delay_seen_us(&self) -> Option<u64> {
        self.gap_us(1).filter(|delay_us| self.repeats() && DELAY_US.contains(delay_us))
    }

    fn is_held_alone(&self, now_us: u64, first_hold_us: u64) -> bool {
        let hold_us = if self.repeats() { REPEAT_HOLD_US } else { first_hold_us };
        self.presses_us[0].is_some_and(|pressed_us| now_us.saturating_sub(pressed_us) < hold_us)
    }
}

#[cfg(test)]
mod tests;
