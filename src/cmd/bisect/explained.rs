//! From the commit to the frame and the op: the last good build held against the first bad one.

use super::git::Commit;
use super::hunt::Found;
use super::report::Report;
use crate::cli::{Bisect, Explain, FrameWord};
use crate::cmd::explain::{Other, of_builds};
use crate::cmd::output::note;
use crate::cmd::sides::Played;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The report of what was found, with the frame and the op where the builds can tell.
///
/// # Errors
/// Where the builds cannot be kept where they were to be.
pub(super) fn report(
    options: &Bisect,
    played: &Played,
    found: Found,
    quit: &Arc<AtomicBool>,
) -> Result<Report> {
    let kept = options.keep.as_deref().map(|folder| keep(folder, &found)).transpose()?;
    let [good, bad] = [&found.last_good, &found.earliest_bad];
    note(&format!("comparing the builds of {} and {}", good.0.short(), bad.0.short()));
    let explain = Explain {
        file: options.file.clone(),
        frame: FrameWord::First,
        against: kept.as_ref().map(|[_, bad]| bad.display().to_string()),
        settings: false,
        heat: None,
        json: options.json,
        machinery: options.machinery.clone(),
    };
    let side = |word: &str, (commit, program): &(Commit, PathBuf)| {
        let word = format!("the {word} build, {}", commit.short());
        Ok(Other::new(played, &options.machinery, word, program)?.until(quit.clone()))
    };
    let program = kept.as_ref().map(|[good, _]| &**good);
    // The commit is known, whatever an old build cannot say of its ops.
    let explained = side("good", good)
        .and_then(|good| side("bad", bad).map(|bad| [good, bad]))
        .and_then(|sides| of_builds(&explain, played, sides, program));
    Ok(Report::new(options, played, found, explained))
}

/// Puts the two programs where they stay.
fn keep(folder: &Path, found: &Found) -> Result<[PathBuf; 2]> {
    let context = || format!("cannot keep the builds in {}", folder.display());
    std::fs::create_dir(folder).with_context(context)?;
    let kept = [("good", &found.last_good), ("bad", &found.earliest_bad)];
    let [good, bad] = kept.map(|(name, (_, program))| {
        let path = folder.join(name);
        std::fs::copy(program, &path).map(|_| path)
    });
    Ok([good.with_context(context)?, bad.with_context(context)?])
}
