//! Action scripts: one span a line, `40 forward+right` or `10 wait`; `#` begins a comment.

use crate::drive::{DriveError, Source};
use crate::event::Action;
use crate::session::limits::FRAMES_MAX;
use std::fmt::Write;
use thiserror::Error;

/// Most lines of a script.
pub const LINES_MAX: usize = 1_000_000;

/// Most frames of a script: what a tape can hold.
pub const SCRIPT_FRAMES_MAX: u64 = FRAMES_MAX;

/// The word for no button.
const WAIT: &str = "wait";

/// Why a script is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ScriptError {
    /// More lines than are read.
    #[error("the script has more than {limit} lines")]
    Lines {
        /// The limit.
        limit: usize,
    },
    /// Not a count and one word of buttons.
    #[error(
        "line {line}: \"{text}\" is not a span; write a number of frames and buttons, \
        such as \"40 forward+right\" or \"10 wait\""
    )]
    Span {
        /// Counted from 1.
        line: usize,
        /// The line, shortened.
        text: String,
    },
    /// A button that the world does not have.
    #[error("line {line}: this world has no button \"{word}\"; it has {buttons}, and wait")]
    Button {
        /// Counted from 1.
        line: usize,
        /// The word.
        word: String,
        /// The world's buttons.
        buttons: String,
    },
    /// More frames than a tape holds.
    #[error("line {line}: the script comes to {frames} frames; a tape holds {limit}")]
    Frames {
        /// Counted from 1.
        line: usize,
        /// Frames up to and with this line.
        frames: u128,
        /// The limit.
        limit: u64,
    },
    /// No frame at all.
    #[error("the script has no frames")]
    Empty,
}

/// Spans of equal actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// End of each span (its first frame is the end of the one before) and its action.
    spans: Vec<(u64, Action)>,
    /// The span that the last asked frame was in.
    at: usize,
}

impl Script {
    /// Reads a script for a world with these buttons.
    ///
    /// # Errors
    /// [`ScriptError`] naming the line.
    pub fn parse(text: &str, buttons: &[String]) -> Result<Script, ScriptError> {
        let mut spans: Vec<(u64, Action)> = Vec::new();
        for (index, whole) in text.lines().enumerate() {
            let line = index + 1;
            if index >= LINES_MAX {
                return Err(ScriptError::Lines { limit: LINES_MAX });
            }
            let content = whole.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let (count, action) = span(content, line, buttons)?;
            let end = u128::from(spans.last().map_or(0, |span| span.0)) + count;
            if end > u128::from(SCRIPT_FRAMES_MAX) {
                let limit = SCRIPT_FRAMES_MAX;
                return Err(ScriptError::Frames { line, frames: end, limit });
            }
            spans.push((end as u64, action));
        }
        if spans.last().is_none_or(|span| span.0 == 0) {
            return Err(ScriptError::Empty);
        }
        Ok(Script { spans, at: 0 })
    }

    /// Frames of the whole script.
    pub fn frames(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.0)
    }
}

impl Source for Script {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        while self.spans.get(self.at).is_some_and(|span| frame >= span.0) {
            self.at += 1;
        }
        Ok(self.spans.get(self.at).map(|span| span.1))
    }
}

/// One line: a count and the buttons held.
fn span(content: &str, line: usize, buttons: &[String]) -> Result<(u128, Action), ScriptError> {
    let wrong = || {
        let text = content.chars().take(60).collect();
        ScriptError::Span { line, text }
    };
    let mut words = content.split_whitespace();
    let (Some(count), Some(held), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong());
    };
    let count: u128 = count.parse().map_err(|_| wrong())?;
    if count > u128::from(u64::MAX) {
        let (frames, limit) = (count, SCRIPT_FRAMES_MAX);
        return Err(ScriptError::Frames { line, frames, limit });
    }
    if held == WAIT {
        return Ok((count, Action::NONE));
    }
    let mut action = Action::NONE;
    for word in held.split('+') {
        let button = buttons.iter().position(|button| button == word);
        action = action.with(button.ok_or_else(|| ScriptError::Button {
            line,
            word: word.chars().take(60).collect(),
            buttons: buttons.join(", "),
        })?);
    }
    Ok((count, action))
}

/// The words of an action, as a script would have them.
pub fn words(action: Action, buttons: &[String]) -> String {
    let mut text = String::new();
    for (index, button) in buttons.iter().enumerate() {
        if action.holds(index) {
            let plus = if text.is_empty() { "" } else { "+" };
            write!(text, "{plus}{button}").expect("a String takes everything");
        }
    }
    if text.is_empty() { WAIT.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buttons() -> Vec<String> {
        ["forward", "left", "attack"].map(str::to_owned).to_vec()
    }

    #[test]
    fn spans_give_their_actions_for_their_frames() {
        let mut script =
            Script::parse("# walk\n2 forward+attack # go\n\n0 left\n1 wait\n", &buttons())
                .expect("reads");
        assert_eq!(script.frames(), 3);
        let actions: Vec<_> = (0..4).map(|f| script.next(f).expect("no error")).collect();
        let both = Action(0b101);
        assert_eq!(actions, [Some(both), Some(both), Some(Action::NONE), None]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |text| Script::parse(text, &buttons()).expect_err("refused").to_string();
        assert!(
            error("3 forward\n2 jump").starts_with("line 2: this world has no button \"jump\"")
        );
        assert!(error("forward 3").starts_with("line 1: \"forward 3\" is not a span"));
        assert!(error("3").contains("is not a span"));
        assert!(error("-3 wait").contains("is not a span"));
        assert!(error("1000000000000 wait").contains("comes to 1000000000000 frames"));
        assert!(error("60000000 wait\n60000000 wait").starts_with("line 2"));
        assert_eq!(error("# nothing\n"), "the script has no frames");
    }

    #[test]
    fn words_are_what_a_script_reads() {
        for bits in 0..8 {
            let action = Action(bits);
            let mut script = Script::parse(&format!("1 {}", words(action, &buttons())), &buttons())
                .expect("reads");
            assert_eq!(script.next(0).expect("no error"), Some(action));
        }
    }
}
