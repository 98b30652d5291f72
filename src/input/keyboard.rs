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

/// Without releases and without a bridge: how long one press counts as held. Why 100 ms: three
/// frames at 35 a second, as short as a finger is on a key.
pub const TAP_HOLD_US: u64 = 100_000;

/// How a key is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// As long as it is down; where releases are not told, through the terminal's delay before the
    /// first repeat too, so that a tap lasts as long as that delay.
    #[default]
    Bridge,
    /// As long as it is down; where releases are not told, a tap is short and a held key pauses
    /// until it repeats.
    Tap,
    /// From one press to the next, or to an opposite button's.
    Latch,
}

/// Buttons that undo each other: where one is pressed, the other is not held by guess any longer.
const OPPOSITES: [(&str, &str); 2] = [("left", "right"), ("forward", "backward")];

/// The keys of a world and what is known of each.
#[derive(Clone, Debug)]
pub struct Keyboard {
    states: Vec<State>,
    /// Does the terminal tell of releases?
    releases: bool,
    hold: Hold,
    first_hold_us: u64,
    /// When the oldest change was told that no action has yet.
    told_us: Option<u64>,
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
    /// Held by a latch.
    latched: bool,
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
        let (hold, first_hold_us, told_us) = (Hold::default(), FIRST_HOLD_US, None);
        Keyboard { states: keys.collect(), releases, hold, first_hold_us, told_us }
    }

    /// The same, holding keys in another way.
    #[must_use]
    pub fn holding(self, hold: Hold) -> Keyboard {
        Keyboard { hold, ..self }
    }

    /// How keys are held.
    pub fn hold(&self) -> Hold {
        self.hold
    }

    /// Does the terminal tell of releases?
    pub fn has_releases(&self) -> bool {
        self.releases
    }

    /// Holds keys in another way from now on; every key is let go.
    pub fn set_hold(&mut self, hold: Hold) {
        self.hold = hold;
        self.forget();
    }

    /// Lets every key go, and forgets taps that no action has yet.
    pub fn forget(&mut self) {
        self.states.iter_mut().for_each(State::let_go);
        self.forget_taps();
    }

    /// Forgets what was told and is in no action yet, but for what is still held.
    pub fn forget_taps(&mut self) {
        self.told_us = None;
        self.states.iter_mut().for_each(|state| state.tapped = false);
    }

    /// A press so soon after the one before that it may be a repeat, where releases are not told.
    pub fn may_repeat(&self, pressed_us: u64, before_us: Option<u64>) -> bool {
        let gap_us = before_us.map(|before_us| pressed_us.saturating_sub(before_us));
        !self.releases && gap_us.is_some_and(|gap_us| gap_us < self.first_hold_us)
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

    /// The buttons held at `now_us`, and those tapped since the last call; and when the oldest
    /// change in them was told, where one was.
    pub fn take(&mut self, now_us: u64) -> (Action, Option<u64>) {
        let mut action = Action::NONE;
        for index in 0..self.states.len() {
            let held = self.is_held(index, now_us);
            let state = &mut self.states[index];
            if std::mem::take(&mut state.tapped) || held {
                action = action.with(state.button);
            }
        }
        (action, self.told_us.take())
    }

    fn moved(&mut self, at_us: u64, index: usize, motion: Motion) {
        let was_held = self.is_held(index, at_us);
        if motion == Motion::Release {
            self.states[index].release();
        } else if self.hold == Hold::Latch {
            self.latch(at_us, index);
        } else {
            self.pressed(at_us, index, was_held);
        }
        if self.is_held(index, at_us) != was_held {
            self.told_us.get_or_insert(at_us);
        }
    }

    fn pressed(&mut self, at_us: u64, index: usize, was_held: bool) {
        if !self.releases && !was_held {
            self.judge_others(at_us, index);
        }
        let state = &mut self.states[index];
        state.down = true;
        state.tapped = true;
        state.carried = None;
        state.push(at_us);
        if let Some(delay_us) = state.delay_seen_us() {
            self.first_hold_us = delay_us + DELAY_SLACK_US;
        }
    }

    /// A press that is no repeat holds the button until the next one.
    fn latch(&mut self, at_us: u64, index: usize) {
        let state = &self.states[index];
        let repeats = state.down || self.may_repeat(at_us, state.presses_us[0]);
        let state = &mut self.states[index];
        state.push(at_us);
        state.down = self.releases;
        if repeats {
            return;
        }
        let (button, latched) = (state.button, !state.latched);
        for other in &mut self.states {
            if other.button == button {
                other.latched = latched;
            } else if other.opposite == Some(button) && latched {
                other.latched = false;
            }
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
        let first_hold_us = match self.hold {
            Hold::Latch => return state.latched,
            _ if self.releases => return state.down,
            Hold::Bridge => self.first_hold_us,
            Hold::Tap => TAP_HOLD_US,
        };
        state.is_held_alone(now_us, first_hold_us)
            || state.carried.is_some_and(|(beside, until_us)| {
                let beside = &self.states[beside];
                now_us < until_us && beside.is_held_alone(now_us, first_hold_us)
            })
    }
}

impl State {
    fn new(key: Key, button: usize, opposite: Option<usize>) -> State {
        let (down, tapped, latched, presses_us, carried) = (false, false, false, [None; 3], None);
        State { key, button, opposite, down, tapped, latched, presses_us, carried }
    }

    /// No longer held; a tap that no frame has seen yet still counts.
    fn let_go(&mut self) {
        self.release();
        self.latched = false;
    }

    /// No longer down; a latch stays.
    fn release(&mut self) {
        self.down = false;
        self.presses_us = [None; 3];
        self.carried = None;
    }

    fn push(&mut self, at_us: u64) {
        self.presses_us = [Some(at_us), self.presses_us[0], self.presses_us[1]];
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
