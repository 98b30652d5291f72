//! What `bisect` came to: an object for programs, some lines for people.

use super::build::{Judged, Verdict};
use super::git::Commit;
use super::hunt::Found;
use crate::cli::Bisect;
use crate::cmd::explain;
use crate::cmd::output::{self, plain};
use crate::cmd::sides::Played;
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;

/// A commit and what it did, as `--json` prints it.
#[derive(Serialize)]
pub(super) struct Report {
    tape: String,
    frames: u64,
    /// The first commit whose build drifts; null where skipped ones stand before it.
    first_bad: Option<Commit>,
    /// All that it can be; one where it is known.
    among: Vec<Commit>,
    /// The commits that were tried, in that order.
    judged: Vec<Judged>,
    /// The good commit whose build is held against the bad one's.
    last_good: Commit,
    /// The earliest bad commit that was built.
    earliest_bad: Commit,
    /// As `explain` prints it: ours is the good build, theirs the bad one.
    explanation: Option<explain::Report>,
    /// Why there is none.
    unexplained: Option<String>,
}

impl Report {
    pub(super) fn new(
        options: &Bisect,
        played: &Played,
        found: Found,
        explained: Result<explain::Report>,
    ) -> Report {
        let (explanation, unexplained) = match explained {
            Ok(explanation) => (Some(explanation), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        Report {
            tape: options.file.display().to_string(),
            frames: played.frames(),
            first_bad: found.first_bad,
            among: found.among,
            judged: found.judged,
            last_good: found.last_good.0,
            earliest_bad: found.earliest_bad.0,
            explanation,
            unexplained,
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        if json { output::json(self) } else { output::text(&self.text()?) }
    }

    /// For people.
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        writeln!(out, "tape     {}: {} frames", plain(&self.tape), self.frames)?;
        let count = |verdict| self.judged.iter().filter(|judged| judged.verdict == verdict).count();
        let counts = [Verdict::Good, Verdict::Bad, Verdict::Skip].map(count);
        let [good, bad, skipped] = counts;
        let all = self.judged.len();
        writeln!(out, "judged   {all} commits: {good} good, {bad} bad, {skipped} skipped")?;
        for commit in &self.among {
            writeln!(out, "commit   {}", plain(&commit.hash))?;
            writeln!(out, "         {}", plain(&commit.subject))?;
            writeln!(out, "         {}, {}", plain(&commit.author), plain(&commit.date))?;
        }
        let blame = self.blame();
        match (&self.explanation, &self.unexplained) {
            (Some(explanation), _) => explanation.write(&mut out, &format!("; {blame}"))?,
            (None, Some(reason)) => {
                writeln!(out, "verdict  DRIFT: {blame}")?;
                writeln!(out, "         no op is named: {}", plain(reason))?;
            }
            (None, None) => writeln!(out, "verdict  DRIFT: {blame}")?,
        }
        Ok(out)
    }

    /// The commit, in the verdict.
    fn blame(&self) -> String {
        match &self.first_bad {
            Some(commit) => format!("first bad commit {}", plain(&commit.label())),
            None => {
                let count = self.among.len();
                format!("the first bad commit is one of {count}, between which none can be judged")
            }
        }
    }
}
