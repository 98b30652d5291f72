//! `explain --settings`: the tape on every way to run an engine, and which setting makes it drift.

use crate::check::{self, Play, Variant};
use crate::cli::{Explain, FrameWord};
use crate::cmd::machinery::Device;
use crate::cmd::output::{self, plain};
use crate::cmd::progress::Progress;
use crate::cmd::sides::Played;
use crate::cmd::{Exit, machinery};
use crate::drift::{Deciding, Way, deciding};
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;

/// Every way to run, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    tape: String,
    /// Frames that each way made at most.
    frames: u64,
    /// `same` or `drift`.
    verdict: &'static str,
    /// The usual way first.
    ways: Vec<Way>,
    /// Settings by which the ways that drift can be told from the others.
    deciding: Vec<Deciding>,
}

pub(super) fn run(options: &Explain, device: Device, played: Played) -> Result<Exit> {
    let variants = device.variants()?;
    let tape = played.path.display().to_string();
    let frames = match &options.frame {
        FrameWord::First => played.frames(),
        FrameWord::Number(frame) => frame + 1,
        FrameWord::Range(frames) => frames.end,
    };
    let machinery::Prepared { start, model, .. } = played.prepared;
    let (actions, outcomes) = (played.tape.actions, played.tape.outcomes);
    let play = Play { name: tape.clone(), model, start, actions, outcomes };
    let (ways, frames) = ways(&play, &variants, frames)?;
    let drifts = ways.iter().any(|way| way.first_drift.is_some());
    let verdict = if drifts { "drift" } else { "same" };
    let report = Report { tape, frames, verdict, deciding: deciding(&ways), ways };
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text()?)?;
    }
    Ok(if drifts { Exit::Drift } else { Exit::Ok })
}

/// Runs every way: the usual one through `frames` frames, the others as far as it is the tape's,
/// and the frame after that.
fn ways(play: &Play, variants: &[Box<dyn Variant>], frames: u64) -> Result<(Vec<Way>, u64)> {
    let (mut ways, mut frames) = (Vec::with_capacity(variants.len()), frames);
    for variant in variants {
        let bar = Progress::new(frames, "running");
        let first_drift =
            check::first_drift(play, frames as usize, variant.as_ref(), &mut |n| bar.tick(n))?;
        if ways.is_empty() {
            frames = first_drift.map_or(frames, |frame| frame + 1);
        }
        let settings = variant.settings().into_iter();
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).collect();
        ways.push(Way { name: variant.name(), settings, first_drift });
    }
    Ok((ways, frames))
}

impl Report {
    /// For people.
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let last = self.frames.saturating_sub(1);
        writeln!(out, "tape     {}: through frame {last}, each way", plain(&self.tape))?;
        for (number, way) in self.ways.iter().enumerate() {
            let usual = if number == 0 { " (the usual way)" } else { "" };
            let came_to = way
                .first_drift
                .map_or_else(|| "same".to_owned(), |frame| format!("DRIFT at frame {frame}"));
            writeln!(out, "         {:<28}{came_to}{usual}", plain(&way.name))?;
        }
        for Deciding { setting, drifting, same } in &self.deciding {
            let (drifting, same) = (drifting.join(", "), same.join(", "));
            let row = format!("{setting} decides: {drifting} drifts, {same} does not");
            writeln!(out, "setting  {}", plain(&row))?;
        }
        writeln!(out, "verdict  {}", self.line())?;
        Ok(out)
    }

    fn line(&self) -> String {
        let drifting = self.ways.iter().filter(|way| way.first_drift.is_some()).count();
        let all = self.ways.len();
        match drifting {
            0 => format!("the same in all {all} ways to run"),
            _ if drifting == all => format!("DRIFT in all {all} ways to run: no setting matters"),
            _ if self.deciding.is_empty() => {
                format!("DRIFT in {drifting} of {all} ways to run; no one setting decides")
            }
            _ => {
                let names: Vec<&str> = self.deciding.iter().map(|row| &*row.setting).collect();
                let names = plain(&names.join(" or "));
                format!("DRIFT in {drifting} of {all} ways to run: it is the {names}")
            }
        }
    }
}
