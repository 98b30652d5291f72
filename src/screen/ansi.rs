//! A terminal that is not there: a picture as the text that would draw it, cells that changed alone.

use super::Picture;
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

/// What the terminal would show.
pub struct AnsiScreen {
    shown: Buffer,
    is_first: bool,
}

impl AnsiScreen {
    /// A terminal of that size (at least one row); from now on colours are written even where
    /// NO_COLOR is set: the text is for another terminal.
    pub fn new(columns: u16, rows: u16) -> AnsiScreen {
        force_color_output(true);
        AnsiScreen { shown: Buffer::empty(Rect::new(0, 0, columns, rows)), is_first: true }
    }

    /// The text that puts the picture above its last row and `line` into that row; empty where the
    /// terminal shows just that.
    ///
    /// # Errors
    /// Never, as far as is known: the text lies in memory.
    pub fn draw(&mut self, picture: Picture<'_>, line: &str) -> io::Result<String> {
        let area = self.shown.area;
        let mut next = Buffer::empty(area);
        let above = Rect { height: area.height.saturating_sub(1), ..area };
        picture.render(above, &mut next);
        Line::from(line).render(Rect { y: above.height, height: 1, ..area }, &mut next);
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

    /// The text that gives the terminal back, the cursor after the last row.
    ///
    /// # Errors
    /// As [`AnsiScreen::draw`].
    pub fn leave(&self) -> io::Result<String> {
        let mut text = Vec::new();
        queue!(text, ResetColor, MoveTo(0, self.shown.area.height.saturating_sub(1)), Show)?;
        text.extend_from_slice(b"\r\n");
        utf8(text)
    }
}

fn utf8(text: Vec<u8>) -> io::Result<String> {
    String::from_utf8(text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::super::Palette;
    use super::*;

    #[test]
    fn only_cells_that_changed_are_drawn() {
        let mut screen = AnsiScreen::new(4, 2);
        let mut pixels = [5; 3 * 4 * 2];
        let mut draw = |pixels: &[u8], line: &str| {
            let picture = Picture { pixels, width: 4, height: 2, palette: Palette::Full };
            screen.draw(picture, line).expect("in memory")
        };
        assert_eq!(draw(&pixels, "a").matches('\u{2580}').count(), 4);
        assert_eq!(draw(&pixels, "a"), "");
        pixels[3] = 200;
        let text = draw(&pixels, "a");
        assert_eq!(text.matches('\u{2580}').count(), 1, "{text:?}");
        assert!(text.starts_with("\u{1b}[1;2H\u{1b}[38;2;200;5;5;48;2;5;5;5m\u{2580}"), "{text:?}");
        assert!(draw(&pixels, "b").contains("\u{1b}[2;1Hb"));
    }
}
