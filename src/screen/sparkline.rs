//! Measurements as a row of bars, the newest on the right.

use super::Recent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::widgets::Widget;

const BARS: [char; 8] = [
    '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}',
];
const LETTERS: [char; 8] = ['_', '.', ':', '-', '=', '+', '#', '@'];

/// The newest of some measurements: as many as the area is wide.
#[derive(Clone, Copy, Debug)]
pub struct Sparkline<'a> {
    /// What was measured.
    pub recent: &'a Recent,
    /// What it may take, three quarters of a full bar: beyond it a bar is red.
    pub limit_us: u32,
    /// Letters instead of bars.
    pub is_ascii: bool,
    /// Red where it is over the limit.
    pub has_colors: bool,
}

impl Widget for Sparkline<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let width = usize::from(area.width);
        let count = self.recent.newest(width).count();
        let first = area.right() - count as u16;
        for (x, us) in (first..).zip(self.recent.newest(width)) {
            let (letter, is_over) = self.bar(us);
            let cell = &mut buffer[(x, area.y)];
            cell.set_char(letter);
            if is_over && self.has_colors {
                cell.set_style(Style::new().fg(Color::Red));
            }
        }
    }
}

impl Sparkline<'_> {
    fn bar(&self, us: u32) -> (char, bool) {
        let bars = if self.is_ascii { LETTERS } else { BARS };
        let most = bars.len() - 1;
        let place = u64::from(us) * 3 * most as u64 / (4 * u64::from(self.limit_us.max(1)));
        (bars[(place as usize).min(most)], us > self.limit_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_and_are_red_beyond_the_limit() {
        let mut recent = Recent::default();
        [0, 50, 100, 101, 1_000].into_iter().for_each(|us| recent.add(us));
        let drawn = |is_ascii, width| {
            let area = Rect::new(0, 0, width, 1);
            let mut buffer = Buffer::empty(area);
            let line = Sparkline { recent: &recent, limit_us: 100, is_ascii, has_colors: true };
            line.render(area, &mut buffer);
            let cell = |x| (buffer[(x, 0)].symbol().to_owned(), buffer[(x, 0)].fg);
            let cells: (Vec<String>, Vec<Color>) = (0..width).map(cell).unzip();
            (cells.0.concat(), cells.1)
        };
        let (text, colors) = drawn(false, 6);
        assert_eq!(text, " \u{2581}\u{2583}\u{2586}\u{2586}\u{2588}");
        assert_eq!(colors[3..], [Color::Reset, Color::Red, Color::Red]);
        assert_eq!(drawn(true, 2).0, "+@");
        drawn(true, 0);
    }
}
