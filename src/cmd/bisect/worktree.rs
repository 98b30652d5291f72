//! A temporary worktree of a repository, in which git walks from commit to commit.

use super::git::{Commit, Repository, is_hash};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// What git prints of the commit that it looked for.
const FOUND: &str = " is the first bad commit";

/// What git prints before the commits between which it cannot tell.
const AMONG: &str = "could be any of:";

/// A worktree, gone with this value: the repository's own checkout is never touched.
pub(super) struct Worktree<'a> {
    repository: &'a Repository,
    /// git in the worktree.
    inside: Repository,
    path: PathBuf,
}

/// What git wants next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A verdict on this commit, and how far it is, in git's words.
    Judge(String, String),
    /// Nothing: this is the one.
    Found(String),
    /// Nothing: it is one of these, and all but one were skipped.
    Among(Vec<String>),
}

impl<'a> Worktree<'a> {
    /// Makes it at `path`, which is not there yet, with the files of a commit.
    ///
    /// # Errors
    /// Where git cannot.
    pub(super) fn new(
        repository: &'a Repository,
        path: PathBuf,
        commit: &Commit,
    ) -> Result<Worktree<'a>> {
        // From here on something may be there to be removed.
        let worktree = Worktree { repository, inside: repository.within(&path), path };
        let place = worktree.path.to_str().context("temporary files go where no text names it")?;
        repository.out(&["worktree", "add", "--quiet", "--detach", place, &commit.hash])?;
        Ok(worktree)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is behind a name, as [`Repository::commit`].
    pub(super) fn commit(&self, rev: &str) -> Result<Commit> {
        self.inside.commit(rev)
    }

    /// Puts the files of a commit there, over whatever a build changed in files of the repository.
    pub(super) fn check_out(&self, commit: &Commit) -> Result<()> {
        self.inside.out(&["checkout", "--quiet", "--force", "--detach", &commit.hash])?;
        Ok(())
    }

    /// Begins to look between two commits.
    pub(super) fn begin(&self, good: &Commit, bad: &Commit) -> Result<Next> {
        self.bisect(&["start", &bad.hash, &good.hash])
    }

    /// Takes a verdict (`good`, `bad` or `skip`) on a commit.
    pub(super) fn mark(&self, verdict: &str, commit: &Commit) -> Result<Next> {
        self.inside.out(&["checkout", "--quiet", "--force", "--detach", &commit.hash])?;
        self.bisect(&[verdict, &commit.hash])
    }

    fn bisect(&self, words: &[&str]) -> Result<Next> {
        let ended = self.inside.ask(&[&["bisect"], words].concat())?;
        let said = String::from_utf8_lossy(&ended.out).into_owned();
        match next(&said) {
            Some(next) => Ok(next),
            None if !ended.status.success() => {
                bail!("git cannot look between these commits; it says: {}", ended.said())
            }
            None => {
                let hash = self.inside.out(&["rev-parse", "HEAD"])?.trim().to_owned();
                Ok(Next::Judge(hash, said.lines().next().unwrap_or_default().to_owned()))
            }
        }
    }

    /// Removes it, from another thread too.
    pub(super) fn remover(&self) -> impl Fn() + Send + 'static {
        let path = self.path.clone();
        let words = |words: &[&str]| self.repository.command(words);
        let commands = [
            words(&["worktree", "remove", "--force", "--force", &path.to_string_lossy()]),
            words(&["worktree", "prune"]),
        ];
        let commands = std::sync::Mutex::new(commands);
        move || {
            if let Ok(mut commands) = commands.lock() {
                for command in commands.iter_mut() {
                    // Where git cannot, the folder goes all the same, and git forgets it in time.
                    let _ = command.output();
                    let _ = std::fs::remove_dir_all(&path);
                }
            }
        }
    }
}

impl Drop for Worktree<'_> {
    fn drop(&mut self) {
        self.remover()();
    }
}

/// What git said, where it is the end of its search.
fn next(said: &str) -> Option<Next> {
    let found =
        |line: &str| line.strip_suffix(FOUND).filter(|hash| is_hash(hash)).map(str::to_owned);
    if let Some(hash) = said.lines().find_map(found) {
        return Some(Next::Found(hash));
    }
    let mut lines = said.lines();
    lines.find(|line| line.ends_with(AMONG))?;
    Some(Next::Among(lines.take_while(|line| is_hash(line)).map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_understood() {
        let hash = "0123456789".repeat(4);
        let found = format!("{hash} is the first bad commit\ncommit {hash}\n\n    A line\n");
        assert_eq!(next(&found), Some(Next::Found(hash.clone())));
        // A subject that says so is not git.
        assert_eq!(next("Bisecting: 1 revision left\n[x] this is the first bad commit\n"), None);
        let among = format!(
            "There are only 'skip'ped commits left to test.\nThe first bad commit could be any \
                of:\n{hash}\n{hash}\nWe cannot bisect more!\n"
        );
        assert_eq!(next(&among), Some(Next::Among(vec![hash.clone(), hash])));
        assert_eq!(next("Bisecting: 0 revisions left to test after this (roughly 0 steps)"), None);
    }
}
