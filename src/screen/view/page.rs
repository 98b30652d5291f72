//! The whole screen of a viewer: pictures, strips, lines, and what lies over them.

use super::desk::Desk;
use super::facts::Facts;
use super::lines::Lines;
use super::overlay::Over;
use super::pictures::Pictures;
use super::player::Player;
use super::scene::Scene;
use super::strips::{Ruler, Strip};
use crate::screen::{COLUMNS_MIN, Look, ROWS_MIN};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::Widget;

/// Rows from which on there is room for digests.
const ROWS_FOR_DIGESTS: u16 = 16;
/// Rows from which on there is room for what to do about a drift.
const ROWS_FOR_HINTS: u16 = 20;

/// Columns for the names of strips, where there are several.
const STRIP_NAME_COLUMNS: u16 = 10;

/// Everything that is seen.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// What stays.
    pub facts: &'a Facts,
    /// Where the viewer stands.
    pub player: &'a Player,
    /// The frame.
    pub scene: &'a Scene,
    /// The verdicts.
    pub desk: &'a Desk,
    /// What the terminal shows.
    pub look: Look,
}

impl Widget for Page<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
            let text = format!("needs {COLUMNS_MIN} columns, {ROWS_MIN} rows; q quits");
            return Line::from(text).render(area, buffer);
        }
        let names = self.strip_names();
        let lines = self.lines(area.height);
        let below = names.len() + 1 + lines.len();
        let [mut above, mut row] = [area, area];
        above.height -= below as u16;
        (row.y, row.height) = (above.bottom(), 1);
        let (facts, look) = (self.facts, self.look);
        let sides = self.player.sides();
        Pictures { facts, scene: self.scene, sides, look }.render(above, buffer);
        self.strips(&names, &mut row, buffer);
        for (left, right) in lines {
            edges(&left, &right, row, buffer);
            row.y += 1;
        }
        Over { what: self.player.overlay(), above, facts, look }.render(area, buffer);
    }
}

impl<'a> Page<'a> {
    /// One name a strip; no name needs telling where there is one strip.
    fn strip_names(&self) -> Vec<&'a str> {
        let sides = self.facts.sides.iter().filter(|side| side.is_checked);
        let mut names: Vec<&str> = sides.map(|side| side.short.as_str()).collect();
        names.resize(self.desk.with_strips(|strips| strips.len()), "tapes");
        names
    }

    /// The strips and their ruler; `row` moves on behind them.
    fn strips(&self, names: &[&str], row: &mut Rect, buffer: &mut Buffer) {
        let mut ruled = *row;
        if names.len() > 1 {
            ruled.x += STRIP_NAME_COLUMNS;
            ruled.width -= STRIP_NAME_COLUMNS;
        }
        self.desk.with_strips(|strips| {
            for (name, marks) in names.iter().zip(strips) {
                if names.len() > 1 {
                    let width = STRIP_NAME_COLUMNS - 1;
                    Line::from(name.dim()).render(Rect { width, ..*row }, buffer);
                }
                Strip { marks, look: self.look }.render(Rect { y: row.y, ..ruled }, buffer);
                row.y += 1;
            }
        });
        let (frames, at) = (self.facts.actions.len() as u64, self.player.at());
        let notes = &self.facts.notes;
        Ruler { frames, at, notes, look: self.look }.render(Rect { y: row.y, ..ruled }, buffer);
        row.y += 1;
    }

    /// The lines below, left and right sides, each in more words and in fewer.
    fn lines(&self, rows: u16) -> Vec<(Vec<Line<'a>>, Vec<Line<'a>>)> {
        let Page { facts, player, scene, desk, look } = *self;
        let lines = Lines { facts, player, scene, desk, look };
        let mut all = vec![
            (lines.place().to_vec(), lines.found().to_vec()),
            (lines.buttons().to_vec(), vec![lines.tape()]),
        ];
        if rows >= ROWS_FOR_DIGESTS {
            let sides = facts.sides.iter().enumerate();
            all.extend(sides.map(|(index, side)| {
                let names = [&side.name, &side.short].map(|name| Line::from(name.as_str().dim()));
                (vec![lines.digests(index)], names.to_vec())
            }));
        }
        if rows >= ROWS_FOR_HINTS {
            all.extend(lines.hints().into_iter().map(|hint| (vec![hint], Vec::new())));
        }
        all.push((vec![lines.message()], vec![Line::from("h help  q quits".dim())]));
        all
    }
}

/// One line from both sides, in as many words as there is room for. Where there is no room for both
/// the right one goes, unless it is the only one that there is: then the left one is cut.
fn edges(left: &[Line<'_>], right: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let mut pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
    let fitting = pairs.find(|(left, right)| left.width() + right.width() + 2 <= width);
    let (left, right) = match (fitting, left, right) {
        (Some((left, right)), ..) => (left, Some(right)),
        (None, [left], [right]) => (left, Some(right)),
        _ => (left.last().expect("a line has a left side"), None),
    };
    let taken = right.map_or(0, |right| right.width() + 2).min(width) as u16;
    left.render(Rect { width: area.width - taken, ..area }, buffer);
    if let Some(right) = right {
        right.render(Rect { x: area.right() - taken + 1, width: taken - 1, ..area }, buffer);
    }
}
