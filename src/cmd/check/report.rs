//! What the checks came to: a table for people, an object for programs, an exit code.

use crate::check::Tally;
use crate::cmd::Exit;
use crate::cmd::inspect::MachineReport;
use crate::cmd::output::plain;
use crate::session::Machine;
use serde::Serialize;
use std::fmt::Write;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// Every bit is what it must be.
    Same,
    /// Some are not.
    Drift,
    /// It could not come to its end.
    Error,
}

/// All checks, as `--json` prints them.
#[derive(Serialize)]
pub(super) struct Report {
    machine: MachineReport,
    /// Names of the ways to run, the usual one first.
    variants: Vec<String>,
    checks: Vec<Row>,
    /// The worst of the checks.
    verdict: Verdict,
}

/// One check.
#[derive(Serialize)]
pub(super) struct Row {
    name: String,
    /// Ways to run that it took.
    variants: usize,
    cases: u64,
    runs: u64,
    verdict: Verdict,
    differing: u64,
    first_difference: Option<String>,
    error: Option<String>,
    seconds: f64,
}

impl Row {
    pub(super) fn new(
        name: String,
        variants: usize,
        tally: Tally,
        error: Option<anyhow::Error>,
        seconds: f64,
    ) -> Row {
        let Tally { cases, runs, differing, first_difference } = tally;
        let verdict = match (&error, differing) {
            (Some(_), _) => Verdict::Error,
            (None, 0) => Verdict::Same,
            (None, _) => Verdict::Drift,
        };
        let error = error.map(|error| format!("{error:#}"));
        Row { name, variants, cases, runs, verdict, differing, first_difference, error, seconds }
    }

    /// What is wrong, for people.
    fn complaints(&self, out: &mut String) -> std::fmt::Result {
        if let Some(first) = &self.first_difference {
            let (name, differing) = (&self.name, self.differing);
            writeln!(out, "{name}: {differing} differ; the first: {}", plain(first))?;
        }
        if let Some(error) = &self.error {
            writeln!(out, "{}: stopped: {}", self.name, plain(error))?;
        }
        Ok(())
    }
}

impl Report {
    /// No check yet.
    pub(super) fn new(machine: &Machine, variants: Vec<String>) -> Report {
        let machine = MachineReport::new(machine);
        Report { machine, variants, checks: Vec::new(), verdict: Verdict::Same }
    }

    pub(super) fn add(&mut self, row: Row) {
        self.verdict = self.verdict.max(row.verdict);
        self.checks.push(row);
    }

    pub(super) fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Same => Exit::Ok,
            Verdict::Drift => Exit::Drift,
            Verdict::Error => Exit::Error,
        }
    }

    /// Where the checks run, before they do.
    pub(super) fn head(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        self.machine.write(&mut out)?;
        for (number, name) in self.variants.iter().enumerate() {
            let word = if number == 0 { "variants" } else { "" };
            let usual = if number == 0 { ", the usual one" } else { "" };
            writeln!(out, "{word:<11}{}{usual}", plain(name))?;
        }
        Ok(out)
    }

    /// A line a check, then what is wrong.
    pub(super) fn table(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        writeln!(
            out,
            "\n{:<14}{:>8}{:>12}{:>10}{:>9}  verdict",
            "check", "variants", "cases", "runs", "seconds"
        )?;
        for row in &self.checks {
            let Row { name, variants, cases, runs, seconds, .. } = row;
            let verdict = match row.verdict {
                Verdict::Same => "same",
                Verdict::Drift => "DRIFT",
                Verdict::Error => "ERROR",
            };
            writeln!(out, "{name:<14}{variants:>8}{cases:>12}{runs:>10}{seconds:>9.1}  {verdict}")?;
        }
        writeln!(out)?;
        self.checks.iter().try_for_each(|row| row.complaints(&mut out))?;
        let bad = self.checks.iter().filter(|row| row.verdict != Verdict::Same).count();
        match bad {
            0 => writeln!(out, "every bit is the same in all {} checks", self.checks.len())?,
            bad => writeln!(out, "{bad} of {} checks failed", self.checks.len())?,
        }
        Ok(out)
    }
}
