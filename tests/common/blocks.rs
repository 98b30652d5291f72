//! Blocks made by hand from the specification, to say what no encoder says.

use worldtape::session::BLOCK_HEADER_BYTES;

/// A block made by hand from the specification, to say what no encoder says.
pub struct HandMade {
    /// As in the block's header.
    pub kind: u16,
    /// As in the block's header.
    pub schema: u16,
    /// As in the block's header.
    pub first_frame: u64,
    /// As in the block's header.
    pub frame_count: u32,
    /// As in the block's header.
    pub compressed_len: Option<u32>,
    /// As in the block's header.
    pub uncompressed_len: u32,
    /// As in the block's header.
    pub payload: Vec<u8>,
}

impl HandMade {
    /// A block of schema 1.
    pub fn new(kind: u16, payload: Vec<u8>, uncompressed_len: u32) -> HandMade {
        HandMade {
            kind,
            schema: 1,
            first_frame: 0,
            frame_count: 0,
            compressed_len: None,
            uncompressed_len,
            payload,
        }
    }

    /// Its bytes as block `sequence`, after the block `before`.
    pub fn bytes(&self, sequence: u64, before: &[u8]) -> Vec<u8> {
        let compressed_len = self.compressed_len.unwrap_or(self.payload.len() as u32);
        let mut bytes = Vec::new();
        bytes.extend(0x184D_2A57_u32.to_le_bytes());
        bytes.extend(76_u32.to_le_bytes());
        bytes.extend(b"WBLK");
        bytes.extend(self.kind.to_le_bytes());
        bytes.extend(self.schema.to_le_bytes());
        bytes.extend(sequence.to_le_bytes());
        bytes.extend(self.first_frame.to_le_bytes());
        bytes.extend(self.frame_count.to_le_bytes());
        bytes.extend(compressed_len.to_le_bytes());
        bytes.extend(self.uncompressed_len.to_le_bytes());
        bytes.extend(blake3::derive_key("worldtape 1 chain", before));
        bytes.extend(crc32c::crc32c(&self.payload).to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        assert_eq!(bytes.len(), BLOCK_HEADER_BYTES);
        bytes.extend(&self.payload);
        bytes
    }
}
