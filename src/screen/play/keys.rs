//! What the terminal tells, as keys of the world, commands of the program and moves in the menu.

use super::menu::{Chosen, Move};
use super::slot::{Scene, Slot};
use crate::clock::{Clock, KEYS_POLL};
use crate::input::{Command, Commands, Controls, Key, KeyEvent, Motion};
use ratatui::crossterm::event::{
    self, Event, KeyCode, KeyEvent as TerminalKey, KeyEventKind, KeyModifiers,
};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who is told what.
pub(super) struct Told<'a> {
    pub(super) controls: &'a Controls,
    pub(super) commands: &'a Commands,
    pub(super) slot: &'a Slot,
    pub(super) clock: &'a dyn Clock,
}

/// Passes keys on, those that were typed before first, until `stop` is raised; where that ends in
/// any way, the session is told to end too.
pub(super) fn read(told: &Told<'_>, typed: &[u8], stop: &AtomicBool) -> io::Result<()> {
    let _ended = QuitOnDrop(told);
    told.slot.await_scene();
    for key in keys_of(typed) {
        told.pass(&Event::Key(key));
    }
    while !stop.load(Ordering::Acquire) {
        if event::poll(KEYS_POLL)? {
            told.pass(&event::read()?);
        }
    }
    Ok(())
}

struct QuitOnDrop<'a>(&'a Told<'a>);

impl Drop for QuitOnDrop<'_> {
    fn drop(&mut self) {
        self.0.controls.quit();
        self.0.slot.close();
    }
}

impl Told<'_> {
    pub(super) fn pass(&self, event: &Event) {
        match event {
            Event::Key(key) if is_interrupt(key) => {
                self.controls.quit();
                self.slot.with_menu(|menu| menu.choose(Chosen::Leave));
            }
            Event::Key(key) if matches!(self.slot.scene(), Scene::Menu(_)) => self.in_menu(key),
            Event::Key(key) => self.in_play(key),
            Event::FocusLost => self.controls.event(self.clock.now_us(), KeyEvent::FocusLost),
            Event::Resize(..) => self.slot.redraw(),
            // Nobody asked for the mouse; what is pasted is not typed.
            _ => {}
        }
    }

    fn in_play(&self, key: &TerminalKey) {
        let Some(name) = key_of(key.code) else {
            return;
        };
        let at_us = self.clock.now_us();
        let is_held = key.kind != KeyEventKind::Release;
        let Some(command) = self.commands.of(name) else {
            let motion = if is_held { Motion::Press } else { Motion::Release };
            return self.controls.event(at_us, KeyEvent::Key(name, motion));
        };
        let is_new = key.kind == KeyEventKind::Press;
        let steps_on = command == Command::Step && key.kind == KeyEventKind::Repeat;
        if (is_new || steps_on) && !key.modifiers.contains(KeyModifiers::CONTROL) {
            self.controls.command(at_us, command);
            self.slot.redraw();
        }
    }

    fn in_menu(&self, key: &TerminalKey) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let go = |way| self.slot.with_menu(|menu| menu.go(way));
        match key.code {
            KeyCode::Left => go(Move::Left),
            KeyCode::Right | KeyCode::Tab => go(Move::Right),
            KeyCode::Up => go(Move::Up),
            KeyCode::Down => go(Move::Down),
            KeyCode::Enter | KeyCode::Char(' ') => self.slot.with_menu(super::Menu::choose_picked),
            // An Enter typed just before the terminal became raw: it was made a line feed then.
            KeyCode::Char('j') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.slot.with_menu(super::Menu::choose_picked)
            }
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => {
                self.slot.with_menu(|menu| menu.choose(Chosen::Leave))
            }
            KeyCode::Char(digit @ '1'..='9') => {
                self.slot.with_menu(|menu| menu.pick(digit as usize - '1' as usize))
            }
            _ => None,
        };
    }
}

/// The keys that bytes stand for: arrows, letters and Ctrl-C; others are left out.
fn keys_of(mut typed: &[u8]) -> Vec<TerminalKey> {
    let mut keys = Vec::new();
    while let Some((&first, rest)) = typed.split_first() {
        let arrow = |last: &u8| match last {
            b'A' => Some(KeyCode::Up),
            b'B' => Some(KeyCode::Down),
            b'C' => Some(KeyCode::Right),
            b'D' => Some(KeyCode::Left),
            _ => None,
        };
        let (code, length) = match typed {
            [0x1b, b'[' | b'O', last, ..] => (arrow(last), 3),
            [b'\r' | b'\n', ..] => (Some(KeyCode::Enter), 1),
            [b'\t', ..] => (Some(KeyCode::Tab), 1),
            [0x03, ..] => (Some(KeyCode::Char('c')), 1),
            [0x20..=0x7e, ..] => (Some(KeyCode::Char(char::from(first))), 1),
            _ => (None, 1),
        };
        let modifiers = if first == 0x03 { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        keys.extend(code.map(|code| TerminalKey::new(code, modifiers)));
        typed = rest.get(length - 1..).unwrap_or_default();
    }
    keys
}

/// Ctrl-C, which a raw terminal tells as a key.
fn is_interrupt(key: &TerminalKey) -> bool {
    let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
    has_control && key.kind == KeyEventKind::Press && matches!(key.code, KeyCode::Char('c' | 'C'))
}

/// The key whatever is held with it, so that every press meets its release.
fn key_of(code: KeyCode) -> Option<Key> {
    Some(match code {
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::Char(letter) => Key::letter(letter),
        KeyCode::F(number) => Key::Function(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Manual;
    use crate::event::Action;
    use crate::input::{ActionName, Keyboard};
    use std::sync::Arc;

    /// Passes keys on in a play of a world with one button, on `up` and `m`.
    fn told(keys: &[(KeyCode, KeyModifiers, KeyEventKind)]) -> Controls {
        let keys_of = vec!["up".to_owned(), "m".to_owned()];
        let actions = [ActionName { name: "forward".to_owned(), keys: keys_of }];
        let controls = Controls::new(Keyboard::new(&actions, true), Arc::default());
        let (commands, slot) = (Commands::beside(&actions), Slot::default());
        let clock = Manual::default();
        let told = Told { controls: &controls, commands: &commands, slot: &slot, clock: &clock };
        for &(code, modifiers, kind) in keys {
            told.pass(&Event::Key(TerminalKey::new_with_kind(code, modifiers, kind)));
        }
        controls
    }

    const NONE: KeyModifiers = KeyModifiers::NONE;

    #[test]
    fn q_and_control_c_quit_when_pressed() {
        let (control, shift) = (KeyModifiers::CONTROL, KeyModifiers::SHIFT);
        let (press, release) = (KeyEventKind::Press, KeyEventKind::Release);
        for (letter, modifiers, kind, quits) in [
            ('q', NONE, press, true),
            ('Q', shift, press, true),
            ('c', control, press, true),
            ('c', NONE, press, false),
            ('q', NONE, release, false),
            ('q', control, press, false),
        ] {
            let controls = told(&[(KeyCode::Char(letter), modifiers, kind)]);
            assert_eq!(controls.is_quitting(), quits, "{letter} {modifiers:?} {kind:?}");
        }
    }

    #[test]
    fn what_was_typed_early_is_typed() {
        let codes: Vec<KeyCode> =
            keys_of(b"w\x1b[A\x1bOD\n\x1b\x01 ").iter().map(|key| key.code).collect();
        let (up, left) = (KeyCode::Up, KeyCode::Left);
        assert_eq!(codes, [KeyCode::Char('w'), up, left, KeyCode::Enter, KeyCode::Char(' ')]);
        assert!(is_interrupt(&keys_of(&[3])[0]));
        assert_eq!(keys_of(b"\x1b["), [TerminalKey::from(KeyCode::Char('['))]);
    }

    #[test]
    fn repeats_are_presses_and_capitals_are_letters() {
        let (shift, repeat) = (KeyModifiers::SHIFT, KeyEventKind::Repeat);
        assert_eq!(told(&[(KeyCode::Char('M'), shift, repeat)]).take(1), Action(1));
        let up = [(KeyCode::Up, NONE, repeat), (KeyCode::Up, NONE, KeyEventKind::Release)];
        let controls = told(&up);
        assert_eq!([controls.take(1), controls.take(2)], [Action(1), Action(0)]);
    }

    #[test]
    fn commands_are_given_once_a_press_and_steps_with_every_repeat() {
        let (press, repeat) = (KeyEventKind::Press, KeyEventKind::Repeat);
        let pause = |kind| (KeyCode::Char('p'), NONE, kind);
        assert!(told(&[pause(press), pause(repeat), pause(repeat)]).mood().is_paused);
        assert!(
            !told(&[pause(press), pause(KeyEventKind::Release), pause(press)]).mood().is_paused
        );
        let stepping = told(&[pause(press), (KeyCode::Char('n'), NONE, repeat)]);
        assert!(stepping.stand(), "a frame is let through");
        assert_eq!(told(&[(KeyCode::Char('m'), NONE, press)]).mood().marks, 0, "the world's key");
        assert_eq!(told(&[(KeyCode::F(5), NONE, press)]).mood().marks, 1);
    }
}
