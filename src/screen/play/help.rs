//! The keys, over the picture.

use super::Facts;
use crate::input::{Command, Hold, Mood};
use crate::screen::Look;
use crate::screen::boxes::{borders, centred};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Widget};

/// Most columns that the box takes.
const COLUMNS_MAX: u16 = 64;

/// The keys of the world on the left, those of the program on the right.
pub(super) struct Help<'a> {
    pub(super) facts: &'a Facts,
    pub(super) mood: Mood,
    pub(super) look: Look,
}

impl Widget for Help<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let (buttons, commands, hold) = (self.buttons(), self.commands(), self.hold());
        let rows = buttons.len().max(commands.len()) as u16 + 2 + hold.len() as u16;
        let area = centred(area, COLUMNS_MAX, rows);
        Clear.render(area, buffer);
        let border = borders(self.look.is_ascii);
        let block = Block::bordered().border_set(border).title(" keys ");
        let inside = block.inner(area);
        block.render(area, buffer);
        let [keys, below] =
            Layout::vertical([Constraint::Fill(1), Constraint::Length(hold.len() as u16)])
                .areas(inside);
        let [left, right] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(keys);
        Paragraph::new(buttons).render(left, buffer);
        Paragraph::new(commands).render(right, buffer);
        Paragraph::new(hold).render(below, buffer);
    }
}

impl Help<'_> {
    fn buttons(&self) -> Vec<Line<'_>> {
        let buttons = self.facts.buttons.iter();
        buttons.map(|(name, keys)| row(keys.clone(), name.as_str())).collect()
    }

    fn commands(&self) -> Vec<Line<'_>> {
        let row = |command, text| row(self.facts.commands.key(command).to_string(), text);
        let pauses = if self.mood.is_paused { "goes on" } else { "pauses" };
        let latch = if self.mood.hold == Hold::Latch { "unlatches" } else { "latches keys" };
        vec![
            row(Command::Pause, pauses),
            row(Command::Step, "one frame"),
            row(Command::Restart, "restarts"),
            row(Command::Mark, "marks"),
            row(Command::Latch, latch),
            row(Command::Help, "closes this"),
            row(Command::Quit, "quits"),
        ]
    }

    /// How long a key counts as held.
    fn hold(&self) -> Vec<Line<'_>> {
        let text = match (self.mood.hold, self.facts.has_releases) {
            (Hold::Latch, _) => "a key holds until it is pressed again",
            (_, true) => "keys are held as long as they are down",
            (Hold::Bridge, false) => "a first tap lasts half a second",
            (Hold::Tap, false) => "held keys pause until they repeat",
        };
        vec![Line::from(format!(" {text}").dim())]
    }
}

fn row<'a>(keys: String, text: &'a str) -> Line<'a> {
    Line::from(vec![Span::raw(format!(" {keys:>6} ")).bold(), Span::raw(text)])
}
