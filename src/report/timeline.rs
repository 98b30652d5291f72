//! The timeline: a strip of marks for each thing held against another, a lane for each button.

use super::chart::{rectangle, runs};
use super::text::{Text, counted, duration, grouped};
use super::{Report, Row};
use crate::drift::{Mark, strip};
use crate::event::Action;
use crate::session::Note;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Most columns of a strip: frames beyond that share one, which shows the worst of them.
const COLUMNS_MAX: usize = 1000;

/// A difference is at least this share of a strip wide, so that one frame of many is seen.
const WIDTH_SHARE: usize = 300;

/// Height of a strip, in its own units.
const HEIGHT: usize = 24;

/// How each mark is drawn: its class, and how high it is, so that no colour is needed.
const MARKS: [(Mark, &str, std::ops::Range<usize>); 4] = [
    (Mark::Unknown, "unknown", 11..13),
    (Mark::Same, "same", 9..15),
    (Mark::State, "state", 4..20),
    (Mark::Picture, "picture", 0..24),
];

/// The section's content.
pub(super) fn timeline(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let frames = report.frames();
    let mut out = String::from("<div class=\"tracks\" id=\"tracks\">\n");
    for row in rows {
        let label = format!("{} <span class=\"versus\">against</span> {}", bdi(&row.left), {
            bdi(&row.right)
        });
        track(&mut out, "marks", &label, &marks_svg(row, frames));
    }
    let names = &report.tape.tape.config.action_names;
    for (index, name) in names.iter().enumerate() {
        let svg = lane_svg(&report.tape.tape.actions, frames, index, name);
        track(&mut out, "lane", &bdi(name), &svg);
    }
    if !report.tape.tape.notes.is_empty() {
        track(&mut out, "lane", "notes", &notes_svg(&report.tape.tape.notes, frames));
    }
    out.push_str("</div>\n");
    out.push_str(&axis(report, frames));
    if !rows.is_empty() {
        out.push_str(&legend());
    }
    out
}

/// What the marks mean, in the order of [`MARKS`].
const MEANINGS: [&str; 4] =
    ["on one side only", "the same", "another state, the same picture", "another picture"];

/// The marks beside what they mean.
fn legend() -> String {
    let items = MARKS.iter().zip(MEANINGS).skip(1).chain(MARKS.iter().zip(MEANINGS).take(1));
    let items = items.map(|((_, class, high), meaning)| {
        let mut path = String::new();
        rectangle(&mut path, 0..16, high.clone());
        format!(
            "<li><svg viewBox=\"0 0 16 {HEIGHT}\" aria-hidden=\"true\"><path class=\"{class}\" \
                d=\"{path}\"/></svg> {meaning}</li>"
        )
    });
    let items: String = items.collect();
    format!("<ul class=\"legend\" aria-label=\"What the marks mean\">{items}</ul>\n")
}

fn bdi(text: &str) -> String {
    format!("<bdi>{}</bdi>", Text(text))
}

fn track(out: &mut String, class: &str, label: &str, svg: &str) {
    // Writing to a String never fails.
    let _ = writeln!(
        out,
        "<div class=\"track {class}\"><div class=\"label\">{label}</div>\
            <div class=\"strip\">{svg}</div></div>"
    );
}

/// A strip of marks, and the same in words.
fn marks_svg(row: &Row<'_>, frames: usize) -> String {
    let mut marks = row.marks();
    marks.resize(frames, Mark::Unknown);
    let columns = strip(&marks, COLUMNS_MAX);
    let mut paths = MARKS.map(|_| String::new());
    for (mark, at) in runs(&columns) {
        let index = MARKS.iter().position(|(known, ..)| *known == mark).expect("all are known");
        rectangle(&mut paths[index], widened(mark, at, columns.len()), MARKS[index].2.clone());
    }
    let of = |mark| marks.iter().filter(|found| **found == mark).count() as u64;
    let words = format!(
        "{} the same, {} with another state only, {} with another picture",
        counted(of(Mark::Same), "frame"),
        grouped(of(Mark::State)),
        grouped(of(Mark::Picture))
    );
    let drawn = MARKS.iter().zip(&paths).filter(|(_, path)| !path.is_empty());
    let drawn =
        drawn.map(|((_, class, _), path)| format!("<path class=\"{class}\" d=\"{path}\"/>"));
    svg(columns.len(), &words, &drawn.collect::<String>())
}

/// Where a run is drawn: differences are widened to what can be seen.
fn widened(mark: Mark, at: std::ops::Range<usize>, columns: usize) -> std::ops::Range<usize> {
    let least = (columns / WIDTH_SHARE).max(1);
    if mark < Mark::State || at.len() >= least {
        return at;
    }
    let start = at.start.min(columns - least);
    start..start + least
}

/// When a button was held.
fn lane_svg(actions: &[Action], frames: usize, button: usize, name: &str) -> String {
    let columns = frames.min(COLUMNS_MAX);
    let part = |column: usize| column * frames / columns.max(1);
    let frames_of = |column| part(column).min(actions.len())..part(column + 1).min(actions.len());
    let is_held = |column| actions[frames_of(column)].iter().any(|action| action.holds(button));
    let held: Vec<bool> = (0..columns).map(is_held).collect();
    let mut path = String::new();
    for (_, at) in runs(&held).into_iter().filter(|(is_held, _)| *is_held) {
        rectangle(&mut path, at, 6..18);
    }
    let count = actions.iter().take(frames).filter(|action| action.holds(button)).count();
    let words = format!("{} held in {}", Text(name), counted(count as u64, "frame"));
    svg(columns, &words, &format!("<path class=\"held\" d=\"{path}\"/>"))
}

/// Where the notes are.
fn notes_svg(notes: &[Note], frames: usize) -> String {
    let columns = frames.clamp(1, COLUMNS_MAX);
    let place = |note: &Note| {
        let frame = usize::try_from(note.frame).unwrap_or(usize::MAX).min(frames.saturating_sub(1));
        frame * columns / frames.max(1)
    };
    let places: BTreeSet<usize> = notes.iter().map(place).collect();
    let mut path = String::new();
    for at in places {
        rectangle(&mut path, widened(Mark::Picture, at..at + 1, columns), 2..22);
    }
    let words = counted(notes.len() as u64, "note");
    svg(columns, &words, &format!("<path class=\"note\" d=\"{path}\"/>"))
}

fn svg(columns: usize, words: &str, drawn: &str) -> String {
    let width = columns.max(1);
    format!(
        "<svg viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
            aria-label=\"{words}\">{drawn}</svg>"
    )
}

/// The numbers under the strips.
fn axis(report: &Report<'_>, frames: usize) -> String {
    let rate = report.tape.tape.config.frames_per_second_milli;
    let last = frames.saturating_sub(1) as u64;
    let place = |frame: u64| {
        format!("<span>{} <small>{}</small></span>", grouped(frame), duration(frame, rate))
    };
    let middle = if last > 1 { place(last / 2) } else { String::new() };
    let end = if last > 0 { place(last) } else { String::new() };
    format!(
        "<div class=\"track axis\"><div class=\"label\">frame</div><div class=\"ticks\">{}{middle}\
            {end}</div></div>\n",
        place(0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_differing_frame_of_many_is_wide_enough_to_see() {
        assert_eq!(widened(Mark::State, 999..1000, 1000), 997..1000);
        assert_eq!(widened(Mark::Picture, 0..1, 1000), 0..3);
        assert_eq!(widened(Mark::Same, 0..1, 1000), 0..1);
        assert_eq!(widened(Mark::Picture, 4..5, 9), 4..5);
    }

    #[test]
    fn a_button_held_for_one_frame_of_many_is_drawn() {
        let mut actions = vec![Action::NONE; 5000];
        actions[4999] = Action(2);
        let svg = lane_svg(&actions, 5000, 1, "<b>");
        assert!(svg.contains("M999 6h1v12h-1z"), "{svg}");
        assert!(svg.contains("aria-label=\"&lt;b&gt; held in 1 frame\""), "{svg}");
        assert!(lane_svg(&[], 0, 1, "b").contains("viewBox=\"0 0 1 24\""));
    }
}
