//! A tape as read: its records up to where it ends, is cut or is damaged.

use super::archive::{Unpacker, access};
use super::block::{self, BlockHeader};
use super::convert;
use super::error::{SessionError, exactly};
use super::header::{self, HEADER_BYTES, Version};
use super::play_root::PlayRoot;
use super::reader::Reader;
use super::records::{Checkpoint, CheckpointAt, Config, Kind, Machine, Note, Resume};
use super::scan::{Stop, scan_block};
use super::totals;
use crate::event::{Action, Digest, Outcome};

/// A tape as read. Frame `n` has element `n` of `actions`, and of `outcomes` if it was finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    /// Name of this tape among all tapes.
    pub uuid: [u8; 16],
    /// Version it was written in.
    pub version: Version,
    /// What is played.
    pub config: Config,
    /// What it is played on, in file order.
    pub machines: Vec<Machine>,
    /// Where the first frames were copied from, in file order.
    pub resumes: Vec<Resume>,
    /// States of the model, in file order; [`Tape::checkpoint`] fetches one.
    pub checkpoints: Vec<CheckpointAt>,
    /// Remarks, in file order.
    pub notes: Vec<Note>,
    /// Actions, from frame 0.
    pub actions: Vec<Action>,
    /// Outcomes, from frame 0; never more than actions.
    pub outcomes: Vec<Outcome>,
    /// Times of the actions, microseconds since the start of the session.
    pub action_us: Vec<u64>,
    /// Times of the outcomes, microseconds since the start of the session.
    pub outcome_us: Vec<u64>,
    /// Blocks that were read, in file order; unknown ones too.
    pub blocks: Vec<BlockInfo>,
    /// Play root after the last outcome.
    pub play_root: PlayRoot,
    /// How the tape ends.
    pub ending: Ending,
}

/// Where a block is, and the numbers of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Byte where it begins.
    pub offset: u64,
    /// Bytes of its header and payload.
    pub len: u64,
    /// What it holds.
    pub kind: Kind,
    /// Layout of its archive.
    pub schema: u16,
    /// Number of the block in the tape, from 0.
    pub sequence: u64,
    /// Outcomes in the blocks before it.
    pub first_frame: u64,
    /// Outcomes in it.
    pub frame_count: u32,
}

impl BlockInfo {
    /// The block of `len` bytes at byte `offset` with this header.
    pub(super) fn new(offset: u64, len: u64, header: &BlockHeader) -> BlockInfo {
        BlockInfo {
            offset,
            len,
            kind: header.kind,
            schema: header.schema,
            sequence: header.sequence,
            first_frame: header.first_frame,
            frame_count: header.frame_count,
        }
    }
}

/// How a tape ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With END and footer; every block was read.
    Closed,
    /// Before END and footer: the writer did not get to close it.
    Cut {
        /// Byte after the last whole block.
        offset: u64,
        /// Frames `0..valid_frames` have outcomes.
        valid_frames: u64,
    },
    /// In bytes that are not what they should be; nothing after them is used.
    Damaged {
        /// Byte where the damaged block or footer begins.
        offset: u64,
        /// What is wrong.
        what: SessionError,
        /// Frames `0..valid_frames` have outcomes.
        valid_frames: u64,
    },
}

impl Tape {
    /// Reads a tape up to where it ends, is cut or is damaged; [`Tape::ending`] says which.
    ///
    /// # Errors
    /// If the bytes are no tape, of another major version, or have no readable header or CONFIG.
    pub fn read(bytes: &[u8]) -> Result<Tape, SessionError> {
        Ok(Reader::new(bytes)?.read())
    }

    /// A CHECKPOINT of the tape in `bytes`, with its state.
    ///
    /// # Errors
    /// If there is no whole CHECKPOINT at that place: it is then not one of this tape's.
    pub fn checkpoint(bytes: &[u8], at: &CheckpointAt) -> Result<Checkpoint, SessionError> {
        let offset = usize::try_from(at.offset).unwrap_or(usize::MAX).min(bytes.len());
        let block = scan_block(bytes, offset).map_err(|stop| match stop {
            Stop::Damaged(what) => what,
            Stop::Cut => SessionError::Field {
                what: "bytes of a whole CHECKPOINT",
                offset: at.offset,
                expected: at.state_bytes,
                found: (bytes.len() - offset) as u64,
            },
        })?;
        let (kind, expected) = (block.header.kind.number(), Kind::Checkpoint.number());
        exactly("kind", at.offset, expected.into(), kind.into())?;
        let mut unpacker = Unpacker::new()?;
        let archive = unpacker.unpack(&block.header, block.payload, at.offset)?;
        convert::checkpoint(access(archive, at.offset)?)
    }

    /// Checks that the frames which a RESUME says were copied are those of its source: the play
    /// root after them is the one it names.
    ///
    /// # Errors
    /// If a RESUME names more frames than there are, or another root.
    pub fn verify_resumes(&self) -> Result<(), SessionError> {
        let frames = self.outcomes.len() as u64;
        for resume in &self.resumes {
            let (what, offset) = ("frames copied", HEADER_BYTES as u64);
            if resume.source_frame > frames {
                let (expected, found) = (frames, resume.source_frame);
                return Err(SessionError::Field { what, offset, expected, found });
            }
            let mut root = PlayRoot::new(&self.config);
            let copied = self.actions.iter().zip(&self.outcomes);
            let copied = copied.take(resume.source_frame as usize);
            copied.for_each(|(action, outcome)| root.fold(*action, outcome));
            let (expected, found) = (root.digest(), resume.source_root);
            totals::same_digest("play root of the frames copied", offset, expected, found)?;
        }
        Ok(())
    }

    /// Checks that every block follows the one before it, and gives how many blocks were checked.
    ///
    /// It stops where the tape ends or is cut. The chain proves one file whole: blocks of another
    /// tape, or left out, or in another order, do not fit.
    ///
    /// # Errors
    /// If a block does not follow the one before it, or is damaged.
    pub fn verify_chain(bytes: &[u8]) -> Result<u64, SessionError> {
        header::decode(bytes)?;
        let mut before = &bytes[..HEADER_BYTES];
        let mut offset = HEADER_BYTES;
        let mut checked = 0;
        loop {
            let block = match scan_block(bytes, offset) {
                Ok(block) => block,
                Err(Stop::Cut) => return Ok(checked),
                Err(Stop::Damaged(what)) => return Err(what),
            };
            let expected = Digest(block::chain(before));
            let found = Digest(block.header.chain);
            if found != expected {
                let offset = offset as u64;
                return Err(SessionError::DigestDiffers { what: "chain", offset, expected, found });
            }
            before = block.bytes;
            offset += block.bytes.len();
            checked += 1;
        }
    }
}
