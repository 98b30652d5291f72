//! The instruments around the picture: tape, frame, rate, times, keys, device, digest.

use super::facts::size;
use super::{Facts, Shown};
use crate::input::{Command, Hold, Mood};
use crate::screen::{Look, Sparkline};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::sync::atomic::Ordering;

/// Columns that the panel takes beside the picture.
pub(super) const SIDE_COLUMNS: u16 = 34;
/// Rows that it needs there, beside one for each button.
pub(super) const SIDE_ROWS: u16 = 14;
/// Rows that it takes under the picture, and those it takes of a low terminal.
pub(super) const ROWS: u16 = 4;
pub(super) const LOW_ROWS: u16 = 3;

/// Where that row of bars is beside the picture.
const BARS_ROW: usize = 4;

/// Where the tape's name stands: what comes last is cut where there is no room.
#[derive(Clone, Copy)]
enum TapeName {
    /// Without the size.
    Alone,
    /// Before the size.
    First,
    /// After it.
    Last,
}

/// From so many columns on, times and digest have names.
const WIDE: u16 = 64;

/// Most columns of a row of bars, and those that it has before names are whole.
const BARS_MAX: u16 = 32;
const BARS_MIN: u16 = 8;

/// What is said of a frame.
pub(super) struct Panel<'a> {
    pub(super) facts: &'a Facts,
    pub(super) shown: &'a Shown,
    pub(super) mood: Mood,
    /// From a key to the first picture it made: p50 and p99.
    pub(super) key_to_screen_us: Option<(u32, u32)>,
    pub(super) look: Look,
}

impl Panel<'_> {
    /// Beside the picture: a line each.
    pub(super) fn beside(&self, area: Rect, buffer: &mut Buffer) {
        let blank = Line::default;
        let mut lines = vec![self.tape(TapeName::Alone), self.tape_size()];
        lines.extend([self.frame(), self.times(true), blank(), blank()]);
        lines.extend([self.key_to_screen(true), self.digest(true), self.device(), blank()]);
        lines.extend((0..self.facts.buttons.len()).map(|index| self.button(index)));
        lines.extend([blank(), self.hints(), self.marks()]);
        for (row, line) in area.rows().zip(lines) {
            line.render(row, buffer);
        }
        if let Some(row) = area.rows().nth(BARS_ROW) {
            self.bars(row.width.saturating_sub(2)).render(row, buffer);
        }
    }

    /// Under the picture: two things a line.
    pub(super) fn below(&self, area: Rect, buffer: &mut Buffer) {
        let mut rows = area.rows();
        let mut row = || rows.next().unwrap_or_default();
        let is_wide = area.width >= WIDE;
        let name = if is_wide { TapeName::First } else { TapeName::Last };
        sides(self.tape(name), self.frame(), row(), buffer);
        self.buttons_and_bars(row(), buffer);
        let mut left = self.digest(is_wide);
        left.spans.push(Span::raw(" "));
        left.spans.extend(self.device().spans);
        sides(left, self.key_to_screen(is_wide), row(), buffer);
        sides(self.hints(), self.marks(), row(), buffer);
    }

    /// Buttons on the left, on the right what the newest frames took, as bars where there is room.
    fn buttons_and_bars(&self, area: Rect, buffer: &mut Buffer) {
        let times = self.times(area.width >= WIDE);
        let taken = times.width() as u16;
        let names = self.facts.buttons.iter().map(|button| button.0.chars().count() as u16 + 3);
        let room = area.width.saturating_sub(taken);
        let short = self.facts.buttons.len() as u16 * 4;
        // Some bars come before whole names, more of them after.
        let some = room.saturating_sub(short).min(BARS_MIN);
        let bars = room.saturating_sub(names.sum()).max(some).min(BARS_MAX);
        let mut left = area;
        left.width = area.width.saturating_sub(taken + bars);
        sides(self.buttons(left.width), times, area, buffer);
        if bars >= 4 {
            self.bars(bars).render(Rect { x: left.right(), width: bars, ..area }, buffer);
        }
    }

    fn bars(&self, columns: u16) -> Bars<'_> {
        let limit_us = 1_000_000 / self.facts.frames_per_second.max(1);
        let Look { is_ascii, .. } = self.look;
        let has_colors = self.look.has_colors();
        Bars {
            line: Sparkline { recent: &self.shown.took_us, limit_us, is_ascii, has_colors },
            columns,
        }
    }

    fn tape(&self, place: TapeName) -> Line<'_> {
        let Some((name, _)) = &self.facts.tape else {
            return Line::from(" not recorded".dim());
        };
        let mark = if self.look.is_ascii { " * REC " } else { " \u{25cf} REC " };
        let mut line = Line::from(Span::styled(mark, Style::new().fg(Color::Red).bold()));
        let size = self.tape_size();
        match place {
            TapeName::Alone => line.spans.push(Span::raw(name)),
            TapeName::First => {
                line.spans.push(Span::raw(name));
                line.spans.extend(size.spans);
            }
            TapeName::Last => {
                line.spans.extend(size.spans.into_iter().skip(1));
                line.spans.extend([Span::raw(" "), Span::raw(name)]);
            }
        }
        line
    }

    fn tape_size(&self) -> Line<'_> {
        let bytes = self.facts.tape.as_ref().map(|tape| tape.1.load(Ordering::Relaxed));
        let size = bytes.map_or_else(String::new, size);
        Line::from(vec![Span::raw("  "), Span::raw(size)])
    }

    fn frame(&self) -> Line<'_> {
        let (whole, tenths) = (self.shown.rate_tenths / 10, self.shown.rate_tenths % 10);
        let rate = self.facts.frames_per_second;
        Line::from(format!(" frame {}  {whole}.{tenths} of {rate} fps ", self.shown.frame))
    }

    fn times(&self, is_named: bool) -> Line<'_> {
        let times = self.shown.took_us.p50_p99_us();
        let text = times.map_or_else(|| "- ".to_owned(), |times| format!("{} ms ", pair(times)));
        Line::from(format!("{}{text}", if is_named { " frame time " } else { " " }))
    }

    fn key_to_screen(&self, is_named: bool) -> Line<'_> {
        let text = match self.key_to_screen_us {
            None => "-".to_owned(),
            Some(times) => format!("{} ms", pair(times)),
        };
        let name = if is_named { "key to screen" } else { "key" };
        Line::from(format!(" {name} {text} "))
    }

    fn digest(&self, is_named: bool) -> Line<'_> {
        let name = if is_named { " picture " } else { " " };
        Line::from(vec![name.dim(), Span::raw(self.shown.digest.short())])
    }

    fn device(&self) -> Line<'_> {
        Line::from(vec![Span::raw(" "), self.facts.device.as_str().dim()])
    }

    /// All buttons, named as long as `columns` allow.
    fn buttons(&self, columns: u16) -> Line<'_> {
        let names = || self.facts.buttons.iter().map(|button| button.0.as_str());
        let longest = names().map(|name| name.chars().count()).max().unwrap_or(0);
        let width = |most: usize| names().map(|name| name.chars().count().min(most) + 3).sum();
        let fits = |&most: &usize| {
            let width: usize = width(most);
            width <= usize::from(columns)
        };
        let most = (1..=longest).rev().find(fits).unwrap_or(1);
        let spans = names().enumerate().flat_map(|(index, name)| {
            let name: String = name.chars().take(most).collect();
            [Span::raw(" "), self.lit(index, Span::raw(format!(" {name} ")))]
        });
        Line::from(spans.collect::<Vec<_>>())
    }

    /// One button and its keys.
    fn button(&self, index: usize) -> Line<'_> {
        let (name, keys) = &self.facts.buttons[index];
        let label = self.lit(index, Span::raw(format!(" {name} ")));
        Line::from(vec![Span::raw(" "), label, Span::raw(" "), keys.as_str().dim()])
    }

    fn lit<'a>(&self, index: usize, label: Span<'a>) -> Span<'a> {
        if self.shown.action.holds(index) { label.bold().reversed() } else { label.dim() }
    }

    fn hints(&self) -> Line<'_> {
        let key = |command| self.facts.commands.key(command);
        let (pause, help, quit) = (key(Command::Pause), key(Command::Help), key(Command::Quit));
        Line::from(format!(" {pause} pause  {help} help  {quit} quits").dim())
    }

    fn marks(&self) -> Line<'_> {
        let latch = if self.mood.hold == Hold::Latch { " latched " } else { "" };
        let marks = match self.mood.marks {
            0 => String::new(),
            1 => " 1 mark ".to_owned(),
            marks => format!(" {marks} marks "),
        };
        Line::from(vec![Span::raw(latch).bold(), Span::raw(marks)])
    }
}

/// A row of bars as wide as it shall be.
struct Bars<'a> {
    line: Sparkline<'a>,
    columns: u16,
}

impl Widget for Bars<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let inset = area.width.saturating_sub(self.columns).min(1);
        let width = self.columns.min(area.width - inset);
        self.line.render(Rect { x: area.x + inset, width, ..area }, buffer);
    }
}

/// Two times in milliseconds, p50 and p99.
fn pair((p50_us, p99_us): (u32, u32)) -> String {
    let ms = |us: u32| format!("{}.{}", us / 1000, us / 100 % 10);
    format!("{} / {}", ms(p50_us), ms(p99_us))
}

/// One line from both sides; where they meet, the right one is whole.
fn sides(left: Line<'_>, right: Line<'_>, area: Rect, buffer: &mut Buffer) {
    let width = (right.width() as u16).min(area.width);
    let [mut before, mut after] = [area, area];
    before.width = area.width - width;
    (after.x, after.width) = (area.right() - width, width);
    left.render(before, buffer);
    right.render(after, buffer);
}
