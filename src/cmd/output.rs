//! What goes out: results to stdout, one line a complaint to stderr; nobody listening is no panic.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Writes text for people to stdout. Control characters other than line ends are spelled out: names
/// come from files that anybody may have made.
pub(super) fn text(text: &str) -> Result<()> {
    bytes(escaped(text, |c| c.is_control() && c != '\n').as_bytes())
}

/// Writes one JSON object and a line end to stdout.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    bytes(line.as_bytes())
}

/// Writes one line to stderr, whatever is in `text`.
pub(super) fn complaint(text: &str) {
    let line = format!("worldtape: {}\n", one_line(text));
    // Where stderr is gone there is nowhere to say so; the exit code still tells.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Writes one line of talk to stderr, whatever is in `text`.
pub(super) fn note(text: &str) {
    // Where stderr is gone nobody wants to know.
    let _ = std::io::stderr().write_all(format!("{}\n", one_line(text)).as_bytes());
}

/// Lines of others, such as a compiler's, as one.
pub(super) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    plain(&lines.join("; "))
}

/// A name from a file, without the characters that would end a line or steer a terminal.
pub(super) fn plain(text: &str) -> String {
    escaped(text, char::is_control)
}

fn escaped(text: &str, refused: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if refused(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Writes bytes of our own making to stdout as they are. A reader that went away has what it
/// wanted: no error, and the exit code stays the verb's.
pub(super) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_a_line_or_steer_a_terminal() {
        assert_eq!(plain("a\nb\u{1b}[2J\u{9b}c"), "a\\nb\\u{1b}[2J\\u{9b}c");
        assert_eq!(plain("na\u{ef}ve"), "na\u{ef}ve");
    }
}
