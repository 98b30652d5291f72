//! The header of a tape: 44 bytes that say what the file is and which tape it is.

use super::SKIPPABLE_MAGIC;
use super::error::{Part, SessionError, at_most, check_crc, exactly};
use super::le::{Fields, array_at, u16_at, u32_at};
use super::limits::{HEADER_BYTES_MAX, TAPE_BYTES_MAX};

/// Bytes of the header.
pub const HEADER_BYTES: usize = 44;

/// The eight bytes at byte 8 of every tape.
///
/// Like PNG's: a byte above 127, a name, and line ends that a text transfer would change.
pub const TAPE_MAGIC: [u8; 8] = *b"\x89WTP\r\n\x1a\n";

/// Version of the format of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Another major version cannot be read.
    pub major: u16,
    /// A later minor version may add kinds and schemas that are skipped.
    pub minor: u16,
}

/// What the caller decides of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderInfo {
    /// Name of this tape among all tapes.
    pub uuid: [u8; 16],
}

/// The header as read.
pub(super) struct Header {
    pub(super) version: Version,
    pub(super) uuid: [u8; 16],
}

impl Version {
    /// The version this build writes.
    pub const CURRENT: Version = Version { major: 1, minor: 0 };
}

/// The bytes of a header of the version this build writes.
pub(super) fn encode(info: HeaderInfo) -> [u8; HEADER_BYTES] {
    encode_as(Version::CURRENT, info)
}

/// The bytes of a header for blocks that were written in `version`.
pub(super) fn encode_as(version: Version, info: HeaderInfo) -> [u8; HEADER_BYTES] {
    Fields::new()
        .put(&SKIPPABLE_MAGIC.to_le_bytes())
        .put(&(HEADER_BYTES as u32 - 8).to_le_bytes())
        .put(&TAPE_MAGIC)
        .put(&version.major.to_le_bytes())
        .put(&version.minor.to_le_bytes())
        .put(&info.uuid)
        .put(&(HEADER_BYTES as u32).to_le_bytes())
        .seal()
}

/// Reads the header at the front of `bytes`.
///
/// The magic, the CRC in the last four bytes and the version keep their places in every version, so
/// a newer tape is named as such and a damaged one is not taken for newer.
pub(super) fn decode(bytes: &[u8]) -> Result<Header, SessionError> {
    let found = bytes.len() as u64;
    at_most("tape bytes", found, TAPE_BYTES_MAX)?;
    let begins = bytes.get(8..).is_some_and(|rest| {
        let known = rest.len().min(TAPE_MAGIC.len());
        known > 0 && rest[..known] == TAPE_MAGIC[..known]
    });
    if !begins {
        return Err(SessionError::NotATape { bytes: found });
    }
    if bytes.len() < HEADER_BYTES {
        return Err(SessionError::HeaderCut { found, expected: HEADER_BYTES as u64 });
    }
    let total = u64::from(u32_at(bytes, 4)) + 8;
    at_most("header bytes", total, HEADER_BYTES_MAX)?;
    if total < HEADER_BYTES as u64 {
        exactly("header bytes", 0, HEADER_BYTES as u64, total)?;
    }
    let Some(header) = bytes.get(..total as usize) else {
        return Err(SessionError::HeaderCut { found, expected: total });
    };
    let (covered, _) = header.split_at(header.len() - 4);
    check_crc(Part::Header, 0, u32_at(header, header.len() - 4), covered)?;
    read_fields(header)
}

/// The fields of a header whose CRC is right.
fn read_fields(header: &[u8]) -> Result<Header, SessionError> {
    let version = Version { major: u16_at(header, 16), minor: u16_at(header, 18) };
    if version.major != Version::CURRENT.major {
        return Err(SessionError::Version { major: version.major, minor: version.minor });
    }
    exactly("skippable magic", 0, SKIPPABLE_MAGIC.into(), u32_at(header, 0).into())?;
    exactly("header bytes", 0, HEADER_BYTES as u64, header.len() as u64)?;
    exactly("header length", 0, HEADER_BYTES as u64, u32_at(header, 36).into())?;
    Ok(Header { version, uuid: array_at(header, 20) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_a_newer_one_is_named() {
        let mut bytes = encode(HeaderInfo { uuid: [7; 16] });
        assert_eq!(decode(&bytes).map(|header| header.uuid), Ok([7; 16]));
        bytes[16] = 2;
        let crc = crc32c::crc32c(&bytes[..HEADER_BYTES - 4]);
        bytes[HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        let said = decode(&bytes).err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), Some("tape of version 2.0, this build reads 1.x"));
    }
}
