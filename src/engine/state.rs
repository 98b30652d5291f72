//! The bytes of a saved state: the same for the same state on every engine.
//!
//! `seed u64 | remembered u64 | memory`, little-endian; for each ring of the model in order, the
//! frames it holds, oldest first, as float32. Where in its ring a frame lies is not part of the
//! state.

use super::{EngineError, slots_oldest_first};
use crate::program::{BufferId, Model};
use std::ops::Range;

/// Most frames that a state may have remembered: thousands of years of play.
const REMEMBERED_MAX: u64 = 1 << 48;

/// Bytes before the memory.
const HEADER_BYTES: usize = 16;

/// The numbers at the head of a saved state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Key of all noise.
    pub(super) seed: u64,
    /// Frames remembered since the session began, prompt frames included.
    pub(super) remembered: u64,
}

impl Header {
    /// Appends the header.
    pub(super) fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.seed.to_le_bytes());
        bytes.extend(self.remembered.to_le_bytes());
    }

    /// Reads the header and checks that the memory behind it has the length it must have. Returns
    /// the header and the memory's bytes.
    pub(super) fn read<'a>(
        bytes: &'a [u8],
        model: &Model,
    ) -> Result<(Header, &'a [u8]), EngineError> {
        let wrong = |expected: usize| EngineError::State {
            what: "the number of bytes",
            found: bytes.len() as u64,
            expected: expected as u64,
        };
        let Some((head, memory)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(wrong(HEADER_BYTES));
        };
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        let header = Header { seed: word(0), remembered: word(8) };
        if header.remembered > REMEMBERED_MAX {
            let (found, expected) = (header.remembered, REMEMBERED_MAX);
            return Err(EngineError::State { what: "the frames remembered", found, expected });
        }
        let held = header.remembered.min(model.window as u64) as usize;
        let expected: usize = slot_bytes(model).map(|bytes| bytes * held).sum();
        if memory.len() != expected {
            return Err(wrong(HEADER_BYTES + expected));
        }
        Ok((header, memory))
    }
}

/// Every slot that holds a frame, in the order of a saved state: its ring and its bytes in it.
pub(super) fn slots(
    model: &Model,
    remembered: u64,
) -> impl Iterator<Item = (BufferId, Range<usize>)> + '_ {
    model.memory.iter().zip(slot_bytes(model)).flat_map(move |(&ring, bytes)| {
        let slots = slots_oldest_first(remembered, model.window);
        slots.map(move |slot| (ring, slot * bytes..(slot + 1) * bytes))
    })
}

/// Which bytes of a saved state are which ring's, a range for each frame that is held, in order.
///
/// # Errors
/// [`EngineError::State`] where the bytes are no state of this model.
pub fn state_rings(
    model: &Model,
    bytes: &[u8],
) -> Result<Vec<(BufferId, Range<usize>)>, EngineError> {
    let (header, _) = Header::read(bytes, model)?;
    let mut start = HEADER_BYTES;
    let ranges = slots(model, header.remembered).map(|(ring, slot)| {
        let range = start..start + slot.len();
        start = range.end;
        (ring, range)
    });
    Ok(ranges.collect())
}

/// Bytes of one slot of each ring.
fn slot_bytes(model: &Model) -> impl Iterator<Item = usize> + '_ {
    let ring = |id: &BufferId| model.residents[id.0 as usize].bytes();
    model.memory.iter().map(move |id| ring(id) / model.window)
}
