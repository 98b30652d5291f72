//! What the gates came to: a table for people, an object for programs, an exit code.

use crate::cmd::Exit;
use crate::cmd::output::plain;
use crate::evaluate::{Counts, Gate, HeldOut};
use crate::session::Config;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Why a gate was left out that nobody asked for.
pub(super) const NOT_ASKED: &str = "not asked for";

/// All gates, as `--json` prints them.
#[derive(Serialize)]
pub(super) struct Report {
    /// Version of the object.
    format: &'static str,
    world: String,
    digest: String,
    arithmetic: String,
    passes: u32,
    /// Engine, threads and way to run, in words.
    pub(super) engine: String,
    data: DataReport,
    /// How much was asked for.
    #[serde(flatten)]
    pub(super) counts: Counts,
    gates: Vec<Gate>,
}

/// The held-out data.
#[derive(Serialize)]
pub(super) struct DataReport {
    file: String,
    digest: String,
    episodes: usize,
    frames: usize,
    circles: usize,
}

impl DataReport {
    pub(super) fn new(path: &Path, bytes: &[u8], data: &HeldOut<'_>) -> DataReport {
        let name = path.file_name().unwrap_or(path.as_os_str());
        DataReport {
            file: name.to_string_lossy().into_owned(),
            digest: blake3::hash(bytes).to_string(),
            episodes: data.episodes.count,
            frames: data.episodes.frames,
            circles: data.circles.map_or(0, |circles| circles.count),
        }
    }
}

impl Report {
    /// No gate yet.
    pub(super) fn new(config: &Config, counts: Counts, data: DataReport) -> Report {
        Report {
            format: "evaluation-2",
            world: config.world_name.clone(),
            digest: config.world_digest.to_string(),
            arithmetic: config.arithmetic.clone(),
            passes: config.passes,
            engine: String::new(),
            data,
            counts,
            gates: Vec::new(),
        }
    }

    /// Takes gates and tells of those that were asked for, a line each.
    pub(super) fn add(&mut self, gates: Vec<Gate>) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let asked = gates.iter().filter(|gate| gate.why.as_deref() != Some(NOT_ASKED));
        asked.into_iter().try_for_each(|gate| line(gate, &mut out))?;
        self.gates.extend(gates);
        Ok(out)
    }

    pub(super) fn exit(&self) -> Exit {
        let measured = self.gates.iter().any(|gate| gate.value.is_some());
        let failed = self.gates.iter().any(|gate| gate.passed == Some(false));
        if measured && !failed { Exit::Ok } else { Exit::Error }
    }

    /// What is measured, before it is.
    pub(super) fn head(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let (data, counts) = (&self.data, self.counts);
        writeln!(out, "world    {} {}", plain(&self.world), self.digest)?;
        writeln!(out, "engine   {}, {} passes", plain(&self.engine), self.passes)?;
        let (episodes, frames) = (data.episodes, data.frames);
        writeln!(
            out,
            "data     {}: {episodes} episodes of {frames} frames, {} circles",
            plain(&data.file),
            data.circles
        )?;
        writeln!(out, "counts   {} starts, {} frames\n", counts.starts, counts.frames)?;
        let (gate, value, limits) = ("gate", "value", "limits");
        writeln!(out, "{gate:<31}{value:>18}  {limits:<14}{:<14}{:>6}  real", "verdict", "count")?;
        Ok(out)
    }

    /// How many passed.
    pub(super) fn verdict(&self) -> Result<String, std::fmt::Error> {
        let with = |passed| self.gates.iter().filter(|gate| gate.passed == Some(passed)).count();
        let (passed, failed) = (with(true), with(false));
        let mut out = String::new();
        match (passed, failed) {
            (0, 0) => writeln!(out, "\nno gate was measured against a limit")?,
            (passed, 0) => writeln!(out, "\nall {passed} measured gates passed")?,
            (passed, failed) => writeln!(out, "\n{failed} of {} gates failed", passed + failed)?,
        }
        Ok(out)
    }
}

/// One gate, and beneath it what else there is to know.
fn line(gate: &Gate, out: &mut String) -> std::fmt::Result {
    let value = gate.value.map_or("-".to_owned(), |value| number(value, gate.unit));
    let limits = match (gate.limit_low, gate.limit_high) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!(">= {low}"),
        (None, Some(high)) => format!("<= {high:.6}").trim_end_matches('0').to_owned(),
        (None, None) => String::new(),
    };
    let limits = limits.trim_end_matches('.');
    let verdict = match (gate.passed, gate.value) {
        (Some(true), _) => "passed",
        (Some(false), _) => "FAILED",
        (None, Some(_)) => "reported",
        (None, None) => "not measured",
    };
    let real = gate.real.map(|real| number(real, gate.unit));
    let real = real.map(|real| format!("  {real} of {}", gate.real_count.unwrap_or(0)));
    let (name, count) = (gate.name, gate.count);
    let row = format!("{name:<31}{value:>18}  {limits:<14}{verdict:<14}{count:>6}");
    writeln!(out, "{row}{}", real.unwrap_or_default())?;
    match &gate.why {
        Some(why) => writeln!(out, "    {}", plain(why)),
        None => Ok(()),
    }
}

fn number(value: f64, unit: &str) -> String {
    match unit {
        "bytes" | "plays" => format!("{value} {unit}"),
        "dB" => format!("{value:.2} dB"),
        _ => format!("{value:.3} {unit}"),
    }
}
