//! The program's own keys in play: letters that the world leaves free, function keys always.

use super::Key;
use crate::world::ActionName;
use std::fmt;

/// What the player may ask of the program, beside the world's buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Stands still, or goes on.
    Pause,
    /// Makes one frame and stands still.
    Step,
    /// Closes this tape and begins another from the same prompt.
    Restart,
    /// Puts a note on the tape.
    Mark,
    /// Shows the keys, or hides them.
    Help,
    /// Keys stay down until they are pressed again, or no longer.
    Latch,
    /// Ends the play.
    Quit,
}

/// Every command, the letters for it in the order of choice, and its function key.
const COMMANDS: [(Command, &[char], u8); 7] = [
    (Command::Help, &['h', '?'], 1),
    (Command::Pause, &['p'], 2),
    (Command::Step, &['n'], 3),
    (Command::Restart, &['r'], 4),
    (Command::Mark, &['m'], 5),
    (Command::Latch, &['l'], 6),
    (Command::Quit, &['q'], 10),
];

/// The keys of the commands beside one world.
#[derive(Clone, Debug)]
pub struct Commands(Vec<(Key, Command)>);

impl Commands {
    /// The letters that no button of this world takes, and the function keys.
    pub fn beside(actions: &[ActionName]) -> Commands {
        let taken: Vec<Key> =
            actions.iter().flat_map(|action| &action.keys).filter_map(|n| Key::named(n)).collect();
        let keys = COMMANDS.iter().flat_map(|&(command, letters, number)| {
            let letters = letters.iter().map(|&letter| Key::Char(letter));
            let all = letters.chain([Key::Function(number)]);
            all.map(move |key| (key, command))
        });
        Commands(keys.filter(|(key, _)| !taken.contains(key)).collect())
    }

    /// What a key asks for.
    pub fn of(&self, key: Key) -> Option<Command> {
        self.0.iter().find(|known| known.0 == key).map(|known| known.1)
    }

    /// The key to name where a command is explained.
    pub fn key(&self, command: Command) -> Key {
        let found = self.0.iter().find(|known| known.1 == command);
        found.map(|known| known.0).expect("every command has its function key")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Up => out.write_str("up"),
            Key::Down => out.write_str("down"),
            Key::Left => out.write_str("left"),
            Key::Right => out.write_str("right"),
            Key::Enter => out.write_str("enter"),
            Key::Tab => out.write_str("tab"),
            Key::Char(' ') => out.write_str("space"),
            Key::Char(letter) => write!(out, "{letter}"),
            Key::Function(number) => write!(out, "F{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(keys: &[&str]) -> Commands {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Commands::beside(&[ActionName { name: "button".to_owned(), keys }])
    }

    #[test]
    fn letters_are_commands_where_the_world_leaves_them_free() {
        let doom = world(&["up", "w", "space"]);
        assert_eq!(doom.of(Key::Char('p')), Some(Command::Pause));
        assert_eq!(doom.of(Key::Char('?')), Some(Command::Help));
        assert_eq!(doom.of(Key::Char('w')), None);
        assert_eq!(doom.key(Command::Help).to_string(), "h");
    }

    #[test]
    fn a_world_keeps_its_keys_and_every_command_has_another() {
        let greedy = world(&["h", "?", "p", "n", "r", "m", "l", "Q"]);
        for (command, letters, number) in COMMANDS {
            assert!(letters.iter().all(|&letter| greedy.of(Key::Char(letter)).is_none()));
            assert_eq!(greedy.of(Key::Function(number)), Some(command));
            assert_eq!(greedy.key(command), Key::Function(number));
        }
    }
}
