//! What is lost of a tape: blocks by their place, frames by their numbers, each with the reason.

use super::block::BLOCK_HEADER_BYTES;
use super::error::SessionError;
use super::footer::Footer;
use super::limits::FRAMES_PER_BLOCK_MAX;
use super::records::Kind;
use super::scan::{Scanned, Stop, find_block, header_at, scan_block};
use super::tape::BlockInfo;
use std::ops::Range;

/// Most losses that are listed; more are counted.
const LOSSES_MAX: usize = 1000;

/// Bytes of a tape that are not used, or not as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Byte where they begin.
    pub offset: u64,
    /// How many there are.
    pub bytes: u64,
    /// The block that they are, where its header is whole.
    pub block: Option<BlockInfo>,
    /// Why they are not used.
    pub why: Why,
}

/// Why bytes of a tape are not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// They are not what was written.
    Damaged(SessionError),
    /// The file ends inside the block.
    Cut,
    /// A whole block, but what came before it is lost.
    Stranded,
    /// They lie between two blocks of which one follows the other: nothing was there.
    Inserted(SessionError),
    /// They were made again from what they repeat, and the chain proves them.
    Remade(SessionError),
    /// The header: its uuid cannot be believed, a new one takes its place.
    Renamed(SessionError),
}

/// Frames that were recorded and cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostFrames {
    /// Their numbers.
    pub frames: Range<u64>,
    /// Are they in whole blocks, of no use without the frames before them?
    pub are_stranded: bool,
}

/// Everything that is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// In file order.
    pub list: Vec<Loss>,
    /// How many more there are than are listed.
    pub unlisted: u64,
    /// Frames, in order.
    pub frames: Vec<LostFrames>,
    /// Were there, for all that can be told, further frames of an unknown number?
    pub is_end_unknown: bool,
    /// Is anything gone that cannot be made again from what is left: a frame, a remark, a state?
    pub is_content_lost: bool,
}

impl Losses {
    /// Adds one.
    pub(super) fn add(&mut self, loss: Loss) {
        self.is_content_lost |= match loss.why {
            Why::Damaged(_) | Why::Cut | Why::Stranded => {
                !loss.block.is_some_and(|block| is_closing(block.kind))
            }
            Why::Renamed(_) => true,
            Why::Inserted(_) | Why::Remade(_) => false,
        };
        self.add_harmless(loss);
    }

    /// Adds one that costs nothing that was recorded.
    pub(super) fn add_harmless(&mut self, loss: Loss) {
        if self.list.len() < LOSSES_MAX {
            self.list.push(loss);
        } else {
            self.unlisted += 1;
        }
    }

    /// Adds everything from byte `offset` on, where the bytes stop being a tape of `frames`.
    pub(super) fn add_rest(&mut self, bytes: &[u8], offset: usize, frames: u64, stop: Stop) {
        let mut next_frame = frames;
        let mut is_end_seen = false;
        let mut from = offset;
        // Headers inside the payload of a damaged block are looked at too, but a file of nothing
        // else must not have every byte summed many times.
        let mut spare = bytes.len();
        let mut stop = Some(stop);
        // A footer is a hint, and its lack no loss.
        while from < bytes.len() && Footer::decode_at(bytes, from).is_none() {
            let block = block_at(bytes, from, stop.take());
            let Some(info) = block.info else {
                let end = find_block(bytes, from + 1).unwrap_or(bytes.len());
                let (offset, bytes) = (from as u64, (end - from) as u64);
                self.add(Loss { offset, bytes, block: None, why: block.why });
                from = end;
                continue;
            };
            is_end_seen |= is_closing(info.kind);
            let is_stranded = block.why == Why::Stranded;
            self.add_frames(&mut next_frame, &info, is_stranded);
            let (offset, len) = (info.offset, info.len as usize);
            self.add(Loss { offset, bytes: info.len, block: Some(info), why: block.why });
            let end = from + len;
            let inside = (!is_stranded && spare >= len).then(|| {
                spare -= len;
                let reach = bytes.len().min(end + BLOCK_HEADER_BYTES - 1);
                find_block(&bytes[..reach], from + BLOCK_HEADER_BYTES)
            });
            from = inside.flatten().unwrap_or(end);
        }
        self.is_end_unknown |= !is_end_seen;
    }

    /// Adds the frames that a lost block holds, and those between it and `next_frame`.
    fn add_frames(&mut self, next_frame: &mut u64, block: &BlockInfo, are_stranded: bool) {
        if block.first_frame < *next_frame || block.frame_count > FRAMES_PER_BLOCK_MAX as u32 {
            return;
        }
        self.add_range(*next_frame..block.first_frame, false);
        *next_frame = block.first_frame;
        if block.kind == Kind::Frames {
            *next_frame += u64::from(block.frame_count);
            self.add_range(block.first_frame..*next_frame, are_stranded);
        }
    }

    fn add_range(&mut self, frames: Range<u64>, are_stranded: bool) {
        if frames.is_empty() {
            return;
        }
        let is_full = self.frames.len() == LOSSES_MAX;
        match self.frames.last_mut() {
            Some(last) if last.are_stranded == are_stranded || is_full => {
                last.frames.end = frames.end;
            }
            _ => self.frames.push(LostFrames { frames, are_stranded }),
        }
    }
}

/// Does a block of this kind come after everything that was recorded, and can it be made again?
fn is_closing(kind: Kind) -> bool {
    matches!(kind, Kind::Index | Kind::End)
}

/// A block that is not used.
struct Unused {
    info: Option<BlockInfo>,
    why: Why,
}

/// What lies at `offset`. `stop` is what ended the tape, where it ended here.
fn block_at(bytes: &[u8], offset: usize, stop: Option<Stop>) -> Unused {
    let header = header_at(bytes, offset);
    let promised = |len: u32| (BLOCK_HEADER_BYTES + len as usize) as u64;
    let info = header.as_ref().ok().map(|header| {
        let len = promised(header.compressed_len).min((bytes.len() - offset) as u64);
        BlockInfo::new(offset as u64, len, header)
    });
    let why = match (stop, scan_block(bytes, offset)) {
        (Some(Stop::Damaged(what)), _) => Why::Damaged(what),
        (Some(Stop::Cut), _) | (None, Err(Stop::Cut)) => Why::Cut,
        (None, Err(Stop::Damaged(what))) => Why::Damaged(what),
        (None, Ok(Scanned { .. })) => Why::Stranded,
    };
    Unused { info, why }
}
