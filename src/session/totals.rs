//! What a tape says of itself as a whole, INDEX and END, against the blocks that were read.

use super::error::{SessionError, at_most, exactly};
use super::limits::INDEX_ENTRIES_MAX;
use super::tape::Tape;
use super::v1;
use crate::event::Digest;

/// Every entry of an INDEX is a block that was read.
pub(super) fn check_index(
    tape: &Tape,
    index: &v1::ArchivedIndex,
    offset: u64,
) -> Result<(), SessionError> {
    at_most("index entries", index.entries.len() as u64, INDEX_ENTRIES_MAX as u64)?;
    for entry in index.entries.iter() {
        let sequence = entry.sequence.to_native();
        let block = usize::try_from(sequence).ok().and_then(|at| tape.blocks.get(at));
        let Some(block) = block else {
            let max = tape.blocks.len() as u64 - 1;
            return Err(SessionError::TooLong { what: "sequence in INDEX", found: sequence, max });
        };
        exactly("offset in INDEX", offset, block.offset, entry.offset.to_native())?;
        exactly("first frame in INDEX", offset, block.first_frame, entry.first_frame.to_native())?;
        let count = entry.frame_count.to_native();
        exactly("frame count in INDEX", offset, block.frame_count.into(), count.into())?;
        let kind = entry.kind.to_native();
        exactly("kind in INDEX", offset, block.kind.number().into(), kind.into())?;
        let schema = entry.schema.to_native();
        exactly("schema in INDEX", offset, block.schema.into(), schema.into())?;
    }
    Ok(())
}

/// The totals of END are those of the blocks.
pub(super) fn check_end(
    tape: &Tape,
    end: &v1::ArchivedEnd,
    offset: u64,
) -> Result<(), SessionError> {
    exactly("frames of END", offset, tape.outcomes.len() as u64, end.frames.to_native())?;
    exactly("actions of END", offset, tape.actions.len() as u64, end.actions.to_native())?;
    exactly("blocks of END", offset, tape.blocks.len() as u64, end.blocks.to_native())?;
    same_digest("play root of END", offset, tape.play_root.digest(), Digest(end.play_root))
}

/// `found` against the only digest it may be.
pub(super) fn same_digest(
    what: &'static str,
    offset: u64,
    expected: Digest,
    found: Digest,
) -> Result<(), SessionError> {
    if found != expected {
        return Err(SessionError::DigestDiffers { what, offset, expected, found });
    }
    Ok(())
}
