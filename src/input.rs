//! Where live actions come from: action scripts, and the keyboard in play.

mod key;
mod keyboard;
mod live;
mod script;

pub use key::{Key, KeyEvent, Motion};
pub use keyboard::{CARRY_US, FIRST_HOLD_US, Keyboard, REPEAT_HOLD_US};
pub use live::{Controls, Live};
pub use script::{LINES_MAX, SCRIPT_FRAMES_MAX, Script, ScriptError, words};
