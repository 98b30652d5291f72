//! Where live actions come from: action scripts, and the keyboard in play.

mod command;
mod controls;
mod key;
mod keyboard;
mod live;
mod script;

pub use command::{Command, Commands};
pub use controls::{Controls, Mood};
pub use key::{Key, KeyEvent, Motion};
pub use keyboard::{CARRY_US, FIRST_HOLD_US, Hold, Keyboard, REPEAT_HOLD_US, TAP_HOLD_US};
pub use live::{Gate, Live};
pub use script::{LINES_MAX, SCRIPT_FRAMES_MAX, Script, ScriptError, words};

/// A button and its keys, as a manifest has them: what keyboards and commands are made for.
pub use crate::world::ActionName;
