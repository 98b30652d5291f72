//! The tape of one session: its name, its file, and the player's marks on it.

use super::super::going_on::Before;
use super::super::machinery::{self, Prepared};
use super::super::{files, record};
use crate::cli::Play;
use crate::clock::{Wall, utc_stamp};
use crate::drive::{DriveError, Durable, Flow, Made, Recorder, Recording, Sink};
use crate::engine::Description;
use crate::event::Action;
use crate::input::Controls;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most tapes of one play: names are tried up to this number.
const TAPES_MAX: usize = 10_000;

/// Most marks of one tape; those after them are left out.
const MARKS_MAX: u64 = 10_000;

/// A tape that is being written, with the player's marks.
pub(super) struct Taping {
    recorder: Recorder<Counted>,
    controls: Controls,
    /// The newest frame.
    frame: u64,
    marks: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: Arc<AtomicU64>,
}

impl Taping {
    /// Begins the tape of session `number` of a play.
    pub(super) fn start(
        options: &Play,
        number: usize,
        prepared: &Prepared,
        description: &Description,
        before: Option<&Before<'_>>,
        controls: &Controls,
    ) -> Result<Taping> {
        let started_unix_ms = Wall::start().started_unix_ms;
        let path = options.output.clone().unwrap_or_else(|| dated(started_unix_ms));
        let path = numbered(&path, number)?;
        let bytes = Arc::new(AtomicU64::new(0));
        let sink = Counted { file: files::create(&path)?, bytes: Arc::clone(&bytes) };
        let machine = machinery::machine(description.clone(), started_unix_ms);
        let started = match before {
            None => {
                let uuid = uuid::Uuid::new_v4().into_bytes();
                Recorder::start(sink, uuid, &prepared.config, &machine)
            }
            Some(before) => before.recorder(sink, &machine),
        };
        let recorder = started
            .inspect_err(|_| files::discard(&path))
            .with_context(|| format!("tape {}", path.display()))?;
        Ok(Taping { recorder, controls: controls.clone(), frame: 0, marks: 0, path, bytes })
    }

    /// Closes the tape of a session that ran so.
    pub(super) fn close(mut self, ran: Result<u64, DriveError>) -> Result<(PathBuf, Recording)> {
        let ran = ran.and_then(|frames| self.mark().map(|()| frames));
        let recording = record::close(ran, self.recorder, &self.path)?;
        Ok((self.path, recording))
    }

    /// Notes that the player marked the newest frame, where one did.
    fn mark(&mut self) -> Result<(), DriveError> {
        if !self.controls.take_mark() || self.marks == MARKS_MAX {
            return Ok(());
        }
        self.marks += 1;
        self.recorder.note(self.frame, &format!("mark {}", self.marks))
    }
}

impl Sink for Taping {
    fn action(&mut self, frame: u64, action: Action, at_us: u64) -> Result<(), DriveError> {
        self.mark()?;
        self.recorder.action(frame, action, at_us)
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        self.frame = made.frame;
        self.recorder.made(made)
    }
}

/// Where a play is recorded that no name was given for.
fn dated(unix_ms: u64) -> PathBuf {
    PathBuf::from(format!("play-{}.wtape", utc_stamp(unix_ms)))
}

/// The name of the tape of session `number`, from 0: the first as it is, the others with the next
/// number that is free.
fn numbered(path: &Path, number: usize) -> Result<PathBuf> {
    if number == 0 {
        return Ok(path.to_path_buf());
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().unwrap_or("wtape".as_ref()).to_string_lossy().into_owned();
    let name = |n| path.with_file_name(format!("{stem}-{n}.{extension}"));
    let is_free = |path: &PathBuf| files::refuse_existing(path).is_ok();
    match (number + 1..=TAPES_MAX).map(name).find(is_free) {
        Some(free) => Ok(free),
        None => bail!("{} to {TAPES_MAX} exist; choose another name with -o", path.display()),
    }
}

/// A file that tells how many bytes went into it.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Durable for Counted {
    fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_without_a_name_is_named_by_its_date() {
        assert_eq!(dated(1_795_444_205_000), Path::new("play-20261123-143005.wtape"));
    }

    #[test]
    fn a_tape_after_the_first_has_the_next_free_number() {
        let place = tempfile::tempdir().expect("a folder");
        let tape = place.path().join("run.wtape");
        let name = |number| {
            let path = numbered(&tape, number).expect("a name");
            path.file_name().expect("a file").to_string_lossy().into_owned()
        };
        assert_eq!([name(0), name(1), name(2)], ["run.wtape", "run-2.wtape", "run-3.wtape"]);
        files::create(&place.path().join("run-2.wtape")).expect("created");
        assert_eq!(name(1), "run-3.wtape");
    }
}
