//! What the terminal tells, as keys of ours.

use crate::clock::{Clock, KEYS_POLL};
use crate::input::{Controls, Key, KeyEvent, Motion};
use ratatui::crossterm::event::{
    self, Event, KeyCode, KeyEvent as TerminalKey, KeyEventKind, KeyModifiers,
};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Passes keys on to the controls until `stop` is raised; where that ends in any way, the session
/// is told to end too.
pub(super) fn read(controls: &Controls, clock: &dyn Clock, stop: &AtomicBool) -> io::Result<()> {
    let _ended = QuitOnDrop(controls);
    while !stop.load(Ordering::Acquire) {
        if event::poll(KEYS_POLL)? {
            pass(event::read()?, controls, clock.now_us());
        }
    }
    Ok(())
}

struct QuitOnDrop<'a>(&'a Controls);

impl Drop for QuitOnDrop<'_> {
    fn drop(&mut self) {
        self.0.quit();
    }
}

fn pass(event: Event, controls: &Controls, at_us: u64) {
    match event {
        Event::Key(key) if is_quit(&key) => controls.quit(),
        Event::Key(key) => {
            if let Some(event) = translated(&key) {
                controls.event(at_us, event);
            }
        }
        Event::FocusLost => controls.event(at_us, KeyEvent::FocusLost),
        _ => {}
    }
}

/// `q`, or Ctrl-C, which a raw terminal tells as a key.
fn is_quit(key: &TerminalKey) -> bool {
    let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press
        && match key.code {
            KeyCode::Char('q' | 'Q') => !has_control,
            KeyCode::Char('c' | 'C') => has_control,
            _ => false,
        }
}

/// The key whatever is held with it, so that every press meets its release.
fn translated(key: &TerminalKey) -> Option<KeyEvent> {
    let name = match key.code {
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::Char(letter) => Key::letter(letter),
        _ => return None,
    };
    let motion = match key.kind {
        KeyEventKind::Press | KeyEventKind::Repeat => Motion::Press,
        KeyEventKind::Release => Motion::Release,
    };
    Some(KeyEvent::Key(name, motion))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> TerminalKey {
        TerminalKey::new_with_kind(code, modifiers, kind)
    }

    #[test]
    fn q_and_control_c_quit_when_pressed() {
        let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        let (press, release) = (KeyEventKind::Press, KeyEventKind::Release);
        for (letter, modifiers, kind, quits) in [
            ('q', none, press, true),
            ('Q', KeyModifiers::SHIFT, press, true),
            ('c', control, press, true),
            ('c', none, press, false),
            ('q', none, release, false),
            ('q', control, press, false),
        ] {
            let key = key(KeyCode::Char(letter), modifiers, kind);
            assert_eq!(is_quit(&key), quits, "{key:?}");
        }
    }

    #[test]
    fn repeats_are_presses_and_capitals_are_letters() {
        let (shift, repeat) = (KeyModifiers::SHIFT, KeyEventKind::Repeat);
        let told = |code, kind| translated(&key(code, shift, kind));
        let event = |key, motion| Some(KeyEvent::Key(key, motion));
        assert_eq!(told(KeyCode::Char('W'), repeat), event(Key::Char('w'), Motion::Press));
        assert_eq!(told(KeyCode::Up, KeyEventKind::Release), event(Key::Up, Motion::Release));
        assert_eq!(told(KeyCode::F(1), repeat), None);
    }
}
