//! The verdict on every frame as a strip across the width, and where the viewer stands on it.

use crate::drift::{Mark, strip};
use crate::screen::Look;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::widgets::Widget;

/// One strip.
pub(super) struct Strip<'a> {
    pub(super) marks: &'a [Mark],
    pub(super) look: Look,
}

impl Widget for Strip<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let columns = usize::from(area.width);
        let parts = strip(self.marks, columns);
        for column in 0..columns.min(columns * parts.len()) {
            let (symbol, style) = drawn(parts[column * parts.len() / columns], self.look);
            let cell = &mut buffer[(area.x + column as u16, area.y)];
            cell.set_char(symbol).set_style(style);
        }
    }
}

/// A mark is told by its shape as well as by its colour.
pub(super) fn drawn(mark: Mark, look: Look) -> (char, Style) {
    let (letter, block, color) = match mark {
        Mark::Unknown => ('.', '\u{b7}', Color::DarkGray),
        Mark::Same => ('=', '\u{2501}', Color::Green),
        Mark::State => ('s', '\u{2584}', Color::Yellow),
        Mark::Picture => ('P', '\u{2588}', Color::Red),
    };
    let style = if look.has_colors() { Style::new().fg(color) } else { Style::new() };
    (if look.is_plain() { letter } else { block }, style)
}

/// The row under the strips: notes, and where the viewer stands.
pub(super) struct Ruler<'a> {
    pub(super) frames: u64,
    pub(super) at: u64,
    pub(super) notes: &'a [(u64, String)],
    pub(super) look: Look,
}

impl Widget for Ruler<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let (note, cursor) =
            if self.look.is_plain() { ('!', '^') } else { ('\u{2666}', '\u{25b2}') };
        let has_colors = self.look.has_colors();
        let color = |color| if has_colors { Style::new().fg(color) } else { Style::new() };
        let mut put = |frame: u64, symbol: char, style: Style| {
            let column = column(frame, self.frames, area.width);
            buffer[(area.x + column, area.y)].set_char(symbol).set_style(style);
        };
        for (frame, _) in self.notes {
            put(*frame, note, color(Color::Cyan));
        }
        put(self.at, cursor, Style::new());
    }
}

/// The column of `width` that shows `frame` of `frames`: the one whose part of the strip it is in,
/// or the middle of its columns where it has several.
pub(super) fn column(frame: u64, frames: u64, width: u16) -> u16 {
    let (frame, frames, width) = (u128::from(frame), u128::from(frames.max(1)), u128::from(width));
    let column = if frames >= width {
        ((frame + 1) * width - 1) / frames
    } else {
        let first = |frame: u128| (frame * width).div_ceil(frames);
        (first(frame) + first(frame + 1) - 1) / 2
    };
    column.min(width.saturating_sub(1)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Palette;

    const FULL: Look = Look { palette: Palette::Full, is_ascii: false };
    const LETTERS: Look = Look { palette: Palette::Letters, is_ascii: false };

    /// The columns in which frame `frame` alone is marked.
    fn marked(frame: u64, frames: u64, width: u16) -> Vec<u16> {
        let mut marks = vec![Mark::Same; frames as usize];
        marks[frame as usize] = Mark::Picture;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        Strip { marks: &marks, look: LETTERS }.render(buffer.area, &mut buffer);
        (0..width).filter(|x| buffer[(*x, 0)].symbol() == "P").collect()
    }

    #[test]
    fn the_cursor_stands_under_the_mark_of_its_frame_at_any_width() {
        for (frames, width) in
            [(1, 40), (3, 40), (70, 80), (80, 80), (81, 80), (310, 80), (1000, 7)]
        {
            for frame in 0..frames {
                let columns = marked(frame, frames, width);
                let cursor = column(frame, frames, width);
                assert!(columns.contains(&cursor), "{frame} of {frames}: {columns:?} {cursor}");
            }
        }
    }

    #[test]
    fn a_strip_of_no_frames_and_no_width_draws_nothing() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        Strip { marks: &[], look: FULL }.render(buffer.area, &mut buffer);
        let area = Rect::new(0, 0, 0, 1);
        Strip { marks: &[Mark::Same], look: FULL }.render(area, &mut buffer);
        assert_eq!(buffer, Buffer::empty(buffer.area));
    }
}
