//! The lines under the pictures: where the viewer stands, what was found, keys, digests, messages.

use super::desk::Desk;
use super::facts::Facts;
use super::player::Player;
use super::scene::Scene;
use super::strips::drawn;
use crate::drift::{Mark, mark};
use crate::drive::Verdict;
use crate::event::Outcome;
use crate::screen::Look;
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Span};

/// Everything that lines tell of.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) facts: &'a Facts,
    pub(super) player: &'a Player,
    pub(super) scene: &'a Scene,
    pub(super) desk: &'a Desk,
    pub(super) look: Look,
}

impl<'a> Lines<'a> {
    /// Whether it plays, how fast, which frame, when it was; in fewer words without the time.
    pub(super) fn place(&self) -> [Line<'a>; 2] {
        let (plays, stands) =
            if self.look.is_plain() { (">", "||") } else { ("\u{25b6}", "\u{2016}") };
        let sign = if self.player.due_us().is_some() { plays } else { stands };
        let frame = self.scene.frame();
        let frames = self.facts.actions.len();
        let us = self.facts.times_us.get(frame as usize).copied().unwrap_or(0);
        let speed = self.player.speed();
        let [time, nothing] = [format!("  {}", time(us)), String::new()];
        [time, nothing].map(|time| {
            Line::from(vec![
                format!(" {sign} {speed}  ").into(),
                format!("frame {frame}").bold(),
                format!(" of {frames}{time}").into(),
            ])
        })
    }

    /// What was found of the first side so far, in more words and in fewer.
    pub(super) fn found(&self) -> [Line<'a>; 2] {
        let frames = self.facts.actions.len() as u64;
        let verdict = self.worst();
        let checked = verdict.frames;
        let (long, short, mark) = match verdict.first_drift() {
            Some(first) => {
                let differing = verdict.differing;
                let long = format!("DRIFT from frame {first}; {differing} of {checked} differ");
                let mark = verdict.first_picture_drift.map_or(Mark::State, |_| Mark::Picture);
                (long, format!("DRIFT {first}"), mark)
            }
            None if checked == frames => {
                (format!("all {frames} frames replay the same"), "same".to_owned(), Mark::Same)
            }
            None if checked == 0 => ("nothing replayed yet".into(), String::new(), Mark::Unknown),
            None => {
                let long = format!("{checked} of {frames} replayed, all the same");
                (long, format!("{checked} same"), Mark::Same)
            }
        };
        [long, short].map(|text| Line::styled(text, self.style(mark)))
    }

    /// The verdict of the first side that drifted, or of the first.
    fn worst(&self) -> Verdict {
        let verdicts: Vec<Verdict> =
            (0..self.facts.sides.len()).map(|side| self.desk.verdict(side)).collect();
        let drifted = verdicts.iter().find(|verdict| verdict.first_drift().is_some());
        drifted.or(verdicts.first()).copied().unwrap_or_default()
    }

    /// The keys, those that were held lit; apart, and close together.
    pub(super) fn buttons(&self) -> [Line<'a>; 2] {
        let frame = self.scene.frame() as usize;
        let action = self.facts.actions.get(frame).copied().unwrap_or_default();
        let lit = |(index, label): (usize, String)| {
            let label = Span::raw(label);
            [
                Span::raw(" "),
                if action.holds(index) { label.bold().reversed() } else { label.dim() },
            ]
        };
        let names = || self.facts.buttons.iter();
        let apart = names().map(|name| format!(" {name} ")).enumerate().flat_map(lit).collect();
        let close = names().cloned().enumerate().flat_map(lit).collect();
        [apart, close].map(|spans: Vec<Span<'a>>| Line::from(spans))
    }

    /// The tape's name.
    pub(super) fn tape(&self) -> Line<'a> {
        Line::from(self.facts.tape.as_str().dim())
    }

    /// What a side made of this frame, and what it should have: picture and state of each.
    pub(super) fn digests(&self, side: usize) -> Line<'a> {
        let frame = self.scene.frame();
        let name = &self.facts.sides[side];
        let made = self.scene.print(side).map(|print| print.outcome);
        let expected = self.desk.expected(side, frame);
        let (word, found) = match (&expected, &made) {
            (Some(expected), made) => {
                let found = mark(expected, made.as_ref());
                (word(found), found)
            }
            (None, _) if name.is_checked => ("ended before", Mark::Unknown),
            (None, _) => ("other numbers", Mark::Unknown),
        };
        let mut spans = vec![Span::styled(format!(" {word:<15} "), self.style(found).bold())];
        if let Some(expected) = &expected {
            spans.push(format!("tape {}  ", digits(expected)).into());
        }
        let digits = made.as_ref().map_or_else(|| "-".repeat(17), digits);
        spans.push(format!("here {digits}").into());
        Line::from(spans)
    }

    /// Which command names the op, and how to see both sides; nothing without a drift.
    pub(super) fn hints(&self) -> Vec<Line<'a>> {
        let Some(first) = self.worst().first_drift() else { return Vec::new() };
        let (before, after) = &self.facts.explain;
        let mut lines = vec![Line::from(format!(" first op: {before}{first}{after}"))];
        if let Some(against) = &self.facts.against {
            lines.push(Line::from(format!(" a tape holds no pictures; both sides: {against}")));
        }
        lines
    }

    /// What there is to say now.
    pub(super) fn message(&self) -> Line<'a> {
        let (player, shown) = (self.player, self.scene.frame());
        if let Some(entry) = player.entry() {
            return Line::from(format!(" go to frame {entry}_"));
        }
        if let Some(trouble) = self.desk.trouble() {
            return Line::from(Span::styled(format!(" {trouble}"), self.style(Mark::Picture)));
        }
        if !self.scene.shows(player.at()) && player.due_us().is_none() {
            let left = self.desk.left().max(1);
            return Line::from(format!(" to frame {}: {left} to make, esc stops", player.at()));
        }
        if let Some(told) = player.told() {
            return Line::from(format!(" {told}"));
        }
        let mut notes = self.facts.notes.iter();
        if let Some((_, note)) = notes.find(|(frame, _)| *frame == shown) {
            return Line::from(vec![" note: ".bold(), note.as_str().into()]);
        }
        let ending = self.facts.ending.as_deref().unwrap_or_default();
        Line::from(Span::styled(format!(" {ending}"), self.style(Mark::State)))
    }

    fn style(&self, mark: Mark) -> Style {
        drawn(mark, self.look).1
    }
}

/// A mark in words.
pub(super) fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Unknown => "not made yet",
        Mark::Same => "same",
        Mark::State => "state differs",
        Mark::Picture => "picture differs",
    }
}

/// Picture and state, eight hexadecimal digits each.
fn digits(outcome: &Outcome) -> String {
    format!("{}/{:08x}", outcome.picture.short(), outcome.state_sum >> 32)
}

/// Minutes, seconds and milliseconds.
fn time(us: u64) -> String {
    let ms = us / 1000;
    format!("{}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_minutes_seconds_and_milliseconds() {
        let times = [0, 999_999, 61_002_003, 36_000_000_000].map(time);
        assert_eq!(times, ["0:00.000", "0:00.999", "1:01.002", "600:00.000"]);
    }

    #[test]
    fn digits_are_the_first_of_picture_and_state() {
        let mut outcome = Outcome { state_sum: 0x0123_4567_89ab_cdef, ..Outcome::default() };
        outcome.picture.0[0] = 0xab;
        assert_eq!(digits(&outcome), "ab000000/01234567");
    }
}
