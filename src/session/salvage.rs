//! What of a tape can be trusted, however it was cut or damaged, and what is lost of it.

use super::block;
use super::config_copies::CONFIG_COPIES;
use super::error::SessionError;
use super::footer::{FOOTER_BYTES, Footer};
use super::header::{self, HEADER_BYTES, HeaderInfo};
use super::kept::Kept;
use super::le::array_at;
use super::losses::{Loss, Losses, Why};
use super::mend::Mender;
use super::reader::Reader;
use super::records::Kind;
use super::scan::{Stop, header_at, is_zero};
use super::tape::{Ending, Tape};

/// The whole blocks of a tape that follow each other, and what is lost.
pub struct Salvage<'a> {
    pub(super) bytes: &'a [u8],
    /// The header of the tape, or the one in its place.
    pub(super) header: [u8; HEADER_BYTES],
    /// Bytes where the blocks to copy begin, in order; `None` stands for a lost MACHINE.
    pub(super) pieces: Vec<Option<usize>>,
    /// The records of those blocks, as far as they are limited.
    pub(super) kept: Kept,
    tape: Tape,
    losses: Losses,
}

/// What state a tape is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Closed, and every byte is what was written.
    Whole,
    /// Nothing is lost; it was not closed.
    Unclosed,
    /// Damaged where nothing is lost: what is damaged can be made again.
    Mended,
    /// Something is lost.
    Lossy,
}

impl<'a> Salvage<'a> {
    /// Looks at every byte. A tape whose uuid is lost is given `spare_uuid`.
    ///
    /// # Errors
    /// If the bytes are no tape, of another major version, or have no readable CONFIG.
    pub fn of(bytes: &'a [u8], spare_uuid: [u8; 16]) -> Result<Salvage<'a>, SessionError> {
        let bold = Salvage::attempt(bytes, spare_uuid, true)?;
        match bold {
            Some(salvage) => Ok(salvage),
            // What was left out is not proven to be harmless: everything after it is stranded.
            None => Ok(Salvage::attempt(bytes, spare_uuid, false)?.expect("needs no proof")),
        }
    }

    /// Its records: those of whole blocks that follow each other from the first one on.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// What is lost.
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Is there no tape to make of it: no frame where some are lost, or not even the blocks that
    /// every tape begins with?
    pub fn holds_nothing(&self) -> bool {
        let is_headless = (self.pieces.len() as u64) <= CONFIG_COPIES;
        is_headless || self.tape.outcomes.is_empty() && self.state() == State::Lossy
    }

    /// How the tape is.
    pub fn state(&self) -> State {
        match self.tape.ending {
            _ if self.losses.is_content_lost => State::Lossy,
            Ending::Closed if self.losses.list.is_empty() => State::Whole,
            Ending::Cut { .. } if self.losses.list.iter().all(|l| l.why == Why::Cut) => {
                State::Unclosed
            }
            _ => State::Mended,
        }
    }

    fn attempt(
        bytes: &'a [u8],
        spare_uuid: [u8; 16],
        is_bold: bool,
    ) -> Result<Option<Salvage<'a>>, SessionError> {
        let mut mender = Mender::new(is_bold);
        let (header, chain) = find_header(bytes, spare_uuid, &mut mender.losses)?;
        let mut reader = Reader::after(header::decode(&header)?, bytes)?;
        reader.chain = Some(chain);
        let mut stop = reader.read_blocks().err();
        while let Some(Stop::Damaged(what)) = &stop {
            if !mender.mend(&mut reader, what) {
                break;
            }
            stop = reader.read_blocks().err();
        }
        if mender.needs_proof && reader.end_offset.is_none() {
            return Ok(None);
        }
        if let Some(stop) = &stop {
            add_stop(&mut mender.losses, &reader, stop);
        }
        let (kept, tape) = reader.end(stop);
        let pieces = pieces(&tape, &mender);
        Ok(Some(Salvage { bytes, header, pieces, kept, tape, losses: mender.losses }))
    }
}

/// The header of the tape, or where it is damaged one in its place, and what the first block must
/// say of it.
fn find_header(
    bytes: &[u8],
    spare_uuid: [u8; 16],
    losses: &mut Losses,
) -> Result<([u8; HEADER_BYTES], [u8; 32]), SessionError> {
    let what = match header::decode(bytes) {
        Ok(_) => {
            let header = array_at(bytes, 0);
            return Ok((header, block::chain(&header)));
        }
        Err(error @ SessionError::Version { .. }) => return Err(error),
        Err(error) => error,
    };
    let first = header_at(bytes, HEADER_BYTES).ok();
    let Some(first) = first.filter(|block| block.kind == Kind::Config && block.sequence == 0)
    else {
        return Err(what);
    };
    let told = header::encode(HeaderInfo { uuid: array_at(bytes, 20) });
    let (header, why) = if block::chain(&told) == first.chain {
        (told, Why::Remade(what))
    } else {
        (header::encode(HeaderInfo { uuid: spare_uuid }), Why::Renamed(what))
    };
    losses.add(Loss { offset: 0, bytes: HEADER_BYTES as u64, block: None, why });
    Ok((header, first.chain))
}

/// Adds what stopped the reader for good, and everything after it.
fn add_stop(losses: &mut Losses, reader: &Reader<'_>, stop: &Stop) {
    let rest = &reader.bytes[reader.offset..];
    let why = match stop {
        Stop::Cut if is_zero(rest) => {
            losses.is_end_unknown = reader.end_offset.is_none();
            return;
        }
        Stop::Cut => Why::Cut,
        Stop::Damaged(what) => Why::Damaged(what.clone()),
    };
    if reader.end_offset.is_some() || is_vouched_for(reader) {
        let (offset, bytes) = (reader.offset as u64, rest.len() as u64);
        losses.add_harmless(Loss { offset, bytes, block: None, why });
        return;
    }
    let frames = reader.tape.outcomes.len() as u64;
    losses.add_rest(reader.bytes, reader.offset, frames, stop.clone());
}

/// Does the footer say that END alone is missing?
fn is_vouched_for(reader: &Reader<'_>) -> bool {
    let (bytes, tape) = (reader.bytes, &reader.tape);
    let footer = Footer::decode_at(bytes, bytes.len().saturating_sub(FOOTER_BYTES));
    footer.is_some_and(|footer| {
        footer.end_offset == reader.offset as u64 && footer.play_root == tape.play_root.digest()
    })
}

/// Where the blocks to copy begin: all but those that a writer closes a tape with.
fn pieces(tape: &Tape, mender: &Mender) -> Vec<Option<usize>> {
    let mut pieces = Vec::with_capacity(tape.blocks.len());
    for block in &tape.blocks {
        if mender.absent.contains(&block.sequence) {
            if block.sequence == CONFIG_COPIES {
                pieces.push(None);
            }
            continue;
        }
        if matches!(block.kind, Kind::Index | Kind::End) {
            continue;
        }
        let remade = mender.remade.filter(|(sequence, _)| *sequence == block.sequence);
        pieces.push(Some(remade.map_or(block.offset as usize, |(_, other)| other)));
    }
    pieces
}
