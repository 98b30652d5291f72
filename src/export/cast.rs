//! asciicast v3, what asciinema plays: the text that draws the pictures in a terminal, with times.
//!
//! Format: docs.asciinema.org/manual/asciicast/v3. A header, then one event a line: seconds since
//! the event before, its kind (`o` output, `m` a mark, `x` the end) and its text.

use super::{BUFFER_BYTES, Encoder, ExportError, Shot};
use crate::screen::AnsiScreen;
use serde::Serialize;
use std::io::{BufWriter, Write};

/// Most columns of a cast, and rows of its pictures.
pub const CAST_SIDE_MAX: u16 = 1000;

const SECOND_US: u64 = 1_000_000;

/// What the header says.
#[derive(Clone, Debug)]
pub struct CastHead {
    /// Columns that a picture takes at most; 1 to [`CAST_SIDE_MAX`].
    pub columns: u16,
    /// Pixels in a row of the pictures, and rows.
    pub picture: (usize, usize),
    /// When it was played, in seconds of Unix time.
    pub started_unix_s: u64,
    /// A name for people.
    pub title: String,
}

/// The first line, in the format's words.
#[derive(Serialize)]
struct Header<'a> {
    version: u8,
    term: Term,
    timestamp: u64,
    title: &'a str,
}

#[derive(Serialize)]
struct Term {
    cols: u16,
    rows: u16,
}

/// Writes what a terminal must be sent for each picture: cells that changed, no others.
pub struct CastEncoder<W: Write> {
    out: BufWriter<W>,
    screen: AnsiScreen,
    /// When the last event that was written happened.
    written_us: u64,
    ends_us: u64,
}

impl<W: Write> CastEncoder<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`ExportError::Write`]
    pub fn new(out: W, head: &CastHead) -> Result<CastEncoder<W>, ExportError> {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, out);
        let columns = head.columns.min(CAST_SIDE_MAX);
        let screen = AnsiScreen::new(head.picture, columns, CAST_SIDE_MAX);
        let (cols, rows) = screen.size();
        let term = Term { cols, rows };
        let (timestamp, title) = (head.started_unix_s, head.title.as_str());
        write_json(&mut out, &Header { version: 3, term, timestamp, title })?;
        out.write_all(b"\n")?;
        Ok(CastEncoder { out, screen, written_us: 0, ends_us: 0 })
    }

    /// Writes one event that happens at `at_us`.
    fn event(&mut self, at_us: u64, kind: &str, text: &str) -> Result<(), ExportError> {
        let at_us = at_us.max(self.written_us);
        let interval_us = at_us - self.written_us;
        self.written_us = at_us;
        let (seconds, us) = (interval_us / SECOND_US, interval_us % SECOND_US);
        write!(self.out, "[{seconds}.{us:06}, \"{kind}\", ")?;
        write_json(&mut self.out, &text)?;
        Ok(self.out.write_all(b"]\n")?)
    }
}

impl<W: Write + Send> Encoder for CastEncoder<W> {
    fn picture(&mut self, shot: &Shot<'_>) -> Result<(), ExportError> {
        let text = self.screen.draw(shot.pixels, shot.line)?;
        if !text.is_empty() {
            self.event(shot.begins_us, "o", &text)?;
        }
        for remark in shot.remarks {
            self.event(shot.begins_us, "m", remark)?;
        }
        self.ends_us = shot.ends_us;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        let text = self.screen.leave()?;
        self.event(self.ends_us, "o", &text)?;
        self.event(self.ends_us, "x", "0")?;
        Ok(self.out.flush()?)
    }
}

fn write_json(out: impl Write, value: &impl Serialize) -> Result<(), ExportError> {
    serde_json::to_writer(out, value).map_err(|error| ExportError::Write(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_stays_is_sent_once_and_times_add_up() {
        let head = CastHead {
            columns: 2,
            picture: (2, 2),
            started_unix_s: 7,
            title: "a \"name\"".to_owned(),
        };
        let mut bytes = Vec::new();
        let mut encoder = Box::new(CastEncoder::new(&mut bytes, &head).expect("written"));
        let remarks = ["here".to_owned()];
        for (frame, pixels, remarks) in
            [(0, [1; 12], &[][..]), (1, [1; 12], &remarks), (2, [2; 12], &[])]
        {
            let (begins_us, ends_us) = (frame * 600_000, frame * 600_000 + 600_000);
            let shot = Shot { frame, pixels: &pixels, begins_us, ends_us, line: "", remarks };
            encoder.picture(&shot).expect("written");
        }
        encoder.finish().expect("written");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        let header =
            r#"{"version":3,"term":{"cols":2,"rows":2},"timestamp":7,"title":"a \"name\""}"#;
        assert_eq!(lines[0], header);
        assert!(lines[1].starts_with("[0.000000, \"o\", "), "{}", lines[1]);
        assert_eq!(lines[2], "[0.600000, \"m\", \"here\"]");
        assert!(lines[3].starts_with("[0.600000, \"o\", "), "{}", lines[3]);
        assert!(lines[4].starts_with("[0.600000, \"o\", "), "{}", lines[4]);
        assert_eq!(lines[5], "[0.000000, \"x\", \"0\"]");
    }
}
