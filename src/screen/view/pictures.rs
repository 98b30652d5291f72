//! The pictures: one, or both sides and the heat of their difference, as large as they fit.

use super::facts::Facts;
use super::player::Sides;
use super::scene::{Contrast, Scene};
use crate::screen::{Cell, Look, Picture, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::Widget;

/// The pictures of a frame.
pub(super) struct Pictures<'a> {
    pub(super) facts: &'a Facts,
    pub(super) scene: &'a Scene,
    pub(super) sides: Sides,
    pub(super) look: Look,
}

impl Widget for Pictures<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let Some(first) = self.scene.print(0) else {
            let text = format!("making frame {} ...", self.scene.frame());
            return Line::from(text.dim()).centered().render(middle(area), buffer);
        };
        match self.beside(area) {
            None => self.picture(&first.pixels, area, buffer),
            Some((second, contrast)) => {
                let [left, right, heat] = self.arranged(area);
                let names = [0, 1].map(|side| &self.facts.sides[side]);
                let names = names.map(|side| [side.name.clone(), side.short.clone()]);
                self.titled(&first.pixels, &names[0], left, buffer);
                self.titled(second, &names[1], right, buffer);
                self.titled(&contrast.heat, &told(contrast), heat, buffer);
            }
        }
    }
}

impl Pictures<'_> {
    /// The second picture and the difference, where they shall be shown and there is room.
    fn beside(&self, area: Rect) -> Option<(&[u8], &Contrast)> {
        let contrast = self.scene.contrast()?;
        let second = &self.scene.print(1)?.pixels;
        let is_shown = match self.sides {
            Sides::Differing => contrast.difference.pixels > 0,
            Sides::Both => true,
            Sides::First => false,
        };
        (is_shown && area.height > 2).then_some((second, contrast))
    }

    /// Places for left, right and heat: three in a row, or heat below, whichever is larger.
    fn arranged(&self, area: Rect) -> [Rect; 3] {
        let part = |columns: u16, rows: u16, column: u16, row: u16| {
            let (width, height) = (area.width / columns, area.height / rows);
            let (x, y) = (area.x + column * width, area.y + row * height);
            Rect::new(x, y, width.saturating_sub(u16::from(column + 1 < columns)), height)
        };
        let row = [part(3, 1, 0, 0), part(3, 1, 1, 0), part(3, 1, 2, 0)];
        let mut square = [part(2, 2, 0, 0), part(2, 2, 1, 0), part(2, 2, 0, 1)];
        square[2].width = area.width;
        if self.fitted(square[0]).0 > self.fitted(row[0]).0 { square } else { row }
    }

    /// Columns and rows of a picture with a title over it.
    fn fitted(&self, area: Rect) -> (u16, u16) {
        let (width, height) = self.facts.picture;
        let rows = area.height.saturating_sub(1);
        let (columns, rows) =
            fit((width, height), (area.width.into(), rows.into()), Cell::default());
        (columns as u16, rows as u16)
    }

    /// A picture with a title right above it, the longest of `titles` that fits.
    fn titled(&self, pixels: &[u8], titles: &[String], area: Rect, buffer: &mut Buffer) {
        let rows = self.fitted(area).1;
        let top = area.y + area.height.saturating_sub(rows + 1) / 2;
        let above = Rect { y: top, height: area.height.min(1), ..area };
        let fits = |title: &&String| title.chars().count() <= area.width.into();
        if let Some(title) = titles.iter().find(fits).or(titles.last()) {
            Line::from(title.as_str().dim()).centered().render(above, buffer);
        }
        self.picture(pixels, Rect { y: above.bottom(), height: rows, ..area }, buffer);
    }

    fn picture(&self, pixels: &[u8], area: Rect, buffer: &mut Buffer) {
        let ((width, height), look) = (self.facts.picture, self.look);
        let cell = Cell::default();
        Picture { pixels, width, height, look, cell }.render(area, buffer);
    }
}

/// The difference in a few words, and in fewer.
fn told(contrast: &Contrast) -> [String; 3] {
    let difference = &contrast.difference;
    let (pixels, largest) = (difference.pixels, difference.largest);
    match difference.psnr_db {
        None => ["no difference", "no difference", "equal"].map(str::to_owned),
        Some(psnr_db) => [
            format!("difference: {pixels} pixels, by {largest} at most, {psnr_db:.1} dB"),
            format!("{pixels} px, max {largest}, {psnr_db:.1} dB"),
            format!("{psnr_db:.1} dB"),
        ],
    }
}

fn middle(area: Rect) -> Rect {
    let row = area.y + area.height / 2;
    Rect::new(area.x, row, area.width, area.height.min(1))
}
