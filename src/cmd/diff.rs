//! `worldtape diff`: two tapes held against each other, without a model.

use super::{Exit, files, inspect, output};
use crate::cli::Diff;
use crate::drift::{Divergence, Fact, Play, compare, machine_differences, setting_differences};
use crate::session::{Ending, Machine, Tape};
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// What two tapes are to each other, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    verdict: Verdict,
    left: TapeReport,
    right: TapeReport,
    /// Settings that differ: `theirs` is A's.
    settings: Vec<Fact>,
    /// Facts of the last machines that differ: `theirs` is A's.
    machines: Vec<Fact>,
    divergence: Divergence,
}

/// How two tapes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// One play: settings, actions and all frames.
    Same,
    /// The same game came to other frames.
    Drift,
    /// Settings differ, or actions do before any frame does.
    OtherPlay,
    /// The same, and one goes on for longer.
    Longer,
    /// The same as far as a tape goes that is cut short.
    Cut,
    /// The same as far as a tape goes that is damaged.
    Damaged,
}

/// One tape, as `--json` prints it.
#[derive(Serialize)]
struct TapeReport {
    file: String,
    uuid: String,
    frames: u64,
    play_root: String,
    play_root_short: String,
    /// What ends it early, where something does.
    ending: Option<String>,
}

pub(super) fn run(options: &Diff) -> Result<Exit> {
    let (left, _) = files::read_tape(&options.left)?;
    let (right, _) = files::read_tape(&options.right)?;
    let report = Report::new([(&options.left, &left), (&options.right, &right)]);
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text()?)?;
    }
    for tape in [&report.left, &report.right] {
        if let Some(ending) = &tape.ending {
            output::complaint(&format!("{}: {ending}", tape.file));
        }
    }
    Ok(match report.verdict {
        Verdict::Same => Exit::Ok,
        Verdict::Drift | Verdict::OtherPlay | Verdict::Longer => Exit::Drift,
        Verdict::Cut | Verdict::Damaged => Exit::Damaged,
    })
}

/// The frames of a tape.
fn play(tape: &Tape) -> Play<'_> {
    Play { actions: &tape.actions, outcomes: &tape.outcomes }
}

/// How two tapes differ, the worst first.
fn verdict(left: &Tape, right: &Tape, settings: &[Fact], found: &Divergence) -> Verdict {
    let first_drift = found.first_drift().unwrap_or(u64::MAX);
    let is_other_play = found.first_action.is_some_and(|frame| frame <= first_drift);
    let endings = [&left.ending, &right.ending];
    if !settings.is_empty() || is_other_play {
        Verdict::OtherPlay
    } else if found.differing > 0 {
        Verdict::Drift
    } else if endings.iter().any(|ending| matches!(ending, Ending::Damaged { .. })) {
        Verdict::Damaged
    } else if endings.iter().any(|ending| matches!(ending, Ending::Cut { .. })) {
        Verdict::Cut
    } else if left.outcomes.len() != right.outcomes.len() {
        Verdict::Longer
    } else {
        Verdict::Same
    }
}

/// What differs between the last machines that each tape names.
fn machines(left: &Tape, right: &Tape) -> Vec<Fact> {
    let none = Machine::default();
    let last = |tape: &Tape| tape.machines.last().unwrap_or(&none).clone();
    machine_differences(&last(left), &last(right))
}

impl TapeReport {
    fn new(path: &Path, tape: &Tape) -> TapeReport {
        TapeReport {
            file: path.display().to_string(),
            uuid: uuid::Uuid::from_bytes(tape.uuid).to_string(),
            frames: tape.outcomes.len() as u64,
            play_root: tape.play_root.digest().to_string(),
            play_root_short: tape.play_root.short(),
            ending: inspect::ending_line(&tape.ending),
        }
    }
}

impl Report {
    fn new([left, right]: [(&std::path::PathBuf, &Tape); 2]) -> Report {
        let settings = setting_differences(&left.1.config, &right.1.config);
        let divergence = compare(play(left.1), play(right.1));
        Report {
            verdict: verdict(left.1, right.1, &settings, &divergence),
            left: TapeReport::new(left.0, left.1),
            right: TapeReport::new(right.0, right.1),
            settings,
            machines: machines(left.1, right.1),
            divergence,
        }
    }

    /// For people.
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        for (word, tape) in [("A", &self.left), ("B", &self.right)] {
            let TapeReport { file, frames, play_root_short, .. } = tape;
            let file = output::plain(file);
            writeln!(out, "{word:<9}{file}: {frames} frames, play root {play_root_short}")?;
        }
        facts(&mut out, "setting", &self.settings)?;
        facts(&mut out, "machine", &self.machines)?;
        self.frames(&mut out)?;
        writeln!(out, "verdict  {}", self.line())?;
        Ok(out)
    }

    /// Where the frames part and meet.
    fn frames(&self, out: &mut String) -> std::fmt::Result {
        let Divergence { frames, first_action, first_state, first_picture, .. } = self.divergence;
        let Divergence { differing, first_meeting, same_again_from, .. } = self.divergence;
        let named = |frame: Option<u64>| frame.map_or("none".to_owned(), |f| format!("frame {f}"));
        writeln!(out, "compared {frames} frames")?;
        writeln!(out, "         first other action {}", named(first_action))?;
        writeln!(out, "         first other state {}", named(first_state))?;
        writeln!(out, "         first other picture {}", named(first_picture))?;
        let Some(first) = self.divergence.first_drift() else { return Ok(()) };
        writeln!(
            out,
            "         {differing} of the {} frames from there on differ",
            frames - first
        )?;
        let met = match (first_meeting, same_again_from) {
            (None, _) => "they never meet again".to_owned(),
            (Some(_), Some(frame)) => format!("the same again from frame {frame} to the end"),
            (Some(frame), None) => format!("they meet at frame {frame} and part again"),
        };
        writeln!(out, "         {met}")
    }

    /// The verdict in a line.
    fn line(&self) -> String {
        let (left, right) = (self.left.frames, self.right.frames);
        let common = self.divergence.frames;
        match self.verdict {
            Verdict::Same => format!("the same play, {common} frames"),
            Verdict::Drift => {
                let frame = self.divergence.first_drift().unwrap_or_default();
                format!("DRIFT from frame {frame} on: the same actions came to other frames")
            }
            Verdict::OtherPlay => "not the same play: settings or actions differ".to_owned(),
            Verdict::Longer => {
                let longer = if left > right { "A" } else { "B" };
                let more = left.abs_diff(right);
                format!("the same for {common} frames; {longer} goes on for {more} more")
            }
            Verdict::Cut | Verdict::Damaged => {
                format!("the same for {common} frames, as far as a tape that is not whole goes")
            }
        }
    }
}

/// Facts that differ, a line each.
fn facts(out: &mut String, word: &str, facts: &[Fact]) -> std::fmt::Result {
    facts.iter().try_for_each(|Fact { name, theirs, ours }| {
        let row = format!("{name}: A has {theirs}, B has {ours}");
        writeln!(out, "{word:<9}{}", output::plain(&row))
    })
}
