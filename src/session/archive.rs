//! Payloads: a record to an rkyv archive to one zstd frame, and back under limits and checks.

use super::block::{BLOCK_HEADER_BYTES, BlockHeader};
use super::error::{SessionError, exactly};
use super::limits::archive_bytes_max;
use super::records::Kind;
use rkyv::api::high::{HighSerializer, HighValidator, access as checked_access, to_bytes_in};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use rkyv::{Portable, Serialize};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{compress_bound, find_frame_compressed_size, get_frame_content_size};

/// zstd level of payloads. Why 3: digests do not compress, and what does is small.
const LEVEL: i32 = 3;

/// Makes payloads; keeps its buffers from block to block.
pub(super) struct Packer {
    archive: AlignedVec,
    block: Vec<u8>,
    compressor: Compressor<'static>,
}

impl Packer {
    /// A packer whose buffers hold any FRAMES block: none of these waits for memory.
    pub(super) fn new() -> Result<Packer, SessionError> {
        let compressor = Compressor::new(LEVEL).map_err(|error| zstd_error(0, 0, &error))?;
        let archive_bytes = archive_bytes_max(Kind::Frames) as usize;
        let archive = AlignedVec::with_capacity(archive_bytes);
        let block = Vec::with_capacity(BLOCK_HEADER_BYTES + compress_bound(archive_bytes));
        Ok(Packer { archive, block, compressor })
    }

    /// The block of `value` with room for its header in front, and the bytes of the archive. The
    /// block comes back with [`Packer::reuse`], so that the next one needs no memory.
    pub(super) fn pack<T>(&mut self, value: &T, offset: u64) -> Result<(Vec<u8>, u64), SessionError>
    where
        T: for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, Error>>,
    {
        let mut archive = std::mem::take(&mut self.archive);
        archive.clear();
        self.archive = to_bytes_in::<_, Error>(value, archive)
            .map_err(|error| archive_error(offset, 0, &error))?;
        let room = compress_bound(self.archive.len());
        self.block.clear();
        self.block.resize(BLOCK_HEADER_BYTES + room, 0);
        let frame = &mut self.block[BLOCK_HEADER_BYTES..];
        let written = self
            .compressor
            .compress_to_buffer(&self.archive, frame)
            .map_err(|error| zstd_error(offset, self.archive.len(), &error))?;
        self.block.truncate(BLOCK_HEADER_BYTES + written);
        Ok((std::mem::take(&mut self.block), self.archive.len() as u64))
    }

    /// Takes back a block that was packed.
    pub(super) fn reuse(&mut self, block: Vec<u8>) {
        self.block = block;
    }
}

/// Opens payloads; keeps its buffer from block to block.
pub(super) struct Unpacker {
    archive: AlignedVec,
    decompressor: Decompressor<'static>,
}

impl Unpacker {
    /// An unpacker with an empty buffer.
    pub(super) fn new() -> Result<Unpacker, SessionError> {
        let decompressor = Decompressor::new().map_err(|error| zstd_error(0, 0, &error))?;
        Ok(Unpacker { archive: AlignedVec::new(), decompressor })
    }

    /// The archive in `payload`, which is exactly one zstd frame of exactly the length the header
    /// of its block promises; the header's lengths are within their limits already.
    pub(super) fn unpack(
        &mut self,
        header: &BlockHeader,
        payload: &[u8],
        offset: u64,
    ) -> Result<&[u8], SessionError> {
        let refuse = |reason: &str| SessionError::Zstd {
            offset,
            bytes: payload.len() as u64,
            reason: reason.to_owned(),
        };
        let frame = find_frame_compressed_size(payload).map_err(|_| refuse("not a zstd frame"))?;
        exactly("zstd frame bytes", offset, payload.len() as u64, frame as u64)?;
        let content = get_frame_content_size(payload)
            .ok()
            .flatten()
            .ok_or_else(|| refuse("no content size"))?;
        exactly("zstd content size", offset, header.uncompressed_len.into(), content)?;
        self.archive.clear();
        self.archive.resize(header.uncompressed_len as usize, 0);
        let written = self
            .decompressor
            .decompress_to_buffer(payload, &mut self.archive[..])
            .map_err(|error| zstd_error(offset, payload.len(), &error))?;
        exactly("archive bytes", offset, header.uncompressed_len.into(), written as u64)?;
        Ok(&self.archive)
    }
}

/// The record in `archive`, after every pointer and length in it has been checked.
pub(super) fn access<T>(archive: &[u8], offset: u64) -> Result<&T, SessionError>
where
    T: Portable + for<'a> CheckBytes<HighValidator<'a, Error>>,
{
    checked_access::<T, Error>(archive)
        .map_err(|error| archive_error(offset, archive.len(), &error))
}

fn archive_error(offset: u64, bytes: usize, error: &Error) -> SessionError {
    SessionError::Archive { offset, bytes: bytes as u64, reason: error.to_string() }
}

fn zstd_error(offset: u64, bytes: usize, error: &std::io::Error) -> SessionError {
    SessionError::Zstd { offset, bytes: bytes as u64, reason: error.to_string() }
}
