//! A play on the screen: the picture as large as there is room for, and its instruments.

use super::help::Help;
use super::panel::{LOW_ROWS, Panel, ROWS, SIDE_COLUMNS, SIDE_ROWS};
use super::{Facts, Shown};
use crate::input::{Command, Mood};
use crate::screen::{COLUMNS_MIN, Canvas, Cell, Look, Picture, ROWS_MIN, fit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

/// From here on a terminal is not low.
const HIGH_ROWS: u16 = 16;

/// Everything that is shown of a frame.
pub struct View<'a> {
    /// What stays.
    pub facts: &'a Facts,
    /// The frame.
    pub shown: &'a Shown,
    /// What the play does.
    pub mood: Mood,
    /// From a key to the first picture it made: p50 and p99 of the newest, in microseconds.
    pub key_to_screen_us: Option<(u32, u32)>,
    /// What cells the terminal shows.
    pub look: Look,
    /// Their size.
    pub cell: Cell,
    /// Where the terminal has graphics of its own.
    pub canvas: Option<&'a mut Canvas>,
}

/// Where the instruments are.
enum Place {
    Beside,
    Below,
}

impl Widget for View<'_> {
    fn render(mut self, area: Rect, buffer: &mut Buffer) {
        if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
            let quit = self.facts.commands.key(Command::Quit);
            let text = format!("needs {COLUMNS_MIN} columns, {ROWS_MIN} rows; {quit} quits");
            return Line::from(text).render(area, buffer);
        }
        let (above, instruments, place) = self.layout(area);
        self.picture(above, buffer);
        let look = self.look;
        let (facts, shown, mood, key_to_screen_us) =
            (self.facts, self.shown, self.mood, self.key_to_screen_us);
        let panel = Panel { facts, shown, mood, key_to_screen_us, look };
        match place {
            Place::Beside => panel.beside(instruments, buffer),
            Place::Below => panel.below(instruments, buffer),
        }
        if mood.shows_help {
            Help { facts, mood, look }.render(above, buffer);
        } else if mood.is_paused {
            self.paused(above, buffer);
        }
    }
}

impl View<'_> {
    /// As graphics, where there are any and no text is to lie over them that could not be taken
    /// away again; else as cells.
    fn picture(&mut self, area: Rect, buffer: &mut Buffer) {
        let has_text = self.mood.is_paused || self.mood.shows_help;
        let (pixels, size) = (&self.shown.pixels, self.facts.picture);
        let canvas = self.canvas.as_mut().filter(|canvas| canvas.takes_text() || !has_text);
        if canvas.is_some_and(|canvas| canvas.draw(pixels, size, area, buffer)) {
            return;
        }
        let (look, cell, (width, height)) = (self.look, self.cell, size);
        Picture { pixels, width, height, look, cell }.render(area, buffer);
    }

    /// The area of the picture and that of the instruments: beside it where that makes the picture
    /// larger, else below.
    fn layout(&self, area: Rect) -> (Rect, Rect, Place) {
        let cells = |width: u16, height: u16| {
            let (columns, rows) = fit(self.facts.picture, (width.into(), height.into()), self.cell);
            columns * rows
        };
        let rows = if area.height < HIGH_ROWS { LOW_ROWS } else { ROWS };
        let side_rows = SIDE_ROWS + self.facts.buttons.len() as u16;
        let beside = area.width.saturating_sub(SIDE_COLUMNS);
        let fits = area.height >= side_rows && beside >= COLUMNS_MIN;
        let (mut picture, mut instruments) = (area, area);
        if fits && cells(beside, area.height) > cells(area.width, area.height - rows) {
            picture.width = beside;
            (instruments.x, instruments.width) = (picture.right(), SIDE_COLUMNS);
            return (picture, instruments, Place::Beside);
        }
        picture.height -= rows;
        (instruments.y, instruments.height) = (picture.bottom(), rows);
        (picture, instruments, Place::Below)
    }

    /// A line over the foot of the picture.
    fn paused(&self, area: Rect, buffer: &mut Buffer) {
        let key = |command| self.facts.commands.key(command);
        let (pause, step) = (key(Command::Pause), key(Command::Step));
        let line = Line::from(format!(" PAUSED  {pause} goes on  {step} makes one frame "));
        let width = (line.width() as u16).min(area.width);
        let x = area.x + (area.width - width) / 2;
        let place = Rect { x, y: area.bottom().saturating_sub(2), width, height: 1 };
        Clear.render(place, buffer);
        line.bold().reversed().render(place, buffer);
    }
}
