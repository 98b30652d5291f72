//! The header of a block: 84 bytes that say what follows, and prove what came before.

use super::SKIPPABLE_MAGIC;
use super::error::{Part, SessionError, at_most, check_crc, exactly};
use super::le::{Fields, array_at, u16_at, u32_at, u64_at};
use super::limits::{BLOCKS_MAX, FRAMES_MAX, archive_bytes_max, compressed_bytes_max};
use super::records::Kind;

/// Bytes of the header of a block.
pub const BLOCK_HEADER_BYTES: usize = 84;

/// The four bytes at byte 8 of every block.
pub(super) const BLOCK_MAGIC: [u8; 4] = *b"WBLK";

/// blake3 context of the chain.
const CHAIN_CONTEXT: &str = "worldtape 1 chain";

/// The header of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// What the block holds.
    pub kind: Kind,
    /// Which layout the archive has.
    pub schema: u16,
    /// Number of the block in the tape, from 0.
    pub sequence: u64,
    /// Outcomes in the blocks before this one.
    pub first_frame: u64,
    /// Outcomes in this block; 0 unless it is FRAMES.
    pub frame_count: u32,
    /// Bytes of the zstd frame.
    pub compressed_len: u32,
    /// Bytes of the archive.
    pub uncompressed_len: u32,
    /// Digest of all bytes of the block before, or of the header of the tape.
    pub chain: [u8; 32],
    /// CRC32C of the zstd frame.
    pub payload_crc: u32,
}

impl BlockHeader {
    /// The bytes of the header.
    pub(super) fn encode(&self) -> [u8; BLOCK_HEADER_BYTES] {
        Fields::new()
            .put(&SKIPPABLE_MAGIC.to_le_bytes())
            .put(&(BLOCK_HEADER_BYTES as u32 - 8).to_le_bytes())
            .put(&BLOCK_MAGIC)
            .put(&self.kind.number().to_le_bytes())
            .put(&self.schema.to_le_bytes())
            .put(&self.sequence.to_le_bytes())
            .put(&self.first_frame.to_le_bytes())
            .put(&self.frame_count.to_le_bytes())
            .put(&self.compressed_len.to_le_bytes())
            .put(&self.uncompressed_len.to_le_bytes())
            .put(&self.chain)
            .put(&self.payload_crc.to_le_bytes())
            .seal()
    }

    /// Reads the header of the block at byte `offset`: CRC, then constants, then limits.
    ///
    /// `bytes` has [`BLOCK_HEADER_BYTES`] of them.
    pub(super) fn decode(bytes: &[u8], offset: u64) -> Result<BlockHeader, SessionError> {
        check_crc(Part::BlockHeader, offset, u32_at(bytes, 80), &bytes[..80])?;
        exactly("skippable magic", offset, SKIPPABLE_MAGIC.into(), u32_at(bytes, 0).into())?;
        exactly("skippable size", offset, BLOCK_HEADER_BYTES as u64 - 8, u32_at(bytes, 4).into())?;
        let magic = u32::from_le_bytes(BLOCK_MAGIC);
        exactly("block magic", offset, magic.into(), u32_at(bytes, 8).into())?;
        let header = BlockHeader {
            kind: Kind::from_number(u16_at(bytes, 12)),
            schema: u16_at(bytes, 14),
            sequence: u64_at(bytes, 16),
            first_frame: u64_at(bytes, 24),
            frame_count: u32_at(bytes, 32),
            compressed_len: u32_at(bytes, 36),
            uncompressed_len: u32_at(bytes, 40),
            chain: array_at(bytes, 44),
            payload_crc: u32_at(bytes, 76),
        };
        header.check_limits().map(|()| header)
    }

    /// The limits, before anything is read or allocated by these numbers.
    fn check_limits(&self) -> Result<(), SessionError> {
        at_most("block sequence", self.sequence, BLOCKS_MAX)?;
        at_most("first frame", self.first_frame, FRAMES_MAX)?;
        let compressed_max = compressed_bytes_max(self.kind);
        at_most("compressed bytes", self.compressed_len.into(), compressed_max)?;
        at_most("archive bytes", self.uncompressed_len.into(), archive_bytes_max(self.kind))
    }
}

/// A whole block: this header, with the lengths and CRC of `payload`, then `payload`.
pub(super) fn seal(header: BlockHeader, payload: &[u8]) -> Vec<u8> {
    let compressed_len = payload.len() as u32;
    let header = BlockHeader { compressed_len, payload_crc: crc32c::crc32c(payload), ..header };
    [&header.encode()[..], payload].concat()
}

/// What a block says of all bytes of the block before it.
pub(super) fn chain(block_before: &[u8]) -> [u8; 32] {
    blake3::derive_key(CHAIN_CONTEXT, block_before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_header_reads_back() {
        let header = BlockHeader {
            kind: Kind::Note,
            schema: 1,
            sequence: 9,
            first_frame: 64,
            frame_count: 0,
            compressed_len: 31,
            uncompressed_len: 40,
            chain: [5; 32],
            payload_crc: 0x0102_0304,
        };
        assert_eq!(BlockHeader::decode(&header.encode(), 0), Ok(header));
    }

    #[test]
    fn a_length_above_its_limit_is_refused_with_a_right_crc() {
        let header = BlockHeader {
            kind: Kind::Frames,
            schema: 1,
            sequence: 9,
            first_frame: 64,
            frame_count: 0,
            compressed_len: 31,
            uncompressed_len: u32::MAX,
            chain: [5; 32],
            payload_crc: 0,
        };
        let refused = BlockHeader::decode(&header.encode(), 0);
        let expected =
            SessionError::TooLong { what: "archive bytes", found: u32::MAX.into(), max: 4096 };
        assert_eq!(refused, Err(expected));
    }
}
