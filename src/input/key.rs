//! Keys as a world's manifest names them, and what happens to them.

/// A key that can press a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The arrow upwards.
    Up,
    /// The arrow downwards.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
    /// Return.
    Enter,
    /// The tabulator.
    Tab,
    /// The key of a letter (in lower case), a digit or a sign; the space bar is `' '`.
    Char(char),
    /// A function key, from 1. No manifest can name one: these stay the program's own.
    Function(u8),
}

impl Key {
    /// The key that a manifest names so; `None` where there is no such key.
    pub fn named(name: &str) -> Option<Key> {
        let mut letters = name.chars();
        match (name, letters.next(), letters.next()) {
            ("up", ..) => Some(Key::Up),
            ("down", ..) => Some(Key::Down),
            ("left", ..) => Some(Key::Left),
            ("right", ..) => Some(Key::Right),
            ("enter", ..) => Some(Key::Enter),
            ("tab", ..) => Some(Key::Tab),
            ("space", ..) => Some(Key::Char(' ')),
            (_, Some(letter), None) => Some(Key::letter(letter)),
            _ => None,
        }
    }

    /// The key of a letter, whether typed small or as a capital.
    pub fn letter(letter: char) -> Key {
        Key::Char(letter.to_ascii_lowercase())
    }
}

/// What happens to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// It went down, or it repeats: many terminals tell no difference.
    Press,
    /// It went up; only some terminals tell.
    Release,
}

/// Something that the keyboard told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEvent {
    /// A key moved.
    Key(Key, Motion),
    /// The terminal lost the keyboard: releases will not be told.
    FocusLost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_manifests_are_keys() {
        assert_eq!(Key::named("up"), Some(Key::Up));
        assert_eq!(Key::named("space"), Some(Key::Char(' ')));
        assert_eq!(Key::named("W"), Some(Key::Char('w')));
        assert_eq!(Key::named("hyper"), None);
        assert_eq!(Key::named(""), None);
    }
}
