//! Reads a tape block by block: CRC, limits, bounded decompress, checked access, then meaning.

use super::archive::{Unpacker, access};
use super::block::{BLOCK_HEADER_BYTES, BlockHeader};
use super::convert;
use super::error::{SessionError, at_most, exactly};
use super::footer::{FOOTER_BYTES, Footer};
use super::frames;
use super::header::{self, HEADER_BYTES};
use super::kept::Kept;
use super::limits::INDEX_ENTRIES_MAX;
use super::play_root::PlayRoot;
use super::records::{Config, Kind};
use super::scan::{Scanned, Stop, find_block, is_zero, scan_block};
use super::tape::{BlockInfo, Ending, Tape};
use super::v1;
use crate::event::Digest;

/// The schema this build reads.
const SCHEMA: u16 = 1;

/// CONFIG is written twice: blocks 0 and 1.
const CONFIG_COPIES: u64 = 2;

/// A tape being read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    tape: Tape,
    unpacker: Unpacker,
    kept: Kept,
    index_offset: u64,
    end_offset: Option<u64>,
}

impl<'a> Reader<'a> {
    /// A reader before the first block, with the header and CONFIG read.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Reader<'a>, SessionError> {
        let header = header::decode(bytes)?;
        let mut unpacker = Unpacker::new()?;
        let config = find_config(bytes, &mut unpacker)?;
        let tape = Tape {
            uuid: header.uuid,
            version: header.version,
            play_root: PlayRoot::new(&config),
            config,
            machines: Vec::new(),
            resumes: Vec::new(),
            checkpoints: Vec::new(),
            notes: Vec::new(),
            actions: Vec::new(),
            outcomes: Vec::new(),
            action_us: Vec::new(),
            outcome_us: Vec::new(),
            blocks: Vec::new(),
            ending: Ending::Closed,
        };
        let kept = Kept::default();
        let offset = HEADER_BYTES;
        Ok(Reader { bytes, offset, tape, unpacker, kept, index_offset: 0, end_offset: None })
    }

    /// Reads on until the tape ends, is cut or is damaged.
    pub(super) fn read(mut self) -> Tape {
        let stop = self.read_blocks().err();
        let offset = self.offset as u64;
        let valid_frames = self.tape.outcomes.len() as u64;
        self.tape.ending = match stop {
            None => Ending::Closed,
            Some(Stop::Cut) => Ending::Cut { offset, valid_frames },
            Some(Stop::Damaged(what)) => Ending::Damaged { offset, what, valid_frames },
        };
        self.tape
    }

    /// Reads blocks up to END, then the footer.
    fn read_blocks(&mut self) -> Result<(), Stop> {
        loop {
            if let Some(end_offset) = self.end_offset {
                return self.read_footer(end_offset);
            }
            self.read_block()?;
        }
    }

    /// Reads the block at the offset and goes past it.
    fn read_block(&mut self) -> Result<(), Stop> {
        let block = scan_block(self.bytes, self.offset)?;
        self.check_order(&block)?;
        if self.is_known(&block)? {
            self.read_record(&block)?;
        }
        let header = block.header;
        self.tape.blocks.push(BlockInfo {
            offset: self.offset as u64,
            len: block.bytes.len() as u64,
            kind: header.kind,
            schema: header.schema,
            sequence: header.sequence,
            first_frame: header.first_frame,
            frame_count: header.frame_count,
        });
        self.offset += block.bytes.len();
        Ok(())
    }

    /// The numbers of the header against the blocks before.
    fn check_order(&self, block: &Scanned<'_>) -> Result<(), SessionError> {
        let (header, offset) = (&block.header, self.offset as u64);
        let sequence = self.tape.blocks.len() as u64;
        exactly("block sequence", offset, sequence, header.sequence)?;
        exactly("first frame", offset, self.tape.outcomes.len() as u64, header.first_frame)?;
        let config = Kind::Config.number();
        if sequence < CONFIG_COPIES {
            exactly("kind", offset, config.into(), header.kind.number().into())?;
        } else if header.kind == Kind::Config {
            exactly("sequence of CONFIG", offset, CONFIG_COPIES - 1, sequence)?;
        }
        if !matches!(header.kind, Kind::Frames | Kind::Unknown(_)) {
            exactly("frame count", offset, 0, header.frame_count.into())?;
        }
        Ok(())
    }

    /// Can this build read the archive? If not, may the block be skipped?
    fn is_known(&self, block: &Scanned<'_>) -> Result<bool, SessionError> {
        let (kind, schema) = (block.header.kind, block.header.schema);
        if matches!(kind, Kind::Unknown(_)) {
            return Ok(false);
        }
        if schema != SCHEMA && kind.is_needed() {
            return Err(SessionError::Schema { kind, offset: self.offset as u64, schema });
        }
        Ok(schema == SCHEMA)
    }

    /// Opens the archive and adds its record to the tape.
    fn read_record(&mut self, block: &Scanned<'_>) -> Result<(), SessionError> {
        let offset = self.offset as u64;
        let Reader { tape, kept, unpacker, .. } = self;
        let archive = unpacker.unpack(&block.header, block.payload, offset)?;
        let kind = block.header.kind;
        match kind {
            Kind::Config => check_config(tape, archive, offset),
            Kind::Frames => frames::append(tape, &block.header, access(archive, offset)?, offset),
            Kind::Machine => {
                kept.add(kind, 0)?;
                tape.machines.push(convert::machine(access(archive, offset)?, offset)?);
                Ok(())
            }
            Kind::Resume => {
                kept.add(kind, 0)?;
                tape.resumes.push(convert::resume(access(archive, offset)?)?);
                Ok(())
            }
            Kind::Checkpoint => {
                let wire: &v1::ArchivedCheckpoint = access(archive, offset)?;
                kept.add(kind, wire.state.len() as u64)?;
                tape.checkpoints.push(convert::checkpoint(wire)?);
                Ok(())
            }
            Kind::Note => {
                let wire: &v1::ArchivedNote = access(archive, offset)?;
                kept.add(kind, wire.text.len() as u64)?;
                tape.notes.push(convert::note(wire, offset)?);
                Ok(())
            }
            Kind::Index => {
                check_index(tape, access(archive, offset)?, offset)?;
                self.index_offset = offset;
                Ok(())
            }
            Kind::End => {
                check_end(tape, access(archive, offset)?, offset)?;
                self.end_offset = Some(offset);
                Ok(())
            }
            Kind::Unknown(_) => Ok(()),
        }
    }

    /// The footer against the blocks, and nothing after it.
    fn read_footer(&mut self, end_offset: u64) -> Result<(), Stop> {
        let (rest, offset) = (&self.bytes[self.offset..], self.offset as u64);
        let Some(front) = rest.get(..FOOTER_BYTES) else {
            return Err(Stop::Cut);
        };
        let footer = match Footer::decode(front, offset) {
            Ok(footer) => footer,
            Err(_) if is_zero(rest) => return Err(Stop::Cut),
            Err(error) => return Err(Stop::Damaged(error)),
        };
        exactly("INDEX offset", offset, self.index_offset, footer.index_offset)?;
        exactly("END offset", offset, end_offset, footer.end_offset)?;
        let expected = self.tape.play_root.digest();
        same_digest("play root of the footer", offset, expected, footer.play_root)?;
        let bytes = (rest.len() - FOOTER_BYTES) as u64;
        if bytes > 0 {
            let offset = offset + FOOTER_BYTES as u64;
            return Err(Stop::Damaged(SessionError::Trailing { offset, bytes }));
        }
        Ok(())
    }
}

/// CONFIG of the first copy, or of the second if the first is damaged.
fn find_config(bytes: &[u8], unpacker: &mut Unpacker) -> Result<Config, SessionError> {
    let reason = match read_config(bytes, HEADER_BYTES, unpacker) {
        Ok(config) => return Ok(config),
        Err(Stop::Cut) => "the tape is cut".to_owned(),
        Err(Stop::Damaged(error)) => error.to_string(),
    };
    let second = find_second_config(bytes);
    let config = second.and_then(|offset| read_config(bytes, offset, unpacker).ok());
    config.ok_or(SessionError::NoConfig { offset: HEADER_BYTES as u64, reason })
}

/// Byte of the first block after damage that says it is the second copy of CONFIG.
///
/// One candidate is enough, and bounds the work on bytes made to look like many.
fn find_second_config(bytes: &[u8]) -> Option<usize> {
    let mut from = HEADER_BYTES + 1;
    loop {
        let offset = find_block(bytes, from)?;
        let front = &bytes[offset..offset + BLOCK_HEADER_BYTES];
        let header = BlockHeader::decode(front, offset as u64).ok()?;
        if header.kind == Kind::Config && header.sequence == CONFIG_COPIES - 1 {
            return Some(offset);
        }
        from = offset + 1;
    }
}

/// CONFIG of the block at `offset`.
fn read_config(bytes: &[u8], offset: usize, unpacker: &mut Unpacker) -> Result<Config, Stop> {
    let block = scan_block(bytes, offset)?;
    let (header, offset) = (&block.header, offset as u64);
    exactly("kind", offset, Kind::Config.number().into(), header.kind.number().into())?;
    at_most("sequence of CONFIG", header.sequence, CONFIG_COPIES - 1)?;
    exactly("schema", offset, SCHEMA.into(), header.schema.into())?;
    let archive = unpacker.unpack(header, block.payload, offset)?;
    Ok(convert::config(access(archive, offset)?, offset)?)
}

/// Both copies of CONFIG say the same.
fn check_config(tape: &Tape, archive: &[u8], offset: u64) -> Result<(), SessionError> {
    if convert::config(access(archive, offset)?, offset)? != tape.config {
        return Err(SessionError::ConfigsDiffer { offset });
    }
    Ok(())
}

/// Every entry of an INDEX is a block that was read.
fn check_index(tape: &Tape, index: &v1::ArchivedIndex, offset: u64) -> Result<(), SessionError> {
    at_most("index entries", index.entries.len() as u64, INDEX_ENTRIES_MAX as u64)?;
    for entry in index.entries.iter() {
        let sequence = entry.sequence.to_native();
        let block = usize::try_from(sequence).ok().and_then(|at| tape.blocks.get(at));
        let Some(block) = block else {
            let max = tape.blocks.len() as u64 - 1;
            return Err(SessionError::TooLong { what: "sequence in INDEX", found: sequence, max });
        };
        exactly("offset in INDEX", offset, block.offset, entry.offset.to_native())?;
        exactly("first frame in INDEX", offset, block.first_frame, entry.first_frame.to_native())?;
        let count = entry.frame_count.to_native();
        exactly("frame count in INDEX", offset, block.frame_count.into(), count.into())?;
        let kind = entry.kind.to_native();
        exactly("kind in INDEX", offset, block.kind.number().into(), kind.into())?;
        let schema = entry.schema.to_native();
        exactly("schema in INDEX", offset, block.schema.into(), schema.into())?;
    }
    Ok(())
}

/// The totals of END are those of the blocks.
fn check_end(tape: &Tape, end: &v1::ArchivedEnd, offset: u64) -> Result<(), SessionError> {
    exactly("frames of END", offset, tape.outcomes.len() as u64, end.frames.to_native())?;
    exactly("actions of END", offset, tape.actions.len() as u64, end.actions.to_native())?;
    exactly("blocks of END", offset, tape.blocks.len() as u64, end.blocks.to_native())?;
    same_digest("play root of END", offset, tape.play_root.digest(), Digest(end.play_root))
}

fn same_digest(
    what: &'static str,
    offset: u64,
    expected: Digest,
    found: Digest,
) -> Result<(), SessionError> {
    if found != expected {
        return Err(SessionError::DigestDiffers { what, offset, expected, found });
    }
    Ok(())
}
