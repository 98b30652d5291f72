//! The frames of a page as columns of little-endian numbers in base64, for its script.
//!
//! Without the script nothing is missing but the choice of a frame: everything else is HTML.

use super::base64::base64;
use super::text::Text;
use super::{Detail, Of, Report, Row};
use crate::drift::Mark;
use crate::event::{Action, Outcome};
use std::fmt::Write;

/// The columns as elements that are not shown.
pub(super) fn columns(report: &Report<'_>, rows: &[Row<'_>], detail: &Detail) -> String {
    let (tape, config) = (report.tape.tape, &report.tape.tape.config);
    let frames = &detail.frames;
    let at = |values: &[u64], frame: u64| values.get(frame as usize).copied().unwrap_or(0);
    let numbers = if detail.is_whole() {
        String::new()
    } else {
        column(frames, |frame| (frame as u32).to_le_bytes())
    };
    let actions = column(frames, |frame| action(&tape.actions, frame));
    let outcomes = column(frames, |frame| outcome(&tape.outcomes, frame));
    let starts = column(frames, |frame| at(&tape.action_us, frame).to_le_bytes());
    let waits = column(frames, |frame| {
        let (start, end) = (at(&tape.action_us, frame), at(&tape.outcome_us, frame));
        u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX).to_le_bytes()
    });
    let names: String =
        config.action_names.iter().map(|name| format!("<i>{}</i>", Text(name))).collect();
    let mut out = format!(
        "<div id=\"frames\" hidden data-count=\"{}\" data-here=\"{}\" data-held=\"{}\" \
            data-rate-milli=\"{}\" data-numbers=\"{numbers}\" data-actions=\"{actions}\" \
            data-outcomes=\"{outcomes}\" data-starts=\"{starts}\" data-waits=\"{waits}\">{names}",
        detail.all,
        frames.len(),
        tape.outcomes.len(),
        config.frames_per_second_milli,
    );
    rows.iter().for_each(|row| push_row(&mut out, row, frames));
    out.push_str("</div>\n");
    out
}

/// What a row made of the frames: a mark each, and the outcome of those that differ.
fn push_row(out: &mut String, row: &Row<'_>, frames: &[u64]) {
    let all = row.marks();
    let mark = |frame: u64| all.get(frame as usize).copied().unwrap_or(Mark::Unknown);
    let marks = column(frames, |frame| [mark(frame) as u8]);
    let is_made = |frame: &u64| (*frame as usize) < row.made.len();
    let told = |frame: &u64| mark(*frame) != Mark::Same && is_made(frame);
    let differing: Vec<u64> = frames.iter().copied().filter(told).collect();
    let made = column(&differing, |frame| outcome(row.made, frame));
    let actions = row.actions.map(|actions| column(frames, |frame| action(actions, frame)));
    let actions = actions.unwrap_or_default();
    // Writing to a String never fails.
    let _ = write!(
        out,
        "<div class=\"row\" data-of=\"{}\" data-held=\"{}\" \
            data-marks=\"{marks}\" data-made=\"{made}\" data-actions=\"{actions}\"></div>",
        if row.of == Of::Tape { "tape" } else { "other" },
        row.made.len()
    );
}

/// One value a frame.
fn column<const BYTES: usize>(frames: &[u64], value: impl Fn(u64) -> [u8; BYTES]) -> String {
    base64(&frames.iter().flat_map(|&frame| value(frame)).collect::<Vec<u8>>())
}

fn action(actions: &[Action], frame: u64) -> [u8; 2] {
    actions.get(frame as usize).copied().unwrap_or_default().0.to_le_bytes()
}

/// Digest, then state sum.
fn outcome(outcomes: &[Outcome], frame: u64) -> [u8; 40] {
    let Outcome { picture, state_sum } = outcomes.get(frame as usize).copied().unwrap_or_default();
    let mut bytes = [0; 40];
    bytes[..32].copy_from_slice(&picture.0);
    bytes[32..].copy_from_slice(&state_sum.to_le_bytes());
    bytes
}
