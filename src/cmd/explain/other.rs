//! Another build of worldtape as a side of a comparison: its own `taps` is asked, and not trusted.

use super::process::ask;
use crate::cli::Machinery;
use crate::cmd::files;
use crate::cmd::folder::Folder;
use crate::cmd::sides::Played;
use crate::cmd::taps::{FrameTold, OutcomesTold};
use crate::drift::{Side, SideError, Stop, Tapped, state_digest, tap_digest};
use crate::event::{Digest, Outcome};
use crate::program::{Node, Op};
use crate::session::limits::STATE_BYTES_MAX;
use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Most bytes of what one op wrote. Why 1 GiB: no buffer of a world that can be packed is larger.
const RAW_BYTES_MAX: u64 = 1 << 30;

/// What another build is asked with.
pub(in crate::cmd) struct Other {
    /// As it was named.
    word: String,
    /// Where it is.
    program: PathBuf,
    tape: PathBuf,
    world: PathBuf,
    device: String,
    /// Frames of the tape.
    frames: u64,
    /// Name of the op that makes the picture.
    picture: String,
    folder: Folder,
    /// Engine and build, once it has said so.
    teller: Option<String>,
    /// What all frames came to, once they were made.
    outcomes: Vec<Outcome>,
    /// The last frame it made in its own play.
    last: Option<Tapped>,
    /// Where it stopped for a value that is not finite.
    stop: Option<Stop>,
    /// Ends it once it is raised.
    quit: Option<Arc<AtomicBool>>,
}

impl Other {
    /// Another build of a tape's program, ready to be asked. `word` is what reports call it.
    ///
    /// # Errors
    /// Where the program, the tape or the world are not to be found.
    pub(in crate::cmd) fn new(
        played: &Played,
        options: &Machinery,
        word: String,
        program: &Path,
    ) -> Result<Other> {
        Ok(Other {
            word,
            program: absolute(program)?,
            tape: absolute(&played.path)?,
            world: absolute(&world(played, options)?)?,
            device: options.device.clone(),
            frames: played.frames(),
            picture: picture_op(&played.prepared.model.frame.nodes),
            folder: Folder::new()?,
            teller: None,
            outcomes: Vec::new(),
            last: None,
            stop: None,
            quit: None,
        })
    }

    /// Ended, whatever it is doing, once `quit` is raised.
    pub(in crate::cmd) fn until(self, quit: Arc<AtomicBool>) -> Other {
        Other { quit: Some(quit), ..self }
    }

    /// Asks for `taps` of a frame with more words, and for its answer.
    fn taps(&self, frame: u64, more: &[OsString]) -> Result<Vec<u8>> {
        let mut words: Vec<OsString> = vec!["taps".into(), self.tape.clone().into()];
        let frame_word = frame.to_string();
        for (option, value) in [
            ("--frame", frame_word.as_ref()),
            ("--world", self.world.as_os_str()),
            ("--device", self.device.as_ref()),
        ] {
            words.extend([option.into(), value.to_owned()]);
        }
        words.push("--json".into());
        words.extend_from_slice(more);
        ask(&self.program, &words, self.frames, self.quit.as_deref())
    }

    /// The object that it answers with.
    fn object<T: DeserializeOwned>(&self, frame: u64, more: &[OsString]) -> Result<T> {
        let answer = self.taps(frame, more)?;
        serde_json::from_slice(&answer).context("its answer is not what `taps --json` prints")
    }

    fn listed(&mut self, last: u64, states_from: Option<u64>) -> Result<Vec<Option<Digest>>> {
        let mut more: Vec<OsString> = vec!["--outcomes".into()];
        if let Some(first) = states_from {
            more.extend(["--states-from".into(), first.to_string().into()]);
        }
        let told: OutcomesTold = self.object(last, &more)?;
        self.teller = Some(told.teller());
        let rows = told.read()?;
        self.stop = told.stopped()?;
        let is_whole = rows.len() as u64 == last + 1;
        if !is_whole && (self.stop.is_none() || states_from.is_some()) {
            bail!("it tells of {} frames; {} were asked for", rows.len(), last + 1);
        }
        self.outcomes = rows.iter().map(|(outcome, _)| *outcome).collect();
        Ok(rows.into_iter().map(|(_, state)| state).collect())
    }

    fn made(&mut self, frame: u64) -> Result<Outcome> {
        if (self.outcomes.len() as u64) < self.frames && self.stop.is_none() {
            self.listed(self.frames - 1, None)?;
        }
        let stop = || self.stop.as_ref().map_or("an op", |stop| &stop.met);
        let made = self.outcomes.get(frame as usize).copied();
        made.with_context(|| format!("frame {frame}: {} met a value that is not finite", stop()))
    }

    fn frame(&mut self, frame: u64, from: Option<&[u8]>, keep: &[&str]) -> Result<Tapped> {
        let mut more: Vec<OsString> = Vec::new();
        if let Some(state) = from {
            let path = self.folder.path().join("from.state");
            let written = std::fs::write(&path, state);
            written.with_context(|| format!("cannot write {}", path.display()))?;
            more.extend(["--from-state".into(), path.into()]);
        }
        let raw = |index: usize| self.folder.path().join(format!("op-{index}"));
        for (index, name) in keep.iter().enumerate() {
            discard(&raw(index));
            more.extend(["--op".into(), name.into(), "--raw".into(), raw(index).into()]);
        }
        let told: FrameTold = self.object(frame, &more)?;
        let mut tapped = told.tapped()?;
        if tapped.frame != frame {
            bail!("it tells of frame {}; {frame} was asked for", tapped.frame);
        }
        for (index, name) in keep.iter().enumerate() {
            let bytes = files::read(&raw(index), RAW_BYTES_MAX)?;
            let tap = tapped.taps.iter().find(|tap| tap.name == *name);
            if tap.is_none_or(|tap| tap.digest != tap_digest(&bytes)) {
                bail!("its bytes of op {name} are not of the digest that it tells");
            }
            tapped.kept.insert((*name).to_owned(), bytes);
        }
        self.teller = Some(told.teller());
        if from.is_none() {
            self.last = Some(tapped.clone());
        }
        Ok(tapped)
    }

    fn state(&mut self, frame: u64) -> Result<Vec<u8>> {
        let path = self.folder.path().join("before.state");
        discard(&path);
        self.taps(frame, &["--save-state".into(), path.clone().into()])?;
        files::read(&path, STATE_BYTES_MAX)
    }

    fn states(&mut self, frames: Range<u64>) -> Result<Vec<Digest>> {
        let last = frames.end.min(self.frames);
        let mut digests = Vec::new();
        if frames.start < last {
            let told = self.listed(last - 1, Some(frames.start))?;
            let states = told.into_iter().skip(frames.start as usize);
            let states = states.collect::<Option<Vec<Digest>>>();
            digests = states.context("it does not tell of the states that were asked for")?;
        }
        if frames.end > self.frames {
            digests.push(state_digest(&self.state(self.frames)?));
        }
        Ok(digests)
    }

    fn told<T>(&self, answer: Result<T>) -> Result<T, SideError> {
        answer.map_err(|error| SideError::Other {
            side: self.word.clone(),
            what: format!("{error:#}"),
        })
    }
}

/// Where the tape's world is, for a program that looks from elsewhere.
pub(in crate::cmd) fn world(played: &Played, options: &Machinery) -> Result<PathBuf> {
    let digest = played.tape.config.world_digest;
    let world = options.world.clone().or_else(|| files::world_of_digest(digest));
    world.context("the tape's world is not to be found; name it with --world")
}

/// A path that leads there from any folder.
pub(in crate::cmd) fn absolute(path: &Path) -> Result<PathBuf> {
    let found = path.canonicalize();
    found.with_context(|| format!("cannot find {}", path.display()))
}

/// Name of the op that makes the picture.
fn picture_op(nodes: &[Node]) -> String {
    let mut pictures = nodes.iter().filter(|node| matches!(node.op, Op::ToPicture { .. }));
    pictures.next_back().map_or_else(String::new, |node| node.name.clone())
}

/// Takes away what an earlier answer left in the folder.
fn discard(path: &Path) {
    // Where it is not there, that is what is wanted.
    let _ = std::fs::remove_file(path);
}

impl Side for Other {
    fn name(&self) -> String {
        match &self.teller {
            Some(teller) => format!("{} ({teller})", self.word),
            None => self.word.clone(),
        }
    }

    fn outcome(&mut self, frame: u64) -> Result<Outcome, SideError> {
        if let Some(last) = self.last.as_ref().filter(|last| last.frame == frame) {
            return Ok(last.outcome);
        }
        let found = self.made(frame);
        self.told(found)
    }

    fn tapped(
        &mut self,
        frame: u64,
        from: Option<&[u8]>,
        keep: &[&str],
    ) -> Result<Tapped, SideError> {
        let found = self.frame(frame, from, keep);
        self.told(found)
    }

    fn stop(&mut self, frame: u64) -> Result<Option<Stop>, SideError> {
        Ok(self.stop.clone().filter(|stop| stop.frame == frame))
    }

    fn picture(&mut self, frame: u64) -> Result<Vec<u8>, SideError> {
        let name = self.picture.clone();
        let found = self.frame(frame, None, &[&name]);
        let picture = |mut tapped: Tapped| tapped.kept.remove(&name).unwrap_or_default();
        self.told(found.map(picture))
    }

    fn state_before(&mut self, frame: u64) -> Result<Vec<u8>, SideError> {
        let found = self.state(frame);
        self.told(found)
    }

    fn state_digests(&mut self, frames: Range<u64>) -> Result<Vec<Digest>, SideError> {
        let found = self.states(frames);
        self.told(found)
    }
}
