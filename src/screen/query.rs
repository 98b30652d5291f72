//! Asks the terminal what it can do. It waits for a bounded time, and no key typed meanwhile is
//! lost.

use super::{Abilities, Cell};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode, window_size};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;
use std::io::{self, IsTerminal, Write};

/// Times that nothing comes for [`WAIT_NS`] before the terminal counts as silent: a second in all.
const WAITS_MAX: usize = 20;
const WAIT_NS: i64 = 50_000_000;
/// Most readings: who types faster than the terminal answers does not keep us waiting.
const READINGS_MAX: usize = 64;
const READING_BYTES: usize = 256;

/// A picture of one pixel that is only looked at; who answers knows the kitty graphics protocol.
const KITTY_GRAPHICS: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// Flags of the kitty keyboard protocol, then the size of a cell.
const KEYBOARD_AND_CELL: &str = "\x1b[?u\x1b[16t";
/// What every terminal answers, and answers last.
const ATTRIBUTES: &str = "\x1b[c";

/// What the terminal answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// It tells of releases of keys.
    pub releases: bool,
    /// It takes pictures by kitty's protocol.
    pub kitty: bool,
    /// It takes sixels.
    pub sixel: bool,
    /// Pixels of a cell.
    pub cell: Option<Cell>,
    /// What was typed meanwhile.
    pub typed: Vec<u8>,
}

/// Asks the terminal of this process; one that cannot be asked answers nothing.
pub fn ask(abilities: &Abilities) -> Answers {
    if !abilities.is_steerable || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Answers::default();
    }
    if enable_raw_mode().is_err() {
        return Answers::default();
    }
    let mut replies = Replies::default();
    let asked = put_questions(abilities).and_then(|()| listen(&mut replies));
    // Where the terminal is gone it keeps no mode, and what it said so far is what it can do.
    drop((asked, disable_raw_mode()));
    let mut answers = replies.finish();
    answers.cell = answers.cell.or_else(cell_of_window);
    answers
}

fn put_questions(abilities: &Abilities) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if abilities.may_take_pictures {
        out.write_all(KITTY_GRAPHICS.as_bytes())?;
    }
    out.write_all(KEYBOARD_AND_CELL.as_bytes())?;
    out.write_all(ATTRIBUTES.as_bytes())?;
    out.flush()
}

/// Reads until the last answer, the last wait or the last reading.
fn listen(replies: &mut Replies) -> io::Result<()> {
    let (mut waits, mut readings) = (0, 0);
    while !replies.is_done && waits < WAITS_MAX && readings < READINGS_MAX {
        let stdin = stdin();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        let wait = Timespec { tv_sec: 0, tv_nsec: WAIT_NS };
        if poll(&mut ready, Some(&wait))? == 0 {
            waits += 1;
            continue;
        }
        readings += 1;
        let mut bytes = [0; READING_BYTES];
        let count = rustix::io::read(stdin, &mut bytes)?;
        if count == 0 {
            break;
        }
        replies.add(&bytes[..count]);
    }
    Ok(())
}

/// What the system knows of the window, where the terminal said nothing.
fn cell_of_window() -> Option<Cell> {
    let size = window_size().ok()?;
    let width = size.width.checked_div(size.columns)?;
    let height = size.height.checked_div(size.rows)?;
    (width > 0 && height > 0).then_some(Cell { width, height })
}

/// Bytes that came, taken apart.
#[derive(Default)]
struct Replies {
    answers: Answers,
    rest: Vec<u8>,
    is_done: bool,
}

impl Replies {
    fn add(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while let Some(length) = whole(&self.rest) {
            let part: Vec<u8> = self.rest.drain(..length).collect();
            if !self.understand(&part) {
                self.answers.typed.extend(part);
            }
        }
    }

    /// Takes an answer; says whether it was one.
    fn understand(&mut self, part: &[u8]) -> bool {
        let text = String::from_utf8_lossy(part);
        if let Some(reply) = text.strip_prefix("\x1b_G") {
            self.answers.kitty |= reply.contains(";OK");
            return true;
        }
        let Some(body) = text.strip_prefix("\x1b[") else {
            return false;
        };
        if let Some(attributes) = body.strip_prefix('?').and_then(|body| body.strip_suffix('c')) {
            self.answers.sixel = attributes.split(';').any(|attribute| attribute == "4");
            self.is_done = true;
        } else if body.starts_with('?') && body.ends_with('u') {
            self.answers.releases = true;
        } else if let Some(size) = body.strip_prefix("6;").and_then(|body| body.strip_suffix('t')) {
            self.answers.cell = cell(size);
        } else {
            return false;
        }
        true
    }

    /// What was said; what is left of it was typed.
    fn finish(mut self) -> Answers {
        self.answers.typed.append(&mut self.rest);
        self.answers
    }
}

/// `HEIGHT;WIDTH` in pixels.
fn cell(size: &str) -> Option<Cell> {
    let (height, width) = size.split_once(';')?;
    let cell = Cell { width: width.parse().ok()?, height: height.parse().ok()? };
    (cell.width > 0 && cell.height > 0).then_some(cell)
}

/// Length of the sequence or the letter that `bytes` begin with, where all of it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [] | [0x1b] => None,
        [0x1b, b'_', ..] => bytes.windows(2).position(|pair| pair == b"\x1b\\").map(|at| at + 2),
        [0x1b, b'[', parameters @ ..] => {
            parameters.iter().position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 3)
        }
        [0x1b, b'O', _, ..] => Some(3),
        [0x1b, b'O'] => None,
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(parts: &[&[u8]]) -> (Answers, bool) {
        let mut replies = Replies::default();
        parts.iter().for_each(|part| replies.add(part));
        let is_done = replies.is_done;
        (replies.finish(), is_done)
    }

    #[test]
    fn a_terminal_that_can_everything_is_understood_in_any_pieces() {
        let said = b"\x1b_Gi=31;OK\x1b\\\x1b[?0u\x1b[6;18;9t\x1b[?62;4;22c";
        let cell = Some(Cell { width: 9, height: 18 });
        let expected =
            Answers { releases: true, kitty: true, sixel: true, cell, typed: Vec::new() };
        assert_eq!(answers(&[said]), (expected.clone(), true));
        let bytes: Vec<&[u8]> = said.chunks(1).collect();
        assert_eq!(answers(&bytes), (expected, true));
    }

    #[test]
    fn what_is_typed_meanwhile_is_kept() {
        let (found, is_done) = answers(&[b"w\x1b[A\x1b[?1;2c\x1bOBq\x1b["]);
        assert!(is_done && !found.sixel && !found.releases && found.cell.is_none());
        assert_eq!(found.typed, b"w\x1b[A\x1bOBq\x1b[");
    }

    #[test]
    fn refusals_and_nonsense_are_no_abilities() {
        let (found, is_done) = answers(&[b"\x1b_Gi=31;EINVAL:no\x1b\\\x1b[6;0;9t\x1b[6;9t"]);
        assert_eq!((found, is_done), (Answers::default(), false));
    }
}
