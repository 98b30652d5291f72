//! Records to schema 1 and back: text, digests, and the rules of meaning.

use super::error::SessionError;
use super::records::{Checkpoint, CheckpointAt, Config, Machine, Note, Resume};
use super::v1;
use crate::event::Digest;
use rkyv::vec::ArchivedVec;

impl From<&Config> for v1::Config {
    fn from(config: &Config) -> Self {
        let names = config.action_names.iter();
        v1::Config {
            world_digest: config.world_digest.0,
            world_name: config.world_name.as_bytes().to_vec(),
            arithmetic: config.arithmetic.as_bytes().to_vec(),
            seed: config.seed,
            prompt: config.prompt,
            passes: config.passes,
            noise_levels: config.noise_levels.clone(),
            picture_width: config.picture_width,
            picture_height: config.picture_height,
            frames_per_second_milli: config.frames_per_second_milli,
            action_names: names.map(|name| name.as_bytes().to_vec()).collect(),
        }
    }
}

impl From<&Machine> for v1::Machine {
    fn from(machine: &Machine) -> Self {
        let entry = |(key, value): &(String, String)| v1::Entry {
            key: key.as_bytes().to_vec(),
            value: value.as_bytes().to_vec(),
        };
        v1::Machine {
            started_unix_ms: machine.started_unix_ms,
            engine: machine.engine.as_bytes().to_vec(),
            worldtape_version: machine.worldtape_version.as_bytes().to_vec(),
            build_commit: machine.build_commit.as_bytes().to_vec(),
            kernel_digest: machine.kernel_digest.0,
            threads: machine.threads,
            entries: machine.entries.iter().map(entry).collect(),
        }
    }
}

impl From<&Resume> for v1::Resume {
    fn from(resume: &Resume) -> Self {
        v1::Resume {
            source_uuid: resume.source_uuid,
            source_frame: resume.source_frame,
            source_root: resume.source_root.0,
        }
    }
}

impl From<Checkpoint> for v1::Checkpoint {
    fn from(checkpoint: Checkpoint) -> Self {
        v1::Checkpoint {
            frame: checkpoint.frame,
            state_digest: checkpoint.state_digest.0,
            state: checkpoint.state,
        }
    }
}

impl From<&Note> for v1::Note {
    fn from(note: &Note) -> Self {
        v1::Note { frame: note.frame, text: note.text.as_bytes().to_vec() }
    }
}

/// CONFIG of the block at byte `offset`.
pub(super) fn config(wire: &v1::ArchivedConfig, offset: u64) -> Result<Config, SessionError> {
    let names = wire.action_names.iter();
    let config = Config {
        world_digest: Digest(wire.world_digest),
        world_name: text("world name", &wire.world_name, offset)?,
        arithmetic: text("arithmetic", &wire.arithmetic, offset)?,
        seed: wire.seed.to_native(),
        prompt: wire.prompt.to_native(),
        passes: wire.passes.to_native(),
        noise_levels: wire.noise_levels.iter().map(|level| level.to_native()).collect(),
        picture_width: wire.picture_width.to_native(),
        picture_height: wire.picture_height.to_native(),
        frames_per_second_milli: wire.frames_per_second_milli.to_native(),
        action_names: names
            .map(|name| text("action name", name, offset))
            .collect::<Result<_, _>>()?,
    };
    config.check(offset).map(|()| config)
}

/// MACHINE of the block at byte `offset`.
pub(super) fn machine(wire: &v1::ArchivedMachine, offset: u64) -> Result<Machine, SessionError> {
    let entry = |entry: &v1::ArchivedEntry| {
        let key = text("machine key", &entry.key, offset)?;
        Ok((key, text("machine value", &entry.value, offset)?))
    };
    let machine = Machine {
        started_unix_ms: wire.started_unix_ms.to_native(),
        engine: text("engine", &wire.engine, offset)?,
        worldtape_version: text("worldtape version", &wire.worldtape_version, offset)?,
        build_commit: text("build commit", &wire.build_commit, offset)?,
        kernel_digest: Digest(wire.kernel_digest),
        threads: wire.threads.to_native(),
        entries: wire.entries.iter().map(entry).collect::<Result<_, _>>()?,
    };
    machine.check().map(|()| machine)
}

/// RESUME.
pub(super) fn resume(wire: &v1::ArchivedResume) -> Result<Resume, SessionError> {
    let resume = Resume {
        source_uuid: wire.source_uuid,
        source_frame: wire.source_frame.to_native(),
        source_root: Digest(wire.source_root),
    };
    resume.check().map(|()| resume)
}

/// CHECKPOINT of the block at byte `offset`, without its state.
pub(super) fn checkpoint_at(
    wire: &v1::ArchivedCheckpoint,
    offset: u64,
) -> Result<CheckpointAt, SessionError> {
    let checkpoint = CheckpointAt {
        frame: wire.frame.to_native(),
        state_digest: Digest(wire.state_digest),
        state_bytes: wire.state.len() as u64,
        offset,
    };
    checkpoint.check().map(|()| checkpoint)
}

/// CHECKPOINT.
pub(super) fn checkpoint(wire: &v1::ArchivedCheckpoint) -> Result<Checkpoint, SessionError> {
    let checkpoint = Checkpoint {
        frame: wire.frame.to_native(),
        state_digest: Digest(wire.state_digest),
        state: wire.state.to_vec(),
    };
    checkpoint.check().map(|()| checkpoint)
}

/// NOTE of the block at byte `offset`.
pub(super) fn note(wire: &v1::ArchivedNote, offset: u64) -> Result<Note, SessionError> {
    let note = Note { frame: wire.frame.to_native(), text: text("note", &wire.text, offset)? };
    note.check().map(|()| note)
}

/// A text of the block at byte `offset`. The limit of the archive bounds what is copied.
fn text(what: &'static str, bytes: &ArchivedVec<u8>, offset: u64) -> Result<String, SessionError> {
    let text = std::str::from_utf8(bytes).map_err(|error| SessionError::NotText {
        what,
        offset,
        valid: error.valid_up_to() as u64,
    })?;
    Ok(text.to_owned())
}
