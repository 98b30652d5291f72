//! Goes straight to a frame of a closed tape: footer, INDEX, one block or two.
//!
//! What it gives is checked by the CRCs, limits and archives of the parts it reads. The chain and
//! the play root need the whole tape ([`super::Tape::read`]).

use super::archive::{Unpacker, access};
use super::block::{BLOCK_HEADER_BYTES, BlockHeader};
use super::error::{Part, SessionError, at_most, check_crc, exactly};
use super::footer::{FOOTER_BYTES, Footer};
use super::header::{self, HEADER_BYTES};
use super::limits::{FRAMES_PER_BLOCK_MAX, INDEX_ENTRIES_MAX, TAPE_BYTES_MAX};
use super::records::Kind;
use super::v1::{ArchivedEnd, ArchivedFrames, ArchivedIndex, SCHEMA};
use crate::event::{Action, Digest, Outcome};
use std::io::{Read, Seek, SeekFrom};

/// Most blocks that are read before the one that is looked for: an index may have every 512th.
const BLOCKS_SCANNED_MAX: usize = 4096;

/// A closed tape, opened at its end.
pub struct Seeker<R> {
    file: R,
    bytes: u64,
    unpacker: Unpacker,
    /// Where blocks with outcomes begin, and how many outcomes come before each; in file order.
    blocks: Vec<(u64, u64)>,
    end_offset: u64,
    frames: u64,
    play_root: Digest,
}

/// One frame of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameAt {
    /// Its number.
    pub frame: u64,
    /// What the player did.
    pub action: Action,
    /// What it came to.
    pub outcome: Outcome,
}

impl<R: Read + Seek> Seeker<R> {
    /// Opens a tape by its header, footer, INDEX and END.
    ///
    /// # Errors
    /// [`SessionError::NotClosed`] where there is no footer at the end; the errors of
    /// [`super::Tape::read`] where a part that is read is damaged; [`SessionError::Read`].
    pub fn open(mut file: R) -> Result<Seeker<R>, SessionError> {
        let bytes = file.seek(SeekFrom::End(0)).map_err(|error| read_error(0, 0, &error))?;
        at_most("tape bytes", bytes, TAPE_BYTES_MAX)?;
        let front = bytes.min(HEADER_BYTES as u64) as usize;
        header::decode(&read_at(&mut file, 0, front)?)?;
        let Some(offset) = bytes.checked_sub((HEADER_BYTES + FOOTER_BYTES) as u64) else {
            return Err(SessionError::NotClosed { bytes });
        };
        let offset = offset + HEADER_BYTES as u64;
        let footer = Footer::decode(&read_at(&mut file, offset, FOOTER_BYTES)?, offset);
        let footer = footer.map_err(|_| SessionError::NotClosed { bytes })?;
        let mut seeker = Seeker {
            file,
            bytes,
            unpacker: Unpacker::new()?,
            blocks: Vec::new(),
            end_offset: footer.end_offset,
            frames: 0,
            play_root: footer.play_root,
        };
        seeker.read_end()?;
        seeker.read_index(footer.index_offset)?;
        Ok(seeker)
    }

    /// Frames with an outcome.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Play root after the last of them, as the tape says.
    pub fn play_root(&self) -> Digest {
        self.play_root
    }

    /// One frame.
    ///
    /// # Errors
    /// [`SessionError::NoFrame`] where the tape has no such frame; else as [`Seeker::open`].
    pub fn frame(&mut self, frame: u64) -> Result<FrameAt, SessionError> {
        if frame >= self.frames {
            return Err(SessionError::NoFrame { frame, frames: self.frames });
        }
        let after = self.blocks.partition_point(|&(_, first_frame)| first_frame <= frame);
        let mut found = Found { frame, action: None, outcome: None };
        // An action is written before its frame runs: it may be in a block before its outcome's.
        for start in (0..after).rev() {
            self.search(self.blocks[start].0, &mut found)?;
            if let Found { action: Some(action), outcome: Some(outcome), .. } = found {
                return Ok(FrameAt { frame, action, outcome });
            }
        }
        let (offset, actions) = (self.end_offset, u64::from(found.action.is_some()));
        Err(SessionError::OutcomesAhead { offset, actions, outcomes: self.frames })
    }

    /// Looks through the blocks from byte `offset` on until the frame's outcome is found or passed.
    fn search(&mut self, mut offset: u64, found: &mut Found) -> Result<(), SessionError> {
        for _ in 0..BLOCKS_SCANNED_MAX {
            if offset >= self.end_offset {
                return Ok(());
            }
            let header = self.header(offset)?;
            if header.first_frame > found.frame {
                return Ok(());
            }
            if header.kind == Kind::Frames {
                let archive = self.archive(&header, offset)?;
                found.look(access(archive, offset)?)?;
            }
            offset += BLOCK_HEADER_BYTES as u64 + u64::from(header.compressed_len);
        }
        let (what, max) = ("blocks between two of INDEX", BLOCKS_SCANNED_MAX as u64);
        Err(SessionError::TooLong { what, found: max + 1, max })
    }

    fn read_end(&mut self) -> Result<(), SessionError> {
        let offset = self.end_offset;
        let header = self.header(offset)?;
        expect_kind(&header, Kind::End, offset)?;
        let end: &ArchivedEnd = access(self.archive(&header, offset)?, offset)?;
        let (frames, play_root) = (end.frames.to_native(), Digest(end.play_root));
        super::totals::same_digest("play root of the footer", offset, play_root, self.play_root)?;
        self.frames = frames;
        Ok(())
    }

    fn read_index(&mut self, offset: u64) -> Result<(), SessionError> {
        let header = self.header(offset)?;
        expect_kind(&header, Kind::Index, offset)?;
        let index: &ArchivedIndex = access(self.archive(&header, offset)?, offset)?;
        at_most("index entries", index.entries.len() as u64, INDEX_ENTRIES_MAX as u64)?;
        let frames = index.entries.iter().filter(|entry| {
            entry.kind.to_native() == Kind::Frames.number() && entry.schema.to_native() == SCHEMA
        });
        let places = frames.map(|entry| (entry.offset.to_native(), entry.first_frame.to_native()));
        let blocks: Vec<(u64, u64)> = places.collect();
        for pair in blocks.windows(2) {
            at_most("offset in INDEX", pair[0].0, pair[1].0)?;
            at_most("first frame in INDEX", pair[0].1, pair[1].1)?;
        }
        self.blocks = blocks;
        Ok(())
    }

    /// The header of the block at byte `offset`.
    fn header(&mut self, offset: u64) -> Result<BlockHeader, SessionError> {
        let last = self.bytes.saturating_sub(BLOCK_HEADER_BYTES as u64);
        at_most("byte of a block", offset, last)?;
        BlockHeader::decode(&read_at(&mut self.file, offset, BLOCK_HEADER_BYTES)?, offset)
    }

    /// The archive of a block whose header was read.
    fn archive(&mut self, header: &BlockHeader, offset: u64) -> Result<&[u8], SessionError> {
        let start = offset + BLOCK_HEADER_BYTES as u64;
        let length = u64::from(header.compressed_len);
        at_most("byte of a payload's end", start + length, self.bytes)?;
        let payload = read_at(&mut self.file, start, length as usize)?;
        check_crc(Part::Payload, start, header.payload_crc, &payload)?;
        self.unpacker.unpack(header, &payload, offset)
    }
}

/// What is looked for.
struct Found {
    frame: u64,
    action: Option<Action>,
    outcome: Option<Outcome>,
}

impl Found {
    /// Takes what a block has of the frame.
    fn look(&mut self, frames: &ArchivedFrames) -> Result<(), SessionError> {
        let at = |first: u64, count: usize| {
            let index = usize::try_from(self.frame.checked_sub(first)?).ok()?;
            (index < count).then_some(index)
        };
        let (actions, outcomes) = (frames.actions.len(), frames.picture_digests.len());
        at_most("actions of a block", actions as u64, FRAMES_PER_BLOCK_MAX as u64)?;
        at_most("outcomes of a block", outcomes as u64, FRAMES_PER_BLOCK_MAX as u64)?;
        exactly("state sum count", 0, outcomes as u64, frames.state_sums.len() as u64)?;
        if let Some(index) = at(frames.first_action_frame.to_native(), actions) {
            self.action = Some(Action(frames.actions[index].to_native()));
        }
        if let Some(index) = at(frames.first_outcome_frame.to_native(), outcomes) {
            let picture = Digest(frames.picture_digests[index]);
            let state_sum = frames.state_sums[index].to_native();
            self.outcome = Some(Outcome { picture, state_sum });
        }
        Ok(())
    }
}

fn expect_kind(header: &BlockHeader, kind: Kind, offset: u64) -> Result<(), SessionError> {
    exactly("kind", offset, kind.number().into(), header.kind.number().into())?;
    exactly("schema", offset, SCHEMA.into(), header.schema.into())
}

/// `length` bytes from byte `offset` on.
fn read_at<R: Read + Seek>(
    file: &mut R,
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, SessionError> {
    let mut bytes = vec![0; length];
    let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes));
    read.map_err(|error| read_error(offset, length, &error))?;
    Ok(bytes)
}

fn read_error(offset: u64, bytes: usize, error: &std::io::Error) -> SessionError {
    let (kind, system) = (error.kind(), error.raw_os_error());
    SessionError::Read { offset, bytes: bytes as u64, kind, system }
}
