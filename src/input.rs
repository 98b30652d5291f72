//! Where live actions come from: action scripts (and, in play, the keyboard).

mod script;

pub use script::{LINES_MAX, SCRIPT_FRAMES_MAX, Script, ScriptError, words};
