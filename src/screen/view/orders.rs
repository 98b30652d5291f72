//! What a viewer can be told to do, and the keys that tell it.

use super::Desk;
use crate::clock::KEYS_POLL;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Towards the end of the tape, or its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Later.
    Next,
    /// Earlier.
    Previous,
}

/// Something that a viewer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Play, or stand.
    Pause,
    /// So many frames later; less than 0 is earlier.
    Step(i64),
    /// So many seconds later.
    Seconds(i64),
    /// To frame 0.
    First,
    /// To the last frame.
    Last,
    /// The next higher speed.
    Faster,
    /// The next lower one.
    Slower,
    /// To where a difference begins.
    Difference(Way),
    /// To a frame with a note.
    Note(Way),
    /// A digit of a frame number.
    Digit(char),
    /// A frame number comes.
    Number,
    /// The last digit was wrong.
    Erase,
    /// The frame number is whole.
    Enter,
    /// Leave what was begun.
    Escape,
    /// Show how the machines differ, or hide it.
    Machines,
    /// Show the keys, or hide them.
    Help,
    /// Show other pictures of the two sides.
    Sides,
    /// The terminal has another size.
    Redraw,
    /// End.
    Quit,
}

/// The keys, as the help shows them.
pub(super) const KEYS: [(&str, &str); 14] = [
    ("space", "play, pause"),
    ("left, right", "one frame"),
    ("up, down", "a second back, on"),
    ("pgup, pgdn", "ten seconds back, on"),
    ("home, end", "first frame, last frame"),
    ("0-9 enter, g", "go to a frame"),
    ("-, +", "slower, faster"),
    ("n, N", "next drift, the one before"),
    ("], [", "next note, the one before"),
    ("m", "how the machines differ"),
    ("tab", "both sides: at drift, always, never"),
    ("esc", "leave this, end a long seek"),
    ("h, ?", "this help"),
    ("q", "quit"),
];

/// Passes orders on to the desk until `stop` is raised; where that ends, the desk closes.
pub(super) fn read(desk: &Desk, stop: &AtomicBool) -> io::Result<()> {
    let _ended = desk.close_on_drop();
    while !stop.load(Ordering::Acquire) {
        if event::poll(KEYS_POLL)?
            && let Some(order) = order(&event::read()?)
        {
            desk.order(order);
        }
    }
    Ok(())
}

/// The order that an event of the terminal is; mice, pastes and other keys are none.
fn order(event: &Event) -> Option<Order> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(key),
        Event::Resize(..) => Some(Order::Redraw),
        _ => None,
    }
}

fn pressed(key: &KeyEvent) -> Option<Order> {
    let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
    let order = match key.code {
        KeyCode::Char('c' | 'C') if has_control => Order::Quit,
        KeyCode::Char(letter) if !has_control => return typed(letter),
        KeyCode::Left => Order::Step(-1),
        KeyCode::Right => Order::Step(1),
        KeyCode::Up => Order::Seconds(-1),
        KeyCode::Down => Order::Seconds(1),
        KeyCode::PageUp => Order::Seconds(-10),
        KeyCode::PageDown => Order::Seconds(10),
        KeyCode::Home => Order::First,
        KeyCode::End => Order::Last,
        KeyCode::Enter => Order::Enter,
        KeyCode::Backspace => Order::Erase,
        KeyCode::Esc => Order::Escape,
        KeyCode::Tab => Order::Sides,
        _ => return None,
    };
    Some(order)
}

fn typed(letter: char) -> Option<Order> {
    let order = match letter {
        ' ' => Order::Pause,
        '0'..='9' => Order::Digit(letter),
        'g' | 'G' => Order::Number,
        '+' | '=' | '>' => Order::Faster,
        '-' | '_' | '<' => Order::Slower,
        'n' => Order::Difference(Way::Next),
        'N' => Order::Difference(Way::Previous),
        ']' => Order::Note(Way::Next),
        '[' => Order::Note(Way::Previous),
        'm' | 'M' => Order::Machines,
        'h' | 'H' | '?' => Order::Help,
        'q' | 'Q' => Order::Quit,
        _ => return None,
    };
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::crossterm::event::{MouseEvent, MouseEventKind};

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Order> {
        order(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn capitals_and_control_are_told_apart() {
        let (none, shift, control) =
            (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL);
        assert_eq!(key(KeyCode::Char('n'), none), Some(Order::Difference(Way::Next)));
        assert_eq!(key(KeyCode::Char('N'), shift), Some(Order::Difference(Way::Previous)));
        assert_eq!(key(KeyCode::Char('c'), control), Some(Order::Quit));
        assert_eq!(key(KeyCode::Char('c'), none), None);
        assert_eq!(key(KeyCode::Char('q'), control), None);
    }

    #[test]
    fn mice_releases_and_strange_keys_are_no_orders() {
        let modifiers = KeyModifiers::NONE;
        let mouse = MouseEvent { kind: MouseEventKind::Moved, column: 3, row: 4, modifiers };
        assert_eq!(order(&Event::Mouse(mouse)), None);
        let release = KeyEventKind::Release;
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), modifiers, release);
        assert_eq!(order(&Event::Key(release)), None);
        assert_eq!(key(KeyCode::F(5), modifiers), None);
        assert_eq!(order(&Event::Resize(80, 24)), Some(Order::Redraw));
    }
}
