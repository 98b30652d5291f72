//! Writes a tape: records in, whole blocks out, each with one `write_all`.

use super::archive::Packer;
use super::batch::FramesBatch;
use super::block::{self, BLOCK_HEADER_BYTES, BlockHeader};
use super::error::{SessionError, at_most};
use super::footer::{FOOTER_BYTES, Footer};
use super::header::{self, HEADER_BYTES, HeaderInfo};
use super::index::IndexBuilder;
use super::kept::Kept;
use super::limits::{
    BLOCKS_MAX, CLOSING_BYTES_MAX, FRAMES_MAX, FRAMES_PER_BLOCK_MAX, TAPE_BYTES_MAX,
    archive_bytes_max,
};
use super::play_root::PlayRoot;
use super::records::{Checkpoint, Config, Kind, Machine, Note, Resume};
use super::v1;
use crate::event::{Action, Digest, Outcome};
use rkyv::Serialize;
use rkyv::api::high::HighSerializer;
use rkyv::rancor::Error;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use std::collections::VecDeque;
use std::io::Write;

/// Writes one tape to a sink.
///
/// After a failed write every call returns [`SessionError::WriterFailed`]: nothing may follow a
/// hole. A record that is refused (too long, too many) leaves the encoder as it was.
pub struct Encoder<W: Write> {
    sink: W,
    packer: Packer,
    offset: u64,
    sequence: u64,
    chain: [u8; 32],
    actions: u64,
    frames: u64,
    /// Sealed actions whose outcomes are not sealed yet.
    waiting: VecDeque<Action>,
    play_root: PlayRoot,
    index: IndexBuilder,
    kept: Kept,
    failed: bool,
}

impl<W: Write> Encoder<W> {
    /// Writes the header, CONFIG twice and MACHINE to `sink`.
    ///
    /// # Errors
    /// If a record is outside its limits or the sink refuses bytes.
    pub fn new(
        sink: W,
        info: HeaderInfo,
        config: &Config,
        machine: &Machine,
    ) -> Result<Self, SessionError> {
        config.check(0)?;
        machine.check()?;
        let mut encoder = Encoder::begin(sink, &header::encode(info), config)?;
        let wire = v1::Config::from(config);
        encoder.append(Kind::Config, 0, &wire)?;
        encoder.append(Kind::Config, 0, &wire)?;
        encoder.machine(machine)?;
        Ok(encoder)
    }

    /// Writes the header of a tape and nothing of CONFIG: its blocks are copied next.
    pub(super) fn begin(
        sink: W,
        header: &[u8; HEADER_BYTES],
        config: &Config,
    ) -> Result<Self, SessionError> {
        let mut encoder = Encoder {
            sink,
            packer: Packer::new()?,
            offset: 0,
            sequence: 0,
            chain: block::chain(header),
            actions: 0,
            frames: 0,
            // A block's actions and those whose outcomes the block before did not have.
            waiting: VecDeque::with_capacity(2 * FRAMES_PER_BLOCK_MAX),
            play_root: PlayRoot::new(config),
            index: IndexBuilder::new(),
            kept: Kept::default(),
            failed: false,
        };
        encoder.write(header)?;
        Ok(encoder)
    }

    /// Appends a block of another tape with its payload as it is and its place in this one.
    ///
    /// What it holds is told with [`Encoder::go_on`], once, after the last one.
    pub(super) fn copy_block(
        &mut self,
        source: &BlockHeader,
        payload: &[u8],
    ) -> Result<(), SessionError> {
        self.check_alive()?;
        let (sequence, first_frame, chain) = (self.sequence, self.frames, self.chain);
        let header = BlockHeader { sequence, first_frame, chain, ..*source };
        self.put(&header, &block::seal(header, payload))?;
        if source.kind == Kind::Frames {
            self.frames += u64::from(source.frame_count);
        }
        Ok(())
    }

    /// What the copied blocks hold: so many actions, the last `waiting` of them without an outcome.
    pub(super) fn go_on(
        &mut self,
        actions: u64,
        waiting: &[Action],
        play_root: PlayRoot,
        kept: Kept,
    ) {
        self.actions = actions;
        self.waiting.extend(waiting);
        self.play_root = play_root;
        self.kept = kept;
    }

    /// Appends what the next frames are played on.
    ///
    /// # Errors
    /// If the record is outside its limits or the sink refuses bytes.
    pub fn machine(&mut self, machine: &Machine) -> Result<(), SessionError> {
        self.check_alive()?;
        machine.check()?;
        self.kept.add(Kind::Machine, 0)?;
        self.append(Kind::Machine, 0, &v1::Machine::from(machine))
    }

    /// Appends where the first frames were copied from.
    ///
    /// # Errors
    /// If the record is outside its limits or the sink refuses bytes.
    pub fn resume(&mut self, resume: &Resume) -> Result<(), SessionError> {
        self.check_alive()?;
        resume.check()?;
        self.kept.add(Kind::Resume, 0)?;
        self.append(Kind::Resume, 0, &v1::Resume::from(resume))
    }

    /// Appends a state of the model.
    ///
    /// # Errors
    /// If the record is outside its limits or the sink refuses bytes.
    pub fn checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), SessionError> {
        self.check_alive()?;
        checkpoint.check()?;
        self.kept.add(Kind::Checkpoint, checkpoint.state.len() as u64)?;
        self.append(Kind::Checkpoint, 0, &v1::Checkpoint::from(checkpoint))
    }

    /// Appends a remark.
    ///
    /// # Errors
    /// If the record is outside its limits or the sink refuses bytes.
    pub fn note(&mut self, note: &Note) -> Result<(), SessionError> {
        self.check_alive()?;
        note.check()?;
        self.kept.add(Kind::Note, note.text.len() as u64)?;
        self.append(Kind::Note, 0, &v1::Note::from(note))
    }

    /// Appends the frames of `batch` and empties it; an empty batch writes nothing.
    ///
    /// # Errors
    /// If the tape is full or the sink refuses bytes; the batch then keeps its frames.
    ///
    /// # Panics
    /// If the batch is not the one that all frames of this tape went through.
    pub fn seal_frames(&mut self, batch: &mut FramesBatch) -> Result<(), SessionError> {
        self.check_alive()?;
        if batch.is_empty() {
            return Ok(());
        }
        let columns = batch.columns();
        assert_eq!(columns.first_action_frame, self.actions, "one batch a tape: actions");
        assert_eq!(columns.first_outcome_frame, self.frames, "one batch a tape: outcomes");
        let actions = self.actions + columns.actions.len() as u64;
        at_most("actions", actions, FRAMES_MAX)?;
        self.append(Kind::Frames, columns.state_sums.len() as u32, columns)?;
        self.actions = actions;
        self.fold(columns);
        batch.clear();
        Ok(())
    }

    /// Appends INDEX, END and the footer, flushes the sink and hands it back.
    ///
    /// # Errors
    /// If the sink refuses bytes.
    pub fn finish(mut self) -> Result<(Footer, W), SessionError> {
        self.check_alive()?;
        let index_offset = self.offset;
        let index = self.index.take();
        self.append(Kind::Index, 0, &index)?;
        let end_offset = self.offset;
        let play_root = self.play_root.digest();
        let end = v1::End {
            frames: self.frames,
            actions: self.actions,
            play_root: play_root.0,
            blocks: self.sequence,
        };
        self.append(Kind::End, 0, &end)?;
        let footer = Footer { index_offset, end_offset, play_root };
        self.write(&footer.encode())?;
        self.sink.flush().map_err(|error| write_error(self.offset, 0, &error))?;
        Ok((footer, self.sink))
    }

    /// Frames with an outcome in a block that the sink took.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Actions in a block that the sink took.
    pub fn actions(&self) -> u64 {
        self.actions
    }

    /// Bytes that the sink took.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Play root after [`frames`](Self::frames).
    pub fn play_root(&self) -> PlayRoot {
        self.play_root
    }

    /// The sink, for what a sink can do beside taking bytes (making them durable).
    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Folds sealed outcomes, with the actions they belong to, into the play root.
    fn fold(&mut self, columns: &v1::Frames) {
        self.waiting.extend(columns.actions.iter().map(|&bits| Action(bits)));
        for (&picture, &state_sum) in columns.picture_digests.iter().zip(&columns.state_sums) {
            let action = self.waiting.pop_front().expect("a batch has no outcome without action");
            self.play_root.fold(action, &Outcome { picture: Digest(picture), state_sum });
        }
        self.frames += columns.state_sums.len() as u64;
    }

    /// Appends one block.
    fn append<T>(&mut self, kind: Kind, frame_count: u32, value: &T) -> Result<(), SessionError>
    where
        T: for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, Error>>,
    {
        let (mut block, archive_len) = self.packer.pack(value, self.offset)?;
        at_most("archive bytes", archive_len, archive_bytes_max(kind))?;
        let (front, payload) = block.split_at_mut(BLOCK_HEADER_BYTES);
        let header = BlockHeader {
            kind,
            schema: v1::SCHEMA,
            sequence: self.sequence,
            first_frame: self.frames,
            frame_count,
            compressed_len: payload.len() as u32,
            uncompressed_len: archive_len as u32,
            chain: self.chain,
            payload_crc: crc32c::crc32c(payload),
        };
        front.copy_from_slice(&header.encode());
        let put = self.put(&header, &block);
        self.packer.reuse(block);
        put
    }

    /// Writes a whole block, if the tape has room for it.
    fn put(&mut self, header: &BlockHeader, block: &[u8]) -> Result<(), SessionError> {
        let closing = matches!(header.kind, Kind::Index | Kind::End);
        let (spare_bytes, spare_blocks) = if closing { (0, 0) } else { (CLOSING_BYTES_MAX, 2) };
        let end = self.offset + (block.len() + FOOTER_BYTES) as u64;
        at_most("tape bytes", end, TAPE_BYTES_MAX - spare_bytes)?;
        at_most("block sequence", self.sequence, BLOCKS_MAX - spare_blocks)?;
        self.chain = block::chain(block);
        if let Err(error) = self.sink.write_all(block) {
            self.failed = true;
            return Err(write_error(self.offset, block.len(), &error));
        }
        self.index.add(self.offset, header);
        self.offset += block.len() as u64;
        self.sequence += 1;
        Ok(())
    }

    /// Writes bytes that belong to no block.
    fn write(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        if let Err(error) = self.sink.write_all(bytes) {
            self.failed = true;
            return Err(write_error(self.offset, bytes.len(), &error));
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn check_alive(&self) -> Result<(), SessionError> {
        if self.failed {
            return Err(SessionError::WriterFailed { offset: self.offset });
        }
        Ok(())
    }
}

fn write_error(offset: u64, bytes: usize, error: &std::io::Error) -> SessionError {
    SessionError::Write {
        offset,
        bytes: bytes as u64,
        kind: error.kind(),
        system: error.raw_os_error(),
    }
}
