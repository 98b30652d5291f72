//! `explain --settings`: the tape on every way to run an engine, and which setting makes it drift.

use super::Found;
use super::report::Report as Explained;
use crate::check::{self, Play, Variant};
use crate::cli::{Explain, FrameWord};
use crate::cmd::Exit;
use crate::cmd::machinery::Device;
use crate::cmd::machinery::Prepared;
use crate::cmd::output::{self, plain};
use crate::cmd::progress::Progress;
use crate::cmd::sides::Played;
use crate::drift::{Deciding, Local, Pair, Way, closest, deciding};
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
    /// A way that drifts against the nearest one that does not.
    explain: Option<Explained>,
    /// Why there is no such finding, where there are two such ways.
    explain_error: Option<String>,
}

pub(super) fn run(options: &Explain, device: Device, played: &Played) -> Result<Exit> {
    tried(options, played, &device.variants()?)
}

/// Answers `options` with these ways to run, the usual one first: tests bring theirs.
///
/// # Errors
/// Where the tape or the world is not to be had, or an engine stops.
pub fn answer(options: &Explain, variants: &[Box<dyn Variant>]) -> Result<Exit> {
    let device = Device::parse(&options.machinery.device)?;
    tried(options, &Played::read(&options.file, device, &options.machinery)?, variants)
}

fn tried(options: &Explain, played: &Played, variants: &[Box<dyn Variant>]) -> Result<Exit> {
    let tape = played.path.display().to_string();
    let frames = match &options.frame {
        FrameWord::First => played.frames(),
        FrameWord::Number(frame) => frame + 1,
        FrameWord::Range(frames) => frames.end,
    };
    let Prepared { start, model, .. } = &played.prepared;
    let play = Play {
        name: tape.clone(),
        model: model.clone(),
        start: start.clone(),
        actions: played.tape.actions.clone(),
        outcomes: played.tape.outcomes.clone(),
    };
    let (ways, frames) = ways(&play, variants, frames)?;
    let drifts = ways.iter().any(|way| way.first_drift.is_some());
    let verdict = if drifts { "drift" } else { "same" };
    let found = closest(&ways).map(|pair| between(options, played, variants, &ways, pair));
    // The setting is known even where the op is not.
    let (explain, explain_error) = match found.transpose() {
        Ok(explain) => (explain, None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    let deciding = deciding(&ways);
    let report = Report { tape, frames, verdict, ways, deciding, explain, explain_error };
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text()?)?;
    }
    Ok(if drifts { Exit::Drift } else { Exit::Ok })
}

/// Holds a way that drifts against one that does not, through the frame that differs.
fn between(
    options: &Explain,
    played: &Played,
    variants: &[Box<dyn Variant>],
    ways: &[Way],
    [drifting, same]: [usize; 2],
) -> Result<Explained> {
    let Prepared { start, model, .. } = &played.prepared;
    let side = |place: usize| -> Result<Local> {
        let engine = variants[place].engine(model)?;
        Ok(Local::new(ways[place].name.clone(), engine, start, &played.tape.actions)?)
    };
    let (mut ours, mut theirs) = (side(drifting)?, side(same)?);
    let frames = ways[drifting].first_drift.map_or(0, |frame| frame + 1);
    let mut pair = Pair { ours: &mut ours, theirs: &mut theirs, model, frames };
    let bar = Progress::new(frames, "comparing");
    let search = pair.search(&mut |count| bar.tick(count))?;
    let explanation = pair.first(&search)?;
    let names = [drifting, same].map(|place| ways[place].name.clone());
    let found =
        Found { search: Some(search), walk: None, explanation, names, program: None, heat: None };
    Ok(Explained::of_sides(options, played, found))
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
        if let Some(error) = &self.explain_error {
            writeln!(out, "op       not named: {}", plain(error))?;
        }
        if let Some(explain) = &self.explain {
            explain.finding(&mut out)?;
        }
        writeln!(out, "verdict  {}", self.line())?;
        if let Some(command) = self.explain.as_ref().and_then(Explained::reproduce) {
            writeln!(out, "again    {}", plain(command))?;
        }
        Ok(out)
    }

    fn line(&self) -> String {
        let drifting = self.ways.iter().filter(|way| way.first_drift.is_some()).count();
        let all = self.ways.len();
        match drifting {
            0 => format!("the same in all {all} ways to run"),
            _ if drifting == all => format!("DRIFT in all {all} ways to run: no setting matters"),
            _ => {
                let fault = self.explain.as_ref().and_then(Explained::fault);
                let fault = fault.map_or_else(String::new, |fault| format!("; {fault}"));
                format!("DRIFT in {drifting} of {all} ways to run{}{fault}", self.decided())
            }
        }
    }

    /// Which setting it is, after a colon.
    fn decided(&self) -> String {
        let names: Vec<&str> = self.deciding.iter().map(|row| &*row.setting).collect();
        match names[..] {
            [] => "; no one setting decides".to_owned(),
            _ => format!(": it is the {}", plain(&names.join(" or "))),
        }
    }
}
