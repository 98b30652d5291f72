//! What can be wrong with a tape or its writer, with the numbers needed to find the place.

use super::records::Kind;
use crate::event::Digest;
use std::io::ErrorKind;
use thiserror::Error;

/// A part of a tape that has a CRC32C of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The header of the tape.
    Header,
    /// The header of a block.
    BlockHeader,
    /// The zstd frame of a block.
    Payload,
    /// The footer.
    Footer,
}

/// Why a tape cannot be read further, or a record cannot be written. Offsets count bytes from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// The bytes do not begin as a tape does.
    #[error("not a tape: no tape magic at byte 8 of {bytes} bytes")]
    NotATape {
        /// Bytes given.
        bytes: u64,
    },
    /// The tape is of a version that this build does not read.
    #[error("tape of version {major}.{minor}, this build reads 1.x")]
    Version {
        /// Major version of the tape.
        major: u16,
        /// Minor version of the tape.
        minor: u16,
    },
    /// The file ends inside the header of the tape.
    #[error("the tape ends at byte {found}, inside its header of {expected} bytes")]
    HeaderCut {
        /// Bytes there are.
        found: u64,
        /// Bytes of the header.
        expected: u64,
    },
    /// Neither copy of CONFIG can be read.
    #[error("no readable CONFIG after byte {offset}: {reason}")]
    NoConfig {
        /// Where the first copy should be.
        offset: u64,
        /// What is wrong with the first copy.
        reason: String,
    },
    /// Bytes are not those that were written.
    #[error("{part:?} at byte {offset}: CRC32C is {found:#010x}, the tape says {expected:#010x}")]
    Crc {
        /// What the CRC is of.
        part: Part,
        /// Where the part begins.
        offset: u64,
        /// The value in the tape.
        expected: u32,
        /// The value of the bytes.
        found: u32,
    },
    /// A number is not the one that the rest of the tape asks for.
    #[error("{what} at byte {offset} is {found}, expected {expected}")]
    Field {
        /// Name of the number.
        what: &'static str,
        /// Where the part that holds it begins.
        offset: u64,
        /// What it should be.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// A digest is not the one that the rest of the tape asks for.
    #[error("{what} at byte {offset} is {found}, expected {expected}")]
    DigestDiffers {
        /// Name of the digest.
        what: &'static str,
        /// Where the part that holds it begins.
        offset: u64,
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// A length or count is above its maximum.
    #[error("{what} is {found}, at most {max} allowed")]
    TooLong {
        /// Name of the length or count.
        what: &'static str,
        /// What it is.
        found: u64,
        /// What it may be.
        max: u64,
    },
    /// zstd refuses the payload of a block.
    #[error("zstd frame of {bytes} bytes in the block at byte {offset}: {reason}")]
    Zstd {
        /// Where the block begins.
        offset: u64,
        /// Bytes of the payload.
        bytes: u64,
        /// What zstd says.
        reason: String,
    },
    /// The archive of a block does not hold together.
    #[error("archive of {bytes} bytes in the block at byte {offset}: {reason}")]
    Archive {
        /// Where the block begins.
        offset: u64,
        /// Bytes of the archive.
        bytes: u64,
        /// What rkyv says.
        reason: String,
    },
    /// A text is not UTF-8.
    #[error("{what} in the block at byte {offset} is not UTF-8 after {valid} bytes")]
    NotText {
        /// Name of the text.
        what: &'static str,
        /// Where the block begins.
        offset: u64,
        /// Bytes that are UTF-8.
        valid: u64,
    },
    /// The two copies of CONFIG are not the same.
    #[error("the CONFIG at byte {offset} differs from the first one")]
    ConfigsDiffer {
        /// Where the second copy begins.
        offset: u64,
    },
    /// A block whose records are needed is of a schema that this build does not read.
    #[error("{kind:?} at byte {offset} is of schema {schema}, this build reads schema 1")]
    Schema {
        /// Kind of the block.
        kind: Kind,
        /// Where the block begins.
        offset: u64,
        /// Schema of the block.
        schema: u16,
    },
    /// A frame has an outcome and no action.
    #[error("at byte {offset}: {outcomes} outcomes of {actions} actions")]
    OutcomesAhead {
        /// Where the block begins (0: the records never were in a block).
        offset: u64,
        /// Actions so far.
        actions: u64,
        /// Outcomes so far.
        outcomes: u64,
    },
    /// There are bytes after the footer.
    #[error("{bytes} bytes after the footer, from byte {offset}")]
    Trailing {
        /// Where they begin.
        offset: u64,
        /// How many there are.
        bytes: u64,
    },
    /// A tape cannot be rewritten without a MACHINE record.
    #[error("the tape has {frames} frames and no MACHINE record")]
    NoMachine {
        /// Frames of the tape.
        frames: u64,
    },
    /// The sink refused bytes; the encoder has failed for good.
    #[error("writing {bytes} bytes at byte {offset}: {}", said(*kind, *system))]
    Write {
        /// Where the bytes were to go.
        offset: u64,
        /// How many there were.
        bytes: u64,
        /// What the sink says.
        kind: ErrorKind,
        /// The number of the system's error, if it is one.
        system: Option<i32>,
    },
    /// The source could not be read.
    #[error("reading {bytes} bytes at byte {offset}: {}", said(*kind, *system))]
    Read {
        /// Where the bytes lie.
        offset: u64,
        /// How many were asked for.
        bytes: u64,
        /// What the source says.
        kind: ErrorKind,
        /// The number of the system's error, if it is one.
        system: Option<i32>,
    },
    /// An earlier write failed: nothing may be added after a hole.
    #[error("the writer failed earlier, after byte {offset}")]
    WriterFailed {
        /// Bytes that the sink took whole.
        offset: u64,
    },
}

impl SessionError {
    /// Is a tape damaged or cut (rather than no tape at all, of another version, or not writable)?
    pub fn is_damage(&self) -> bool {
        !matches!(
            self,
            SessionError::NotATape { .. }
                | SessionError::Version { .. }
                | SessionError::Read { .. }
                | SessionError::Write { .. }
                | SessionError::WriterFailed { .. }
        )
    }
}

/// What the system calls its error, where it is one.
fn said(kind: ErrorKind, system: Option<i32>) -> String {
    match system {
        Some(number) => std::io::Error::from_raw_os_error(number).to_string(),
        None => kind.to_string(),
    }
}

/// `found` against `max`, before anything of that size is allocated.
pub(super) fn at_most(what: &'static str, found: u64, max: u64) -> Result<(), SessionError> {
    if found > max {
        return Err(SessionError::TooLong { what, found, max });
    }
    Ok(())
}

/// `found` against the only number it may be.
pub(super) fn exactly(
    what: &'static str,
    offset: u64,
    expected: u64,
    found: u64,
) -> Result<(), SessionError> {
    if found != expected {
        return Err(SessionError::Field { what, offset, expected, found });
    }
    Ok(())
}

/// `bytes` against the CRC32C in the tape.
pub(super) fn check_crc(
    part: Part,
    offset: u64,
    expected: u32,
    bytes: &[u8],
) -> Result<(), SessionError> {
    let found = crc32c::crc32c(bytes);
    if found != expected {
        return Err(SessionError::Crc { part, offset, expected, found });
    }
    Ok(())
}
