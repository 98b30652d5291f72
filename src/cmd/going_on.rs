//! A session that goes on where another one was cut or closed: made again to its last frame first.

use super::files;
use super::replay::replay_tape;
use crate::clock::{Clock, Wall};
use crate::drive::{DriveError, Durable, Recorder, Verdict};
use crate::engine::{Engine, Start};
use crate::event::Action;
use crate::session::limits::TAPE_BYTES_MAX;
use crate::session::{Machine, Resume, Salvage, Tape, Why};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The tape cannot be gone on from: its frames do not come out again.
#[derive(Debug, Error)]
#[error(
    "DRIFT in frame {frame}: it does not come out again here, so nothing can go on from it; \
    nothing was written"
)]
pub(super) struct Drifted {
    frame: u64,
}

/// The file of a tape to go on from.
pub(super) struct Source {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// A tape to go on from: closed, or cut.
pub(super) struct Before<'a> {
    salvage: Salvage<'a>,
    path: &'a Path,
}

impl Source {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Source> {
        Ok(Source { path: path.to_path_buf(), bytes: files::read(path, TAPE_BYTES_MAX)? })
    }

    /// The tape in it. Of a damaged one nobody knows what is missing: it is refused.
    pub(super) fn before(&self) -> Result<Before<'_>> {
        let (path, name) = (self.path.as_path(), self.path.display());
        let uuid = uuid::Uuid::new_v4().into_bytes();
        let salvage = Salvage::of(&self.bytes, uuid).with_context(|| name.to_string())?;
        for loss in &salvage.losses().list {
            if let Why::Damaged(what)
            | Why::Inserted(what)
            | Why::Remade(what)
            | Why::Renamed(what) = &loss.why
            {
                return Err(what.clone()).with_context(|| {
                    format!(
                        "{name} is damaged at byte {}; make a whole tape of it with \
                            `worldtape recover` and go on from that",
                        loss.offset
                    )
                });
            }
        }
        if salvage.holds_nothing() {
            bail!("{name} ends before its first frame is whole: there is nothing to go on from");
        }
        Ok(Before { salvage, path })
    }
}

impl Before<'_> {
    /// Its records.
    pub(super) fn tape(&self) -> &Tape {
        self.salvage.tape()
    }

    /// The frame that comes next.
    pub(super) fn frames(&self) -> u64 {
        self.tape().outcomes.len() as u64
    }

    /// Actions that were given and never came to be.
    pub(super) fn waiting(&self) -> &[Action] {
        &self.tape().actions[self.tape().outcomes.len()..]
    }

    /// Makes every frame again, up to where `engine` can go on.
    pub(super) fn make_again(
        &self,
        engine: &mut (dyn Engine + Send),
        start: &Start,
        clock: &dyn Clock,
    ) -> Result<()> {
        let verdict: Verdict = replay_tape(self.tape(), engine, start, clock, true)?;
        match verdict.first_drift() {
            None => Ok(()),
            Some(frame) => Err(Drifted { frame }).with_context(|| self.path.display().to_string()),
        }
    }

    /// A clock that goes on from the last time on the tape.
    pub(super) fn clock(&self) -> Wall {
        let tape = self.tape();
        let times = [tape.action_us.last(), tape.outcome_us.last()];
        Wall::start_at(times.into_iter().flatten().copied().max().unwrap_or(0))
    }

    /// A recorder of a new tape in `sink` that has every whole block of this one.
    pub(super) fn recorder<W: Durable + 'static>(
        &self,
        sink: W,
        machine: &Machine,
    ) -> Result<Recorder<W>, DriveError> {
        let tape = self.tape();
        let resume = Resume {
            source_uuid: tape.uuid,
            source_frame: self.frames(),
            source_root: tape.play_root.digest(),
        };
        let uuid = uuid::Uuid::new_v4().into_bytes();
        let copied = self.salvage.copy(sink, Some(uuid)).and_then(|(mut encoder, batch)| {
            encoder.machine(machine)?;
            encoder.resume(&resume)?;
            Ok((encoder, batch))
        });
        let (encoder, batch) =
            copied.map_err(|source| DriveError::Tape { source, durable_frames: 0 })?;
        Recorder::go_on(encoder, batch)
    }
}
