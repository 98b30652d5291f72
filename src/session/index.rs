//! The INDEX of a tape being written: every block, or every 2nd, 4th, ... of a very long tape.

use super::block::BlockHeader;
use super::limits::INDEX_ENTRIES_MAX;
use super::v1;

/// Gathers entries. All the memory that it may ever take is asked for at once: no block of a long
/// tape waits for more.
pub(super) struct IndexBuilder {
    index: v1::Index,
    stride: u64,
    entries_max: usize,
}

impl IndexBuilder {
    /// An empty index.
    pub(super) fn new() -> IndexBuilder {
        IndexBuilder::with_max(INDEX_ENTRIES_MAX)
    }

    fn with_max(entries_max: usize) -> IndexBuilder {
        let index = v1::Index { entries: Vec::with_capacity(entries_max) };
        IndexBuilder { index, stride: 1, entries_max }
    }

    /// Adds the block at byte `offset`, unless its sequence is between two strides.
    pub(super) fn add(&mut self, offset: u64, header: &BlockHeader) {
        if self.index.entries.len() == self.entries_max {
            self.stride *= 2;
            let stride = self.stride;
            self.index.entries.retain(|entry| entry.sequence.is_multiple_of(stride));
        }
        if header.sequence.is_multiple_of(self.stride) {
            self.index.entries.push(entry(offset, header));
        }
    }

    /// The index so far.
    pub(super) fn take(&mut self) -> v1::Index {
        std::mem::take(&mut self.index)
    }
}

/// The entry of the block at byte `offset`.
fn entry(offset: u64, header: &BlockHeader) -> v1::IndexEntry {
    v1::IndexEntry {
        offset,
        sequence: header.sequence,
        first_frame: header.first_frame,
        frame_count: header.frame_count,
        kind: header.kind.number(),
        schema: header.schema,
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Kind;
    use super::*;

    #[test]
    fn a_full_index_keeps_every_second_block() {
        let mut builder = IndexBuilder::with_max(4);
        for sequence in 0..10 {
            let header = BlockHeader {
                kind: Kind::Frames,
                schema: 1,
                sequence,
                first_frame: 0,
                frame_count: 0,
                compressed_len: 0,
                uncompressed_len: 0,
                chain: [0; 32],
                payload_crc: 0,
            };
            builder.add(sequence * 100, &header);
        }
        let kept: Vec<u64> = builder.take().entries.iter().map(|entry| entry.sequence).collect();
        assert_eq!(kept, [0, 4, 8]);
    }
}
