//! The search: git picks a commit, its build judges, until git knows.

use super::build::{Builder, Judged, Verdict};
use super::git::Commit;
use super::worktree::{Next, Worktree};
use crate::cmd::output::note;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Most commits that are tried. Why 200: two to the power of that is no history; the rest are
/// skips, one after the other.
const TRIES_MAX: usize = 200;

/// Most commits that are listed where git cannot tell between them.
const AMONG_MAX: usize = 200;

/// A search at work.
pub(super) struct Hunt<'a> {
    worktree: &'a Worktree<'a>,
    builder: Builder<'a>,
    judged: Vec<Judged>,
}

/// What it came to.
pub(super) struct Found {
    /// The commit; `None` where skipped ones stand between it and the good.
    pub(super) first_bad: Option<Commit>,
    /// All that it can be, as far as they are listed; one where it is known.
    pub(super) among: Vec<Commit>,
    /// Every commit that was tried, in that order: good and bad first.
    pub(super) judged: Vec<Judged>,
    /// The last good commit that was built, beside the first bad one, and its program.
    pub(super) last_good: (Commit, PathBuf),
    /// The earliest bad commit that was built, and its program.
    pub(super) earliest_bad: (Commit, PathBuf),
}

impl<'a> Hunt<'a> {
    pub(super) fn new(worktree: &'a Worktree<'a>, builder: Builder<'a>) -> Hunt<'a> {
        Hunt { worktree, builder, judged: Vec::new() }
    }

    /// Looks for the commit after `good`, up to `bad`, whose build is the first that drifts.
    ///
    /// # Errors
    /// Where the two are not what they are called, or git cannot go on.
    pub(super) fn run(mut self, good: Commit, bad: Commit) -> Result<Found> {
        // Where git cannot look between them, that shows before anything is built.
        let mut next = self.worktree.begin(&good, &bad)?;
        self.expect(&good, Verdict::Good, "--good")?;
        self.expect(&bad, Verdict::Bad, "--bad")?;
        let among = loop {
            let hash = match next {
                Next::Found(hash) => break vec![hash],
                Next::Among(hashes) => break hashes,
                Next::Judge(hash, progress) => {
                    note(&progress);
                    hash
                }
            };
            if self.judged.len() >= TRIES_MAX {
                bail!("no answer after {TRIES_MAX} commits; name a good and a bad one closer by");
            }
            let commit = self.worktree.commit(&hash)?;
            let verdict = self.judge(&commit)?.verdict;
            next = self.worktree.mark(verdict.word(), &commit)?;
        };
        let among = among.iter().take(AMONG_MAX).map(|hash| self.worktree.commit(hash));
        self.found(among.collect::<Result<Vec<Commit>>>()?)
    }

    /// Refuses a commit that is not what it was called.
    fn expect(&mut self, commit: &Commit, expected: Verdict, option: &str) -> Result<()> {
        let Judged { verdict, reason, .. } = self.judge(commit)?;
        let name = commit.label();
        match (*verdict, reason) {
            (verdict, _) if verdict == expected => Ok(()),
            (Verdict::Good, _) => bail!("{option} {name}: its build makes every frame of the tape"),
            (Verdict::Bad, _) => bail!("{option} {name}: its build drifts already"),
            (Verdict::Skip, reason) => {
                let reason = reason.as_deref().unwrap_or_default();
                bail!("{option} {name}: it cannot be judged: {reason}")
            }
        }
    }

    /// Builds a commit, asks it, and says so.
    fn judge(&mut self, commit: &Commit) -> Result<&Judged> {
        self.worktree.check_out(commit)?;
        note(&format!("building  {}", commit.label()));
        let judged = self.builder.judge(commit)?;
        let Judged { verdict, reason, build_seconds, replay_seconds, .. } = &judged;
        let times = format!("built in {build_seconds:.0} s, replayed in {replay_seconds:.0} s");
        let told = reason.as_ref().unwrap_or(&times);
        note(&format!("{:<10}{}: {told}", verdict.word(), commit.short()));
        self.judged.push(judged);
        self.judged.last().context("it was pushed")
    }

    fn found(self, among: Vec<Commit>) -> Result<Found> {
        let first_bad = if let [only] = &among[..] { Some(only.clone()) } else { None };
        // Of the good ones git tried the nearest last, and of the bad ones too; on a side branch
        // the parent itself may never have been tried.
        let parent = match &first_bad {
            Some(commit) => self.worktree.commit(&format!("{}^", commit.hash)).ok(),
            None => None,
        };
        let pick = |verdict: Verdict, wanted: Option<&Commit>| {
            let all = || self.judged.iter().rev().filter(|judged| judged.verdict == verdict);
            let nearest = all().find(|judged| Some(&judged.commit) == wanted);
            let judged = nearest.or_else(|| all().next())?;
            Some((judged.commit.clone(), judged.program.clone()?))
        };
        let last_good = pick(Verdict::Good, parent.as_ref()).context("no good build")?;
        let earliest_bad = pick(Verdict::Bad, first_bad.as_ref()).context("no bad build")?;
        Ok(Found { first_bad, among, judged: self.judged, last_good, earliest_bad })
    }
}
