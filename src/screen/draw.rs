//! One frame on the screen: the picture, and the status under it.

use super::status::STATUS_ROWS;
use super::{COLUMNS_MIN, Facts, Palette, Picture, ROWS_MIN, Shown, Status};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

/// Everything that is shown of a frame.
pub(super) struct View<'a> {
    pub(super) facts: &'a Facts,
    pub(super) shown: &'a Shown,
    pub(super) palette: Palette,
}

impl Widget for View<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
            let text = format!("needs {COLUMNS_MIN} columns, {ROWS_MIN} rows; q quits");
            return Line::from(text).render(area, buffer);
        }
        let (mut above, mut below) = (area, area);
        above.height -= STATUS_ROWS;
        (below.y, below.height) = (above.bottom(), STATUS_ROWS);
        let (width, height) = self.facts.picture;
        let pixels = &self.shown.pixels;
        Picture { pixels, width, height, palette: self.palette }.render(above, buffer);
        Status { facts: self.facts, shown: self.shown }.render(below, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(width: u16, height: u16) -> Vec<String> {
        let facts = Facts { picture: (4, 2), frames_per_second: 35, ..Facts::default() };
        let shown = Shown { pixels: vec![255; 24], ..Shown::default() };
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let view = View { facts: &facts, shown: &shown, palette: Palette::Letters };
        view.render(buffer.area, &mut buffer);
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(row).collect()
    }

    #[test]
    fn the_picture_stands_in_the_middle_above_two_lines() {
        let rows = rows(42, 12);
        let blank = " ".repeat(42);
        let picture = format!(" {}{}", "@".repeat(40), " ");
        assert!(rows[..10].iter().all(|row| *row == picture), "{rows:#?}");
        assert!(rows[10].ends_with("frame 0  0.0 of 35 fps "), "{rows:#?}");
        assert_ne!(rows[11], blank);
    }

    #[test]
    fn a_terminal_made_too_small_says_what_it_needs() {
        assert!(rows(39, 24)[0].starts_with("needs 40 columns, 12 rows; q quits"));
        assert!(rows(80, 11)[0].starts_with("needs 40 columns"));
        assert_eq!(rows(5, 1), ["needs"]);
    }
}
