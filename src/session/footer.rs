//! The footer of a closed tape: 64 bytes that say where INDEX and END are; a hint, always checked.

use super::SKIPPABLE_MAGIC;
use super::error::{Part, SessionError, check_crc, exactly};
use super::le::{Fields, array_at, u32_at, u64_at};
use crate::event::Digest;

/// Bytes of the footer.
pub const FOOTER_BYTES: usize = 64;

/// The four bytes at byte 8 of the footer.
const FOOTER_MAGIC: [u8; 4] = *b"WEND";

/// The footer of a closed tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Byte where the INDEX block begins; 0 if there is none.
    pub index_offset: u64,
    /// Byte where the END block begins.
    pub end_offset: u64,
    /// Play root after the last outcome.
    pub play_root: Digest,
}

impl Footer {
    /// The bytes of the footer.
    pub(super) fn encode(&self) -> [u8; FOOTER_BYTES] {
        Fields::new()
            .put(&SKIPPABLE_MAGIC.to_le_bytes())
            .put(&(FOOTER_BYTES as u32 - 8).to_le_bytes())
            .put(&FOOTER_MAGIC)
            .put(&self.index_offset.to_le_bytes())
            .put(&self.end_offset.to_le_bytes())
            .put(&self.play_root.0)
            .seal()
    }

    /// The footer that `bytes` end with at byte `offset`, if it is one.
    pub(super) fn decode_at(bytes: &[u8], offset: usize) -> Option<Footer> {
        let front = bytes.get(offset..).filter(|front| front.len() == FOOTER_BYTES)?;
        Footer::decode(front, offset as u64).ok()
    }

    /// Reads the footer at byte `offset`; `bytes` has [`FOOTER_BYTES`] of them.
    pub(super) fn decode(bytes: &[u8], offset: u64) -> Result<Footer, SessionError> {
        check_crc(Part::Footer, offset, u32_at(bytes, 60), &bytes[..60])?;
        exactly("skippable magic", offset, SKIPPABLE_MAGIC.into(), u32_at(bytes, 0).into())?;
        exactly("skippable size", offset, FOOTER_BYTES as u64 - 8, u32_at(bytes, 4).into())?;
        let magic = u32::from_le_bytes(FOOTER_MAGIC);
        exactly("footer magic", offset, magic.into(), u32_at(bytes, 8).into())?;
        Ok(Footer {
            index_offset: u64_at(bytes, 12),
            end_offset: u64_at(bytes, 20),
            play_root: Digest(array_at(bytes, 28)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_reads_back() {
        let footer = Footer { index_offset: 1, end_offset: 2, play_root: Digest([3; 32]) };
        assert_eq!(Footer::decode(&footer.encode(), 0), Ok(footer));
    }
}
