//! `worldtape bisect`: the commit, the frame and the op from which on a tape drifts.

mod build;
mod explained;
mod git;
mod hunt;
mod report;
mod worktree;

use super::explain::{absolute, seconds_max, world};
use super::folder::Folder;
use super::machinery::Device;
use super::sides::Played;
use super::{Exit, signals};
use crate::cli::Bisect;
use crate::session::Ending;
use anyhow::{Context, Result, bail};
use build::Builder;
use git::Repository;
use hunt::Hunt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use worktree::Worktree;

/// Seconds in a minute.
const MINUTE_SECONDS: u64 = 60;

pub(super) fn run(options: &Bisect) -> Result<Exit> {
    if let Some(keep) = &options.keep
        && keep.symlink_metadata().is_ok()
    {
        bail!("{} exists and is not written over; choose another folder", keep.display());
    }
    let device = Device::parse(&options.machinery.device)?;
    let played = Played::read(&options.file, device, &options.machinery)?;
    if played.tape.ending != Ending::Closed {
        let name = options.file.display();
        bail!("{name}: no build can judge a tape that is not whole; `worldtape recover` makes one");
    }
    let quit = Arc::new(AtomicBool::new(false));
    let repository = Repository::at(&options.repository, quit.clone())?;
    let [good, bad] = [&options.good, &options.bad].map(|rev| repository.commit(rev));
    let (good, bad) = (good.context("--good")?, bad.context("--bad")?);
    if good.hash == bad.hash {
        bail!("--good and --bad are one commit, {}", good.label());
    }
    let caught = signals::catch()?;
    let folder = Folder::new()?;
    let worktree = Worktree::new(&repository, folder.path().join("tree"), &good)?;
    let _watch = caught.watch(quit.clone(), remover(&worktree, &folder))?;
    let builder = builder(options, &played, &worktree, &folder, &quit)?;
    let found = Hunt::new(&worktree, builder).run(good, bad)?;
    let report = explained::report(options, &played, found, &quit)?;
    // Then the builds that were asked last were ended too.
    if quit.load(Ordering::Acquire) {
        bail!("interrupted");
    }
    report.print(options.json)?;
    Ok(Exit::Drift)
}

/// Takes away what is temporary, for who does not wait until the search has ended.
fn remover(worktree: &Worktree<'_>, folder: &Folder) -> impl FnOnce() + Send + 'static {
    let (remove, path) = (worktree.remover(), folder.path().to_owned());
    move || {
        remove();
        // Where the search itself was faster, that is as good.
        let _ = std::fs::remove_dir_all(path);
    }
}

/// What builds and asks each commit, with every path in full: it runs elsewhere.
fn builder<'a>(
    options: &Bisect,
    played: &Played,
    worktree: &Worktree<'_>,
    folder: &'a Folder,
    quit: &'a AtomicBool,
) -> Result<Builder<'a>> {
    let tree = worktree.path().to_owned();
    let target = match &options.target {
        Some(target) => std::path::absolute(target).context("--target")?,
        None => tree.join("target"),
    };
    let program = match &options.program {
        Some(program) => tree.join(program),
        None => target.join("release/worldtape"),
    };
    Ok(Builder {
        command: options.build.clone(),
        build_seconds_max: options.limit_minutes * MINUTE_SECONDS,
        replay_seconds_max: seconds_max(played.frames()),
        tape: absolute(&options.file)?,
        world: absolute(&world(played, &options.machinery)?)?,
        device: options.machinery.device.clone(),
        tree,
        target,
        program,
        kept: folder.path(),
        quit,
    })
}
