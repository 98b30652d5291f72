//! Finds CONFIG in the first two blocks, in the second if the first is damaged.

use super::archive::{Unpacker, access};
use super::block::{BLOCK_HEADER_BYTES, BlockHeader};
use super::convert;
use super::error::{SessionError, at_most, exactly};
use super::header::HEADER_BYTES;
use super::records::{Config, Kind};
use super::scan::{Stop, find_block, scan_block};
use super::tape::Tape;
use super::v1::SCHEMA;

/// CONFIG is written twice: blocks 0 and 1.
pub(super) const CONFIG_COPIES: u64 = 2;

/// CONFIG of the first copy, or of the second if the first is damaged.
pub(super) fn find(bytes: &[u8], unpacker: &mut Unpacker) -> Result<Config, SessionError> {
    let reason = match read(bytes, HEADER_BYTES, unpacker) {
        Ok(config) => return Ok(config),
        Err(Stop::Cut) => "the tape is cut".to_owned(),
        Err(Stop::Damaged(error)) => error.to_string(),
    };
    let second = find_second(bytes);
    let config = second.and_then(|offset| read(bytes, offset, unpacker).ok());
    config.ok_or(SessionError::NoConfig { offset: HEADER_BYTES as u64, reason })
}

/// Byte of the first block after damage that says it is the second copy of CONFIG.
///
/// One candidate is enough, and bounds the work on bytes made to look like many.
pub(super) fn find_second(bytes: &[u8]) -> Option<usize> {
    let mut from = HEADER_BYTES + 1;
    loop {
        let offset = find_block(bytes, from)?;
        let front = &bytes[offset..offset + BLOCK_HEADER_BYTES];
        let header = BlockHeader::decode(front, offset as u64).ok()?;
        if header.kind == Kind::Config && header.sequence == CONFIG_COPIES - 1 {
            return Some(offset);
        }
        from = offset + 1;
    }
}

/// CONFIG of the block at `offset`.
fn read(bytes: &[u8], offset: usize, unpacker: &mut Unpacker) -> Result<Config, Stop> {
    let block = scan_block(bytes, offset)?;
    let (header, offset) = (&block.header, offset as u64);
    exactly("kind", offset, Kind::Config.number().into(), header.kind.number().into())?;
    at_most("sequence of CONFIG", header.sequence, CONFIG_COPIES - 1)?;
    exactly("schema", offset, SCHEMA.into(), header.schema.into())?;
    let archive = unpacker.unpack(header, block.payload, offset)?;
    Ok(convert::config(access(archive, offset)?, offset)?)
}

/// Both copies of CONFIG say the same.
pub(super) fn check_copy(tape: &Tape, archive: &[u8], offset: u64) -> Result<(), SessionError> {
    if convert::config(access(archive, offset)?, offset)? != tape.config {
        return Err(SessionError::ConfigsDiffer { offset });
    }
    Ok(())
}
