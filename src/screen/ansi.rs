//! A terminal that is not there: a picture as the text that would draw the cells that changed.

use super::{Cell, Look, Palette, Picture, fit};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, MoveTo, Show};
use ratatui::crossterm::queue;
use ratatui::crossterm::style::{ResetColor, force_color_output};
use ratatui::crossterm::terminal::{Clear, ClearType};
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use std::io;

/// Rows under the picture, for the line about it.
const LINE_ROWS: u16 = 1;

/// What the terminal would show: pictures of one size, drawn as a play draws them.
pub struct AnsiScreen {
    picture: (usize, usize),
    shown: Buffer,
    is_first: bool,
}

impl AnsiScreen {
    /// A terminal just large enough for pictures of so many pixels, in at most `columns_max`
    /// columns and `rows_max` rows, and a line under them. From now on colours are written even
    /// where NO_COLOR is set: the text is for another terminal.
    pub fn new(picture: (usize, usize), columns_max: u16, rows_max: u16) -> AnsiScreen {
        force_color_output(true);
        let (columns, rows) =
            fit(picture, (usize::from(columns_max), usize::from(rows_max)), Cell::default());
        let area = Rect::new(0, 0, (columns as u16).max(1), rows as u16 + LINE_ROWS);
        AnsiScreen { picture, shown: Buffer::empty(area), is_first: true }
    }

    /// Its columns and rows.
    pub fn size(&self) -> (u16, u16) {
        (self.shown.area.width, self.shown.area.height)
    }

    /// The text that puts a picture (RGB u8 rows) above its last row and `line` into that row;
    /// empty where the terminal shows just that.
    ///
    /// # Errors
    /// Never, as far as is known: the text lies in memory.
    pub fn draw(&mut self, pixels: &[u8], line: &str) -> io::Result<String> {
        let area = self.shown.area;
        let mut next = Buffer::empty(area);
        let above = Rect { height: area.height - LINE_ROWS, ..area };
        let (width, height) = self.picture;
        let look = Look { palette: Palette::Full, is_ascii: false };
        let cell = Cell::default();
        Picture { pixels, width, height, look, cell }.render(above, &mut next);
        let below = Rect { y: above.height, height: LINE_ROWS, ..area };
        Line::from(line).render(below, &mut next);
        let mut text = Vec::new();
        if std::mem::take(&mut self.is_first) {
            queue!(text, Hide, Clear(ClearType::All))?;
        }
        let changed = self.shown.diff(&next);
        if !changed.is_empty() {
            CrosstermBackend::new(&mut text).draw(changed.into_iter())?;
        }
        self.shown = next;
        utf8(text)
    }

    /// The text that gives the terminal back, the cursor on the last row: all stays where it is.
    ///
    /// # Errors
    /// As [`AnsiScreen::draw`].
    pub fn leave(&self) -> io::Result<String> {
        let mut text = Vec::new();
        queue!(text, ResetColor, MoveTo(0, self.shown.area.height - LINE_ROWS), Show)?;
        utf8(text)
    }
}

fn utf8(text: Vec<u8>) -> io::Result<String> {
    String::from_utf8(text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_changed_are_drawn() {
        let mut screen = AnsiScreen::new((4, 2), 4, 100);
        assert_eq!(screen.size(), (4, 2));
        let mut pixels = [5; 3 * 4 * 2];
        let mut draw = |pixels: &[u8], line: &str| screen.draw(pixels, line).expect("in memory");
        assert_eq!(draw(&pixels, "a").matches('\u{2580}').count(), 4);
        assert_eq!(draw(&pixels, "a"), "");
        pixels[3] = 200;
        let text = draw(&pixels, "a");
        assert_eq!(text.matches('\u{2580}').count(), 1, "{text:?}");
        assert!(text.starts_with("\u{1b}[1;2H\u{1b}[38;2;200;5;5;48;2;5;5;5m\u{2580}"), "{text:?}");
        assert!(draw(&pixels, "b").contains("\u{1b}[2;1Hb"));
    }
}
