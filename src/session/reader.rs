//! Reads a tape block by block: CRC, limits, bounded decompress, checked access, then meaning.

use super::archive::{Unpacker, access};
use super::block;
use super::config_copies::{self, CONFIG_COPIES};
use super::convert;
use super::error::{SessionError, exactly};
use super::footer::{FOOTER_BYTES, Footer};
use super::frames;
use super::header::{self, HEADER_BYTES, Header};
use super::kept::Kept;
use super::play_root::PlayRoot;
use super::records::Kind;
use super::scan::{Scanned, Stop, is_zero, scan_block};
use super::tape::{BlockInfo, Ending, Tape};
use super::totals;
use super::v1::{self, SCHEMA};
use crate::event::Digest;

/// A tape being read.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) offset: usize,
    pub(super) tape: Tape,
    kept: Kept,
    /// What the next block must say of the one before it, where that is checked.
    pub(super) chain: Option<[u8; 32]>,
    /// Are blocks missing, or elsewhere than they were written? Then offsets on the tape are not
    /// those of these bytes.
    pub(super) is_mended: bool,
    pub(super) end_offset: Option<u64>,
    unpacker: Unpacker,
    index_offset: u64,
}

impl<'a> Reader<'a> {
    /// A reader before the first block, with the header and CONFIG read.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Reader<'a>, SessionError> {
        Reader::after(header::decode(bytes)?, bytes)
    }

    /// A reader before the first block, with this header in place of the one of `bytes`.
    pub(super) fn after(header: Header, bytes: &'a [u8]) -> Result<Reader<'a>, SessionError> {
        let mut unpacker = Unpacker::new()?;
        let config = config_copies::find(bytes, &mut unpacker)?;
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
        Ok(Reader {
            bytes,
            offset,
            tape,
            kept,
            chain: None,
            is_mended: false,
            end_offset: None,
            unpacker,
            index_offset: 0,
        })
    }

    /// Reads on until the tape ends, is cut or is damaged.
    pub(super) fn read(mut self) -> Tape {
        let stop = self.read_blocks().err();
        self.end(stop).1
    }

    /// The tape that stopped so, and how much of what is limited it has.
    pub(super) fn end(mut self, stop: Option<Stop>) -> (Kept, Tape) {
        let offset = self.offset as u64;
        let valid_frames = self.tape.outcomes.len() as u64;
        self.tape.ending = match stop {
            None => Ending::Closed,
            Some(Stop::Cut) => Ending::Cut { offset, valid_frames },
            Some(Stop::Damaged(what)) => Ending::Damaged { offset, what, valid_frames },
        };
        (self.kept, self.tape)
    }

    /// Reads blocks up to END, then the footer.
    pub(super) fn read_blocks(&mut self) -> Result<(), Stop> {
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
        self.check_chain(&block)?;
        if self.is_known(&block)? {
            self.read_record(&block)?;
        }
        if block.header.kind == Kind::Index {
            self.index_offset = self.offset as u64;
        }
        let len = block.bytes.len() as u64;
        self.tape.blocks.push(BlockInfo::new(self.offset as u64, len, &block.header));
        self.chain = self.chain.map(|_| block::chain(block.bytes));
        self.offset += block.bytes.len();
        Ok(())
    }

    /// Does the block follow the one before it?
    fn check_chain(&self, block: &Scanned<'_>) -> Result<(), SessionError> {
        let Some(expected) = self.chain else {
            return Ok(());
        };
        let (offset, found) = (self.offset as u64, Digest(block.header.chain));
        totals::same_digest("chain", offset, Digest(expected), found)
    }

    /// The numbers of the header against the blocks before.
    fn check_order(&self, block: &Scanned<'_>) -> Result<(), SessionError> {
        let (header, offset) = (&block.header, self.offset as u64);
        let sequence = self.tape.blocks.len() as u64;
        exactly("block sequence", offset, sequence, header.sequence)?;
        exactly("first frame", offset, self.tape.outcomes.len() as u64, header.first_frame)?;
        let wanted = match sequence {
            0..CONFIG_COPIES => Some(Kind::Config),
            CONFIG_COPIES => Some(Kind::Machine),
            _ => (self.index_offset > 0).then_some(Kind::End),
        };
        if let Some(wanted) = wanted {
            let (wanted, found) = (wanted.number(), header.kind.number());
            exactly("kind", offset, wanted.into(), found.into())?;
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
        let Reader { tape, kept, unpacker, is_mended, .. } = self;
        let archive = unpacker.unpack(&block.header, block.payload, offset)?;
        let kind = block.header.kind;
        match kind {
            Kind::Config => config_copies::check_copy(tape, archive, offset),
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
                tape.checkpoints.push(convert::checkpoint_at(wire, offset)?);
                Ok(())
            }
            Kind::Note => {
                let wire: &v1::ArchivedNote = access(archive, offset)?;
                kept.add(kind, wire.text.len() as u64)?;
                tape.notes.push(convert::note(wire, offset)?);
                Ok(())
            }
            Kind::Index => {
                let index: &v1::ArchivedIndex = access(archive, offset)?;
                if *is_mended { Ok(()) } else { totals::check_index(tape, index, offset) }
            }
            Kind::End => {
                totals::check_end(tape, access(archive, offset)?, offset)?;
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
        if !self.is_mended {
            exactly("INDEX offset", offset, self.index_offset, footer.index_offset)?;
            exactly("END offset", offset, end_offset, footer.end_offset)?;
        }
        let expected = self.tape.play_root.digest();
        totals::same_digest("play root of the footer", offset, expected, footer.play_root)?;
        let bytes = (rest.len() - FOOTER_BYTES) as u64;
        if bytes > 0 {
            let offset = offset + FOOTER_BYTES as u64;
            return Err(Stop::Damaged(SessionError::Trailing { offset, bytes }));
        }
        Ok(())
    }
}
