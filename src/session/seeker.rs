//! Opens a closed tape by its ends, however long it is: head and INDEX, then the blocks asked for.

use super::archive::{Unpacker, access};
use super::block::{BLOCK_HEADER_BYTES, BlockHeader};
use super::config_copies::{self, CONFIG_COPIES};
use super::error::{Part, SessionError, at_most, check_crc, exactly};
use super::footer::{FOOTER_BYTES, Footer};
use super::header::{self, HEADER_BYTES};
use super::limits::{BLOCKS_MAX, INDEX_ENTRIES_MAX, TAPE_BYTES_MAX, compressed_bytes_max};
use super::records::{Config, Kind};
use super::totals;
use super::v1::{self, SCHEMA};
use crate::event::{Digest, Outcome};
use std::io::{Read, Seek, SeekFrom};

/// A closed tape of which only head, INDEX and END were read.
///
/// Each block that is read is checked as a reader of the whole tape checks it. What only such a
/// reader can know is not: that the blocks between follow each other, and the play root.
pub struct Seeker<S> {
    source: S,
    unpacker: Unpacker,
    config: Config,
    footer: Footer,
    frames: u64,
    /// First frame and place of the FRAMES blocks in INDEX, in file order.
    places: Vec<(u64, u64)>,
}

impl<S: Read + Seek> Seeker<S> {
    /// Opens a closed tape.
    ///
    /// # Errors
    /// If the bytes are no tape, it is not closed, or what is read of it is damaged.
    pub fn open(mut source: S) -> Result<Seeker<S>, SessionError> {
        let len = source.seek(SeekFrom::End(0)).map_err(|error| read_error(0, 0, &error))?;
        at_most("tape bytes", len, TAPE_BYTES_MAX)?;
        let head_max = CONFIG_COPIES * (compressed_bytes_max(Kind::Config) + 4096);
        let head = read(&mut source, 0, len.min(head_max))?;
        header::decode(&head)?;
        let mut unpacker = Unpacker::new()?;
        let config = config_copies::find(&head, &mut unpacker)?;
        let footer_at = len.saturating_sub(FOOTER_BYTES as u64);
        let found = read(&mut source, footer_at, len - footer_at)?;
        exactly("footer bytes", footer_at, FOOTER_BYTES as u64, found.len() as u64)?;
        let footer = Footer::decode(&found, footer_at)?;
        let places = Vec::new();
        let mut seeker = Seeker { source, unpacker, config, footer, frames: 0, places };
        seeker.read_totals()?;
        Ok(seeker)
    }

    /// What is played.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Frames with an outcome.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Play root after them, as the tape says.
    pub fn play_root(&self) -> Digest {
        self.footer.play_root
    }

    /// The outcome of `frame`; `None` where the tape is shorter.
    ///
    /// # Errors
    /// If a block on the way is damaged.
    pub fn outcome(&mut self, frame: u64) -> Result<Option<Outcome>, SessionError> {
        if frame >= self.frames {
            return Ok(None);
        }
        let next = self.places.partition_point(|&(first_frame, _)| first_frame <= frame);
        let nearest = next.checked_sub(1).map(|at| self.places[at].1);
        let mut offset = nearest.unwrap_or(HEADER_BYTES as u64);
        // INDEX may have left blocks out: go on from the nearest that it has.
        for _ in 0..BLOCKS_MAX {
            let (header, payload) = self.read_block(offset)?;
            let end = header.first_frame + u64::from(header.frame_count);
            let holds = header.kind == Kind::Frames && frame < end;
            if holds {
                exactly("schema", offset, SCHEMA.into(), header.schema.into())?;
                let archive = self.unpacker.unpack(&header, &payload, offset)?;
                return outcome_in(access(archive, offset)?, &header, frame, offset).map(Some);
            }
            if offset >= self.footer.end_offset {
                break;
            }
            offset += (BLOCK_HEADER_BYTES + payload.len()) as u64;
        }
        Err(SessionError::TooLong { what: "frame", found: frame, max: self.frames - 1 })
    }

    /// END and INDEX, where the footer says they are.
    fn read_totals(&mut self) -> Result<(), SessionError> {
        let offset = self.footer.end_offset;
        let (header, payload) = self.read_block(offset)?;
        exactly("kind", offset, Kind::End.number().into(), header.kind.number().into())?;
        exactly("schema", offset, SCHEMA.into(), header.schema.into())?;
        let archive = self.unpacker.unpack(&header, &payload, offset)?;
        let end: &v1::ArchivedEnd = access(archive, offset)?;
        exactly("frames of END", offset, header.first_frame, end.frames.to_native())?;
        let (said, found) = (self.footer.play_root, Digest(end.play_root));
        totals::same_digest("play root of END", offset, said, found)?;
        self.frames = header.first_frame;
        let offset = self.footer.index_offset;
        if offset == 0 {
            return Ok(());
        }
        let (header, payload) = self.read_block(offset)?;
        exactly("kind", offset, Kind::Index.number().into(), header.kind.number().into())?;
        if header.schema != SCHEMA {
            return Ok(());
        }
        let archive = self.unpacker.unpack(&header, &payload, offset)?;
        let index: &v1::ArchivedIndex = access(archive, offset)?;
        at_most("index entries", index.entries.len() as u64, INDEX_ENTRIES_MAX as u64)?;
        let frames = index.entries.iter().filter(|e| e.kind.to_native() == Kind::Frames.number());
        self.places = frames.map(|e| (e.first_frame.to_native(), e.offset.to_native())).collect();
        Ok(())
    }

    /// The block at `offset`: its header, and a payload whose CRC is right.
    fn read_block(&mut self, offset: u64) -> Result<(BlockHeader, Vec<u8>), SessionError> {
        let front = read(&mut self.source, offset, BLOCK_HEADER_BYTES as u64)?;
        exactly("block header bytes", offset, BLOCK_HEADER_BYTES as u64, front.len() as u64)?;
        let header = BlockHeader::decode(&front, offset)?;
        let payload_at = offset + BLOCK_HEADER_BYTES as u64;
        let payload = read(&mut self.source, payload_at, header.compressed_len.into())?;
        check_crc(Part::Payload, payload_at, header.payload_crc, &payload)?;
        Ok((header, payload))
    }
}

/// The outcome of `frame` in its block.
fn outcome_in(
    frames: &v1::ArchivedFrames,
    header: &BlockHeader,
    frame: u64,
    offset: u64,
) -> Result<Outcome, SessionError> {
    let count = u64::from(header.frame_count);
    exactly("first outcome", offset, header.first_frame, frames.first_outcome_frame.to_native())?;
    exactly("frame count", offset, count, frames.picture_digests.len() as u64)?;
    exactly("state sum count", offset, count, frames.state_sums.len() as u64)?;
    let Some(at) = frame.checked_sub(header.first_frame).map(|at| at as usize) else {
        return Err(SessionError::TooLong {
            what: "first frame",
            found: header.first_frame,
            max: frame,
        });
    };
    let picture = Digest(frames.picture_digests[at]);
    Ok(Outcome { picture, state_sum: frames.state_sums[at].to_native() })
}

/// The `len` bytes at `offset`, or as many as there are.
fn read(source: &mut (impl Read + Seek), offset: u64, len: u64) -> Result<Vec<u8>, SessionError> {
    let failed = |error: std::io::Error| read_error(offset, len, &error);
    source.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut bytes = Vec::new();
    source.take(len).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn read_error(offset: u64, bytes: u64, error: &std::io::Error) -> SessionError {
    SessionError::Read { offset, bytes, kind: error.kind(), system: error.raw_os_error() }
}
