//! One commit: its build, and what that build makes of the tape.

use super::git::{Commit, forget_caller};
use crate::clock::{Clock, Wall};
use crate::cmd::bounded::{Bounds, Ended, run};
use crate::cmd::output;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

/// Most bytes of what a build or a replay prints on stdout.
const OUT_BYTES_MAX: u64 = 64 << 20;

/// Builds commits and has each judge the tape.
pub(super) struct Builder<'a> {
    /// For a shell.
    pub(super) command: String,
    pub(super) build_seconds_max: u64,
    pub(super) replay_seconds_max: u64,
    pub(super) tape: PathBuf,
    pub(super) world: PathBuf,
    pub(super) device: String,
    /// The files of the commit.
    pub(super) tree: PathBuf,
    /// Where cargo builds.
    pub(super) target: PathBuf,
    /// Where a build leaves its program.
    pub(super) program: PathBuf,
    /// Where programs are kept, one a commit.
    pub(super) kept: &'a Path,
    pub(super) quit: &'a AtomicBool,
}

/// What a build makes of the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Every frame is the tape's.
    Good,
    /// One is not.
    Bad,
    /// It cannot be told.
    Skip,
}

impl Verdict {
    /// Its word, for git too.
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Bad => "bad",
            Verdict::Skip => "skip",
        }
    }
}

/// A commit that was tried.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Judged {
    pub(super) commit: Commit,
    pub(super) verdict: Verdict,
    /// Why it was skipped.
    pub(super) reason: Option<String>,
    pub(super) build_seconds: f64,
    pub(super) replay_seconds: f64,
    /// Its program, where it has a verdict.
    #[serde(skip)]
    pub(super) program: Option<PathBuf>,
}

impl Builder<'_> {
    /// Builds the commit whose files are in the tree and has it replay the tape.
    ///
    /// # Errors
    /// Where the search is to end or its files cannot be written; all else is a verdict.
    pub(super) fn judge(&self, commit: &Commit) -> Result<Judged> {
        let mut judged = Judged {
            commit: commit.clone(),
            verdict: Verdict::Skip,
            reason: None,
            build_seconds: 0.0,
            replay_seconds: 0.0,
            program: None,
        };
        let wall = Wall::start();
        let built = self.build();
        judged.build_seconds = wall.now_us() as f64 / 1e6;
        let replayed = match built {
            Ok(()) => {
                let program = self.take(commit)?;
                let replayed = self.replay(&program);
                judged.program = Some(program);
                replayed
            }
            Err(error) => Err(error.context("the build")),
        };
        judged.replay_seconds = wall.now_us() as f64 / 1e6 - judged.build_seconds;
        if self.quit.load(Ordering::Acquire) {
            anyhow::bail!("interrupted");
        }
        match replayed {
            Ok(verdict) => judged.verdict = verdict,
            Err(error) => judged.reason = Some(output::plain(&format!("{error:#}"))),
        }
        Ok(judged)
    }

    fn build(&self) -> Result<()> {
        let mut command = Command::new("sh");
        command.args(["-c", &self.command]).current_dir(&self.tree);
        command.env("CARGO_TARGET_DIR", &self.target);
        forget_caller(&mut command);
        let ended = run(command, &self.bounds(self.build_seconds_max))?;
        if !ended.status.success() {
            anyhow::bail!("{}", failure(&ended));
        }
        if !self.program.is_file() {
            anyhow::bail!("it leaves no program at {}", self.program.display());
        }
        Ok(())
    }

    /// A copy of the program that the next build does not replace.
    fn take(&self, commit: &Commit) -> Result<PathBuf> {
        let kept = self.kept.join(&commit.hash);
        let copied = std::fs::copy(&self.program, &kept);
        copied.with_context(|| format!("cannot keep {}", self.program.display()))?;
        Ok(kept)
    }

    fn replay(&self, program: &Path) -> Result<Verdict> {
        let mut command = Command::new(program);
        command.args(["replay", "--bisect", "--device", &self.device, "--world"]);
        command.arg(&self.world).arg(&self.tape).current_dir(&self.tree);
        let ended = run(command, &self.bounds(self.replay_seconds_max)).context("its replay")?;
        match ended.status.code() {
            Some(0) => Ok(Verdict::Good),
            Some(1) => Ok(Verdict::Bad),
            _ => anyhow::bail!("its replay: {}", failure(&ended)),
        }
    }

    fn bounds(&self, seconds: u64) -> Bounds<'_> {
        Bounds { seconds, out_bytes_max: OUT_BYTES_MAX, quit: Some(self.quit) }
    }
}

/// How it ended and the last line that it said.
fn failure(ended: &Ended) -> String {
    let code = ended.status.code();
    let code = code.map_or("killed".to_owned(), |code| format!("exit code {code}"));
    let said = String::from_utf8_lossy(&ended.err).into_owned();
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    format!("{code}; its last words: {}", last.unwrap_or("none"))
}
