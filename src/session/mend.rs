//! Past damage that costs no frame: what was inserted, a copy of CONFIG, a remark that is lost.

use super::block::{self, BlockHeader};
use super::config_copies::{self, CONFIG_COPIES};
use super::error::SessionError;
use super::losses::{Loss, Losses, Why};
use super::reader::Reader;
use super::records::Kind;
use super::scan::{find_block, header_at, scan_block};
use super::tape::BlockInfo;
use std::collections::BTreeSet;
use std::ops::Range;

/// Most places of one tape that are mended. Each costs a look at all bytes after it.
const MENDS_MAX: usize = 64;

/// Most blocks that may be missing in one place.
const MISSING_MAX: u64 = 1024;

/// Takes a reader past damage and remembers what of the tape is not in its place.
#[derive(Default)]
pub(super) struct Mender {
    /// May blocks be left out whose loss only the totals of END can prove to be harmless?
    is_bold: bool,
    /// Was one left out?
    pub(super) needs_proof: bool,
    /// Blocks that are lost: their sequences.
    pub(super) absent: BTreeSet<u64>,
    /// The copy of CONFIG that was made again, and where the other one begins.
    pub(super) remade: Option<(u64, usize)>,
    pub(super) losses: Losses,
    mends: usize,
}

impl Mender {
    /// One that has mended nothing yet.
    pub(super) fn new(is_bold: bool) -> Mender {
        Mender { is_bold, ..Mender::default() }
    }

    /// Moves `reader` past the damage that stopped it, if that costs no frame.
    pub(super) fn mend(&mut self, reader: &mut Reader<'_>, what: &SessionError) -> bool {
        if reader.end_offset.is_some() || self.mends == MENDS_MAX {
            return false;
        }
        self.mends += 1;
        let is_mended = self.skip_inserted(reader, what)
            || self.remake_config(reader, what)
            || (self.is_bold && self.leave_out(reader, what));
        reader.is_mended |= is_mended;
        is_mended
    }

    /// A later block follows the last one: what lies between never was of this tape.
    fn skip_inserted(&mut self, reader: &mut Reader<'_>, what: &SessionError) -> bool {
        let sequence = reader.tape.blocks.len() as u64;
        let Some(found) = find_following(reader, reader.chain, sequence) else {
            return false;
        };
        self.lose(reader.offset..found, None, Why::Inserted(what.clone()));
        reader.offset = found;
        true
    }

    /// The other copy of CONFIG, in the place of this one, is what the next block says was there.
    fn remake_config(&mut self, reader: &mut Reader<'_>, what: &SessionError) -> bool {
        let (bytes, offset, blocks) = (reader.bytes, reader.offset, &reader.tape.blocks);
        let sequence = blocks.len() as u64;
        let other = match sequence {
            0 => config_copies::find_second(bytes),
            1 => Some(blocks[0].offset as usize),
            CONFIG_COPIES.. => None,
        };
        let whole = other.and_then(|at| Some((at, scan_block(bytes, at).ok()?)));
        let (Some((other, copy)), Some(chain)) = (whole, reader.chain) else {
            return false;
        };
        let remade = block::seal(BlockHeader { sequence, chain, ..copy.header }, copy.payload);
        let chain = Some(block::chain(&remade));
        let Some(next) = find_following(reader, chain, sequence + 1) else {
            return false;
        };
        let len = remade.len() as u64;
        let header = BlockHeader { sequence, ..copy.header };
        let info = BlockInfo::new(offset as u64, len, &header);
        self.lose(offset..next, Some(info), Why::Remade(what.clone()));
        self.remade = Some((sequence, other));
        reader.tape.blocks.push(info);
        (reader.chain, reader.offset) = (chain, next);
        true
    }

    /// A later block goes on with the very next frame: the blocks between held none.
    fn leave_out(&mut self, reader: &mut Reader<'_>, what: &SessionError) -> bool {
        let (offset, first_frame) = (reader.offset, reader.tape.outcomes.len() as u64);
        let sequence = reader.tape.blocks.len() as u64;
        let may_follow = |header: &BlockHeader| {
            let missing = header.sequence.saturating_sub(sequence);
            (1..=MISSING_MAX).contains(&missing) && header.first_frame == first_frame
        };
        let Some((found, next)) = find(reader.bytes, offset + 1, may_follow) else {
            return false;
        };
        if sequence < CONFIG_COPIES || scan_block(reader.bytes, found).is_err() {
            return false;
        }
        let is_index = next.kind == Kind::End && next.sequence == sequence + 1;
        let told = header_at(reader.bytes, offset).ok();
        let told = told.filter(|header| header.sequence == sequence);
        let len = (found - offset) as u64;
        for missing in sequence..next.sequence {
            let unknown = if is_index { Kind::Index } else { Kind::Unknown(0) };
            let kind = told.filter(|_| missing == sequence).map_or(unknown, |header| header.kind);
            let header = BlockHeader { sequence: missing, kind, frame_count: 0, ..next };
            reader.tape.blocks.push(BlockInfo::new(offset as u64, len, &header));
            self.absent.insert(missing);
        }
        let lost = reader.tape.blocks[sequence as usize];
        let is_known = told.is_some() || is_index;
        self.lose(offset..found, is_known.then_some(lost), Why::Damaged(what.clone()));
        self.needs_proof = true;
        (reader.chain, reader.offset) = (Some(next.chain), found);
        true
    }

    fn lose(&mut self, range: Range<usize>, block: Option<BlockInfo>, why: Why) {
        let (offset, bytes) = (range.start as u64, range.len() as u64);
        self.losses.add(Loss { offset, bytes, block, why });
    }
}

/// Where the block of this sequence begins that says this of the block before it.
fn find_following(reader: &Reader<'_>, chain: Option<[u8; 32]>, sequence: u64) -> Option<usize> {
    let follows = |header: &BlockHeader| header.sequence == sequence && Some(header.chain) == chain;
    Some(find(reader.bytes, reader.offset + 1, follows)?.0)
}

/// The first block at or after `from` with a whole header that is `wanted`.
fn find(
    bytes: &[u8],
    mut from: usize,
    wanted: impl Fn(&BlockHeader) -> bool,
) -> Option<(usize, BlockHeader)> {
    loop {
        let offset = find_block(bytes, from)?;
        let header = header_at(bytes, offset).ok()?;
        if wanted(&header) {
            return Some((offset, header));
        }
        from = offset + 1;
    }
}
