//! The records of a tape as the rest of Worldtape sees them, whatever schema they are kept in.

use super::error::{SessionError, at_most, exactly};
use super::limits::{
    ACTION_NAMES_MAX, ENTRIES_MAX, FRAMES_MAX, NAME_BYTES_MAX, NOTE_BYTES_MAX, PASSES_MAX,
    PICTURE_SIDE_MAX, STATE_BYTES_MAX, VALUE_BYTES_MAX,
};
use crate::event::Digest;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is played: everything the pictures depend on beside the actions.
    Config,
    /// What it is played on, and when.
    Machine,
    /// Actions and outcomes.
    Frames,
    /// The tape that the first frames were copied from.
    Resume,
    /// The model's state between two frames.
    Checkpoint,
    /// A remark of the player.
    Note,
    /// Where blocks are.
    Index,
    /// The totals.
    End,
    /// A kind of a later minor version.
    Unknown(u16),
}

/// What is played: two plays of equal CONFIG and equal actions have equal frames.
///
/// The time of day is not in it, so that the play root is the same at any hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Digest of the world's file.
    pub world_digest: Digest,
    /// Name of the world, for people.
    pub world_name: String,
    /// Id of the number rules: `exact-1`.
    pub arithmetic: String,
    /// Key of the noise.
    pub seed: u64,
    /// Which of the world's starts is played, from 0.
    pub prompt: u32,
    /// Denoise passes per frame.
    pub passes: u32,
    /// float32 bits of the noise levels, `passes + 1` of them.
    pub noise_levels: Vec<u32>,
    /// Width of a picture, in pixels.
    pub picture_width: u32,
    /// Height of a picture, in pixels.
    pub picture_height: u32,
    /// Thousandths of frames per second that the world is meant to be played at.
    pub frames_per_second_milli: u32,
    /// Names of the buttons, bit 0 first.
    pub action_names: Vec<String>,
}

/// What it is played on, and when. Nothing of it may change a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Start of the session, milliseconds since 1970-01-01 UTC.
    pub started_unix_ms: u64,
    /// Engine: `cpu`, `cuda:0`, `reference`.
    pub engine: String,
    /// Version of Worldtape.
    pub worldtape_version: String,
    /// Commit it was built from, in hexadecimal; empty if not known.
    pub build_commit: String,
    /// Digest of the engine's kernels; zeros if it has none.
    pub kernel_digest: Digest,
    /// Threads of the engine.
    pub threads: u32,
    /// Whatever else describes the machine: processor, instruction set, GPU, driver.
    pub entries: Vec<(String, String)>,
}

/// The tape that the first frames of this one were copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// uuid of that tape.
    pub source_uuid: [u8; 16],
    /// How many frames were copied: frames `0..source_frame` of both tapes are the same.
    pub source_frame: u64,
    /// Play root of that tape after those frames.
    pub source_root: Digest,
}

/// The model's state between two frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The frame that would run next: the state is the one after `frame` frames.
    pub frame: u64,
    /// Digest of the state, as the engine defines it.
    pub state_digest: Digest,
    /// The state as the engine saves it; empty when only the digest is kept.
    pub state: Vec<u8>,
}

/// A CHECKPOINT as a reader remembers it. The state stays in the file: there may be many, of many
/// bytes each ([`super::Tape::checkpoint`] fetches one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointAt {
    /// The frame that would run next.
    pub frame: u64,
    /// Digest of the state, as the engine defines it.
    pub state_digest: Digest,
    /// Bytes of the state; 0 when only the digest is kept.
    pub state_bytes: u64,
    /// Byte of the tape where its block begins.
    pub offset: u64,
}

/// A remark of the player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The frame it is about.
    pub frame: u64,
    /// The remark.
    pub text: String,
}

impl Kind {
    /// The kind of this number in a block header.
    pub fn from_number(number: u16) -> Kind {
        match number {
            1 => Kind::Config,
            2 => Kind::Machine,
            3 => Kind::Frames,
            4 => Kind::Resume,
            5 => Kind::Checkpoint,
            6 => Kind::Note,
            7 => Kind::Index,
            8 => Kind::End,
            other => Kind::Unknown(other),
        }
    }

    /// Its number in a block header.
    pub fn number(self) -> u16 {
        match self {
            Kind::Config => 1,
            Kind::Machine => 2,
            Kind::Frames => 3,
            Kind::Resume => 4,
            Kind::Checkpoint => 5,
            Kind::Note => 6,
            Kind::Index => 7,
            Kind::End => 8,
            Kind::Unknown(number) => number,
        }
    }

    /// Does the meaning of later blocks depend on this one? Then its schema must be known.
    pub(super) fn is_needed(self) -> bool {
        matches!(self, Kind::Config | Kind::Frames | Kind::End)
    }
}

impl Config {
    /// The rules of meaning, shared by reader and writer; `offset` is the block's, for the error.
    pub(super) fn check(&self, offset: u64) -> Result<(), SessionError> {
        at_most("world name bytes", self.world_name.len() as u64, NAME_BYTES_MAX)?;
        at_most("arithmetic bytes", self.arithmetic.len() as u64, NAME_BYTES_MAX)?;
        at_most("passes", self.passes.into(), PASSES_MAX)?;
        let levels = u64::from(self.passes) + 1;
        exactly("noise level count", offset, levels, self.noise_levels.len() as u64)?;
        at_most("picture width", self.picture_width.into(), PICTURE_SIDE_MAX)?;
        at_most("picture height", self.picture_height.into(), PICTURE_SIDE_MAX)?;
        at_most("action name count", self.action_names.len() as u64, ACTION_NAMES_MAX)?;
        let mut names = self.action_names.iter();
        names.try_for_each(|name| at_most("action name bytes", name.len() as u64, NAME_BYTES_MAX))
    }
}

impl Machine {
    /// The rules of meaning.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        at_most("engine bytes", self.engine.len() as u64, NAME_BYTES_MAX)?;
        at_most("worldtape version bytes", self.worldtape_version.len() as u64, NAME_BYTES_MAX)?;
        at_most("build commit bytes", self.build_commit.len() as u64, NAME_BYTES_MAX)?;
        at_most("machine entry count", self.entries.len() as u64, ENTRIES_MAX)?;
        self.entries.iter().try_for_each(|(key, value)| {
            at_most("machine key bytes", key.len() as u64, NAME_BYTES_MAX)?;
            at_most("machine value bytes", value.len() as u64, VALUE_BYTES_MAX)
        })
    }
}

impl Resume {
    /// The rules of meaning.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        at_most("resume frame", self.source_frame, FRAMES_MAX)
    }
}

impl Checkpoint {
    /// The rules of meaning.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        let (frame, state_digest) = (self.frame, self.state_digest);
        let state_bytes = self.state.len() as u64;
        CheckpointAt { frame, state_digest, state_bytes, offset: 0 }.check()
    }
}

impl CheckpointAt {
    /// The rules of meaning.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        at_most("checkpoint frame", self.frame, FRAMES_MAX)?;
        at_most("checkpoint state bytes", self.state_bytes, STATE_BYTES_MAX)
    }
}

impl Note {
    /// The rules of meaning.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        at_most("note frame", self.frame, FRAMES_MAX)?;
        at_most("note bytes", self.text.len() as u64, NOTE_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_number_it_is_read_from() {
        for number in 0..=u16::MAX {
            assert_eq!(Kind::from_number(number).number(), number);
        }
    }
}
