//! The lines under the picture: the tape, the frame, the rate, the keys that are held, the device.

use super::Shown;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that the status takes.
pub(super) const STATUS_ROWS: u16 = 2;

/// Shown before the name of the tape.
const RECORD_MARK: &str = "\u{25cf} REC ";

/// What stays the same through a play.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The tape's name and its bytes so far; `None` where nothing is recorded.
    pub tape: Option<(String, Arc<AtomicU64>)>,
    /// The world's buttons.
    pub buttons: Vec<String>,
    /// Engine, threads, instruction set.
    pub device: String,
    /// The world's own rate.
    pub frames_per_second: u32,
    /// Width and height of a picture in pixels.
    pub picture: (usize, usize),
}

/// The facts beside a frame.
#[derive(Clone, Copy, Debug)]
pub struct Status<'a> {
    /// What stays.
    pub facts: &'a Facts,
    /// What changes.
    pub shown: &'a Shown,
}

impl Widget for Status<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let lines = [(self.tape(), self.frame()), (self.buttons(), self.device())];
        for (row, (left, right)) in area.rows().zip(lines) {
            sides(left, right, row, buffer);
        }
    }
}

/// One line from both sides; where they meet, the right one is whole.
fn sides(left: Line<'_>, right: Line<'_>, area: Rect, buffer: &mut Buffer) {
    let width = (right.width() as u16).min(area.width);
    let [mut before, mut after] = [area, area];
    before.width = area.width.saturating_sub(width + 1);
    (after.x, after.width) = (area.right() - width, width);
    left.render(before, buffer);
    right.render(after, buffer);
}

impl Status<'_> {
    fn tape(&self) -> Line<'_> {
        let Some((name, bytes)) = &self.facts.tape else {
            return Line::from(" not recorded".dim());
        };
        let size = size(bytes.load(Ordering::Relaxed));
        let mark = Span::styled(RECORD_MARK, Style::new().fg(Color::Red).bold());
        Line::from(vec![Span::raw(" "), mark, Span::raw(name), Span::raw(format!("  {size}"))])
    }

    fn frame(&self) -> Line<'_> {
        let (whole, tenths) = (self.shown.rate_tenths / 10, self.shown.rate_tenths % 10);
        let rate = self.facts.frames_per_second;
        Line::from(format!("frame {}  {whole}.{tenths} of {rate} fps ", self.shown.frame))
    }

    fn buttons(&self) -> Line<'_> {
        let named = self.facts.buttons.iter().enumerate();
        let spans = named.flat_map(|(index, name)| {
            let label = Span::raw(format!(" {name} "));
            let is_held = self.shown.action.holds(index);
            [Span::raw(" "), if is_held { label.bold().reversed() } else { label.dim() }]
        });
        Line::from(spans.collect::<Vec<_>>())
    }

    fn device(&self) -> Line<'_> {
        Line::from(vec![self.facts.device.as_str().dim(), Span::raw("  q quits ")])
    }
}

/// Bytes for people, rounded down: `999 B`, `12 kB`, `3.4 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;
    use ratatui::style::Modifier;

    fn facts() -> Facts {
        Facts {
            tape: Some(("play-20261123-143005.wtape".to_owned(), Arc::new(AtomicU64::new(12_345)))),
            buttons: ["forward", "left", "attack"].map(str::to_owned).to_vec(),
            device: "cpu, 2 threads, avx512".to_owned(),
            frames_per_second: 35,
            picture: (128, 96),
        }
    }

    fn drawn(facts: &Facts, width: u16) -> (Buffer, [String; 2]) {
        let shown =
            Shown { frame: 1234, action: Action(0b101), pixels: Vec::new(), rate_tenths: 349 };
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, STATUS_ROWS));
        Status { facts, shown: &shown }.render(buffer.area, &mut buffer);
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        let rows = [row(0), row(1)];
        (buffer, rows)
    }

    #[test]
    fn eighty_columns_hold_everything() {
        let (buffer, rows) = drawn(&facts(), 80);
        let tape = " \u{25cf} REC play-20261123-143005.wtape  12 kB  ";
        assert!(rows[0].starts_with(tape), "{rows:?}");
        assert!(rows[0].ends_with("  frame 1234  34.9 of 35 fps "), "{rows:?}");
        assert!(rows[1].starts_with("  forward   left   attack  "), "{rows:?}");
        assert!(rows[1].ends_with("cpu, 2 threads, avx512  q quits "), "{rows:?}");
        let is_lit = |x| buffer[(x, 1)].modifier.contains(Modifier::REVERSED);
        assert!(is_lit(2) && !is_lit(12) && is_lit(19), "{rows:?}");
    }

    #[test]
    fn a_narrow_line_shortens_its_left_side() {
        let (_, rows) = drawn(&facts(), 40);
        assert_eq!(rows[0], " \u{25cf} REC play- frame 1234  34.9 of 35 fps ");
        drawn(&facts(), 3);
    }

    #[test]
    fn without_a_tape_it_says_so() {
        let facts = Facts { tape: None, ..facts() };
        assert!(drawn(&facts, 80).1[0].starts_with(" not recorded"));
    }

    #[test]
    fn sizes_are_short() {
        let sizes = [999, 1_000, 999_999, 1_000_000, 123_456_789].map(size);
        assert_eq!(sizes, ["999 B", "1 kB", "999 kB", "1.0 MB", "123.4 MB"]);
    }
}
