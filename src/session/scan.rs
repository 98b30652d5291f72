//! Finds blocks in bytes: the one at an offset, and the next one after damage.

use super::SKIPPABLE_MAGIC;
use super::block::{BLOCK_HEADER_BYTES, BLOCK_MAGIC, BlockHeader};
use super::error::{Part, SessionError, check_crc};

/// A block whose bytes are those that were written.
pub(super) struct Scanned<'a> {
    pub(super) header: BlockHeader,
    pub(super) payload: &'a [u8],
    /// The whole block.
    pub(super) bytes: &'a [u8],
}

/// Why there is no further block.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The bytes end here, or are zeros from here on.
    Cut,
    /// The bytes are not what they should be.
    Damaged(SessionError),
}

impl From<SessionError> for Stop {
    fn from(error: SessionError) -> Stop {
        Stop::Damaged(error)
    }
}

/// The block at `offset`: CRC of the header, limits, then CRC of the payload.
///
/// Zeros up to the end of the file are the room a file system had set aside before the writer
/// stopped: a cut, not damage.
pub(super) fn scan_block(bytes: &[u8], offset: usize) -> Result<Scanned<'_>, Stop> {
    let rest = &bytes[offset..];
    let Some(front) = rest.get(..BLOCK_HEADER_BYTES) else {
        return Err(Stop::Cut);
    };
    let header = match BlockHeader::decode(front, offset as u64) {
        Ok(header) => header,
        Err(_) if is_zero(rest) => return Err(Stop::Cut),
        Err(error) => return Err(Stop::Damaged(error)),
    };
    let end = BLOCK_HEADER_BYTES + header.compressed_len as usize;
    let Some(block) = rest.get(..end) else {
        return Err(Stop::Cut);
    };
    let payload = &block[BLOCK_HEADER_BYTES..];
    let payload_offset = (offset + BLOCK_HEADER_BYTES) as u64;
    check_crc(Part::Payload, payload_offset, header.payload_crc, payload)?;
    Ok(Scanned { header, payload, bytes: block })
}

/// The header of the block at `offset`, whatever is in the block.
pub(super) fn header_at(bytes: &[u8], offset: usize) -> Result<BlockHeader, Stop> {
    let front = bytes.get(offset..offset + BLOCK_HEADER_BYTES).ok_or(Stop::Cut)?;
    Ok(BlockHeader::decode(front, offset as u64)?)
}

/// Are all bytes zero?
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// Byte of the first block at or after `from` whose header is whole, to go on from after damage.
///
/// Only the header is checked: the block may be cut, or its payload damaged. A payload may hold
/// bytes that look like a block, so a caller also checks the sequence.
pub fn find_block(bytes: &[u8], from: usize) -> Option<usize> {
    let magic = SKIPPABLE_MAGIC.to_le_bytes();
    let rest = bytes.get(from..)?;
    let found = rest.windows(BLOCK_HEADER_BYTES).position(|front| {
        front[..4] == magic && front[8..12] == BLOCK_MAGIC && BlockHeader::decode(front, 0).is_ok()
    })?;
    Some(from + found)
}
