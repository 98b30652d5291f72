//! git as it is asked here: never the caller's index, hooks or language.

use crate::cmd::bounded::{Bounds, Ended, run};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Most bytes of what git answers.
const OUT_BYTES_MAX: u64 = 16 << 20;

/// Longest that git may take for one command, in seconds: a checkout of a large repository.
const GIT_SECONDS_MAX: u64 = 600;

/// Hexadecimal digits of a commit for people.
const SHORT_DIGITS: usize = 8;

/// What would make git look elsewhere, as where a hook started this program.
const VARIABLES: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// A repository, by any folder in it.
pub(super) struct Repository {
    folder: PathBuf,
    quit: Arc<AtomicBool>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Commit {
    /// All of its digits.
    pub(super) hash: String,
    /// The first line of its message.
    pub(super) subject: String,
    /// Who wrote it.
    pub(super) author: String,
    /// When it was written, as ISO 8601 has it.
    pub(super) date: String,
}

impl Commit {
    /// The first digits of its hash.
    pub(super) fn short(&self) -> &str {
        self.hash.get(..SHORT_DIGITS).unwrap_or(&self.hash)
    }

    /// Hash and subject in a line.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.short(), self.subject)
    }
}

impl Repository {
    /// The repository around a folder.
    ///
    /// # Errors
    /// Where there is no git, or no repository.
    pub(super) fn at(folder: &Path, quit: Arc<AtomicBool>) -> Result<Repository> {
        let folder = folder.canonicalize();
        let folder = folder.context("--repository names no folder that is there")?;
        let repository = Repository { folder, quit };
        repository.out(&["rev-parse", "--git-dir"]).context("--repository")?;
        Ok(repository)
    }

    /// The same repository, with another folder as the place where git works.
    pub(super) fn within(&self, folder: &Path) -> Repository {
        Repository { folder: folder.to_owned(), quit: self.quit.clone() }
    }

    /// The commit that `rev` names.
    ///
    /// # Errors
    /// Where it names none.
    pub(super) fn commit(&self, rev: &str) -> Result<Commit> {
        let wanted = format!("{rev}^{{commit}}");
        let found = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        let hash = text(found.out);
        let hash = hash.trim();
        if !found.status.success() || !is_hash(hash) {
            bail!("{rev} names no commit of this repository");
        }
        let shown = self.out(&["show", "-s", "--format=%s%x00%an%x00%aI", hash])?;
        let mut fields = shown.trim_end_matches('\n').split('\0').map(str::to_owned);
        let mut field = || fields.next().unwrap_or_default();
        Ok(Commit { hash: hash.to_owned(), subject: field(), author: field(), date: field() })
    }

    /// What git prints.
    ///
    /// # Errors
    /// Where it fails; with what it says.
    pub(super) fn out(&self, words: &[&str]) -> Result<String> {
        let ended = self.ask(words)?;
        if !ended.status.success() {
            bail!("git {} fails; it says: {}", words[0], ended.said());
        }
        Ok(text(ended.out))
    }

    /// What git comes to.
    ///
    /// # Errors
    /// Where it cannot be run to its end.
    pub(super) fn ask(&self, words: &[&str]) -> Result<Ended> {
        let bounds = Bounds {
            seconds: GIT_SECONDS_MAX,
            out_bytes_max: OUT_BYTES_MAX,
            quit: Some(&self.quit),
        };
        run(self.command(words), &bounds).with_context(|| format!("git {}", words[0]))
    }

    /// git with these words.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(["-c", "core.hooksPath=/dev/null"]).args(words);
        forget_caller(&mut command);
        // What it says is read here.
        command.env("LC_ALL", "C").env_remove("LANGUAGE");
        command
    }
}

/// Takes away what would make git, or what a build asks of it, look elsewhere.
pub(super) fn forget_caller(command: &mut Command) {
    for name in VARIABLES {
        command.env_remove(name);
    }
}

/// Is this all the digits of a commit? SHA-1 has 40, SHA-256 64.
pub(super) fn is_hash(word: &str) -> bool {
    [40, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Messages of commits need not be UTF-8.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
