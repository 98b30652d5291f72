//! `explain --against reference`: the float engine is close and never equal, so errors are listed.

use crate::cli::{Explain, FrameWord};
use crate::cmd::Exit;
use crate::cmd::output::{self, plain};
use crate::cmd::sides::Played;
use crate::drift::{Growth, Local, Side, growth};
use anyhow::{Result, bail};
use serde::Serialize;
use std::fmt::Write;

/// Ops that people are shown, those with the largest jumps.
const JUMPS_SHOWN: usize = 12;

/// Errors of a frame, as `--json` prints them.
#[derive(Serialize)]
struct Report {
    tape: String,
    frame: u64,
    ours: String,
    theirs: String,
    /// The op that adds most.
    largest_jump: Option<Growth>,
    /// Every op, in the order in which they ran.
    growth: Vec<Growth>,
}

/// Makes one frame on both sides from our side's memory.
pub(super) fn run(
    options: &Explain,
    played: &Played,
    ours: &mut Local,
    theirs: &mut Local,
) -> Result<Exit> {
    // Every frame differs: the first is frame 0.
    let frame = match options.frame {
        FrameWord::First => 0,
        FrameWord::Number(frame) => frame,
        FrameWord::Range(_) => {
            bail!("--against reference lists the errors of one frame: --frame N")
        }
    };
    let state = ours.state_before(frame)?;
    let left = ours.tapped_keeping(frame, Some(&state), &|_| true)?;
    let right = theirs.tapped_keeping(frame, Some(&state), &|_| true)?;
    let growth = growth(&played.prepared.model, &left, &right);
    let largest = growth.iter().max_by(|one, other| one.jump().total_cmp(&other.jump()));
    let report = Report {
        tape: played.path.display().to_string(),
        frame,
        ours: ours.name(),
        theirs: theirs.name(),
        largest_jump: largest.cloned(),
        growth,
    };
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text()?)?;
    }
    Ok(Exit::Ok)
}

impl Report {
    /// For people.
    fn text(&self) -> Result<String, std::fmt::Error> {
        let Report { tape, frame, ours, theirs, growth, .. } = self;
        let mut out = String::new();
        writeln!(out, "tape     {}: frame {frame}, both from the same memory", plain(tape))?;
        writeln!(out, "ours     {}", plain(ours))?;
        writeln!(out, "theirs   {}", plain(theirs))?;
        writeln!(out, "\n{:>10} {:>10} {:>10}  op", "error", "of inputs", "added")?;
        let mut jumps: Vec<&Growth> = growth.iter().collect();
        jumps.sort_by(|one, other| other.jump().total_cmp(&one.jump()));
        for row in jumps.into_iter().take(JUMPS_SHOWN) {
            let Growth { name, op, relative_error, input_error } = row;
            let (name, op, added) = (plain(name), plain(op), row.jump());
            writeln!(
                out,
                "{relative_error:>10.2e} {input_error:>10.2e} {added:>10.2e}  {name} ({op})"
            )?;
        }
        if let Some(last) = growth.last() {
            let (count, error) = (growth.len(), last.relative_error);
            writeln!(
                out,
                "\n{count} outputs of ops; the last, {}, has {error:.2e}",
                plain(&last.name)
            )?;
        }
        if let Some(largest) = &self.largest_jump {
            let (name, added) = (plain(&largest.name), largest.jump());
            writeln!(out, "verdict  the largest jump is {added:.2e} in op {name}")?;
        }
        Ok(out)
    }
}
