//! What lies over the pictures when asked: the keys, and how the machines differ.

use super::facts::Facts;
use super::lines::word;
use super::orders::KEYS;
use super::player::Overlay;
use super::strips::drawn;
use crate::drift::{Fact, Mark};
use crate::screen::Look;
use crate::screen::boxes::{borders, centred};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Widget};

/// Columns of the help, with its frame.
const HELP_COLUMNS: u16 = 60;
/// Columns of the machines at most, with their frame.
const MACHINES_COLUMNS: u16 = 100;

/// What lies over the pictures.
pub(super) struct Over<'a> {
    pub(super) what: Overlay,
    /// Where it lies if it fits there.
    pub(super) above: Rect,
    pub(super) facts: &'a Facts,
    pub(super) look: Look,
}

impl Widget for Over<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let columns = match self.what {
            Overlay::Nothing => return,
            Overlay::Help => HELP_COLUMNS,
            Overlay::Machines => MACHINES_COLUMNS,
        };
        let columns = columns.min(area.width);
        let (title, lines) = match self.what {
            Overlay::Machines => (" machines ", self.machines(columns.saturating_sub(2))),
            _ => (" keys ", self.help()),
        };
        // A frame costs two rows; where these are needed there is none.
        let area = if lines.len() <= usize::from(self.above.height) { self.above } else { area };
        let is_framed = lines.len() + 2 <= usize::from(area.height);
        let place = centred(area, columns, lines.len() as u16 + 2 * u16::from(is_framed));
        let text = Paragraph::new(lines);
        let frame = Block::bordered().border_set(borders(self.look.is_plain())).title(title);
        Clear.render(place, buffer);
        if is_framed { text.block(frame) } else { text }.render(place, buffer);
    }
}

impl Over<'_> {
    fn help(&self) -> Vec<Line<'_>> {
        let row = |(keys, what): &(&'static str, &'static str)| {
            Line::from(vec![format!(" {keys:<12} ").bold(), Span::raw(*what)])
        };
        let mut lines: Vec<Line<'_>> = KEYS.iter().map(row).collect();
        let marks = [Mark::Same, Mark::State, Mark::Picture, Mark::Unknown];
        let legend = marks.into_iter().flat_map(|mark| {
            let (symbol, style) = drawn(mark, self.look);
            [Span::styled(format!(" {symbol} "), style), word(mark).into()]
        });
        lines.push(Line::from(legend.collect::<Vec<_>>()));
        lines
    }

    fn machines(&self, columns: u16) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        for machines in &self.facts.machines {
            lines.push(Line::from(format!(" {}", machines.title).bold()));
            if machines.facts.is_empty() {
                lines.push(Line::from("   nothing differs".dim()));
            }
            for Fact { name, theirs, ours } in &machines.facts {
                let (name, theirs) = (format!("   {name}: ").dim(), Span::raw(theirs));
                let ours = Span::raw(format!(" | {ours}"));
                let together = Line::from(vec![name.clone(), theirs.clone(), ours.clone()]);
                if together.width() <= usize::from(columns) {
                    lines.push(together);
                } else {
                    lines.push(Line::from(vec![name, theirs]));
                    lines.push(Line::from(vec![Span::raw("     "), ours]));
                }
            }
        }
        lines
    }
}
