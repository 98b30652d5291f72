//! Writes the tape on a thread of its own: queued before a frame runs, durable within a second.

use super::{DriveError, Flow, Made, Sink};
use crate::clock::seal_wait;
use crate::event::{Action, Digest, Outcome};
use crate::session::{Config, Encoder, FramesBatch, HeaderInfo, Machine, Note, SessionError};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// Most records that wait for the disk; a frame that finds the queue full waits, and is counted.
pub const QUEUE_MAX: usize = 512;

/// A place for bytes that can be told to make them last.
pub trait Durable: Write + Send {
    /// Returns when every byte written so far will survive the machine.
    ///
    /// # Errors
    /// What the system says; nothing after it may be believed.
    fn sync(&mut self) -> std::io::Result<()>;
}

impl Durable for Vec<u8> {
    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a finished recording came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Frames on the tape.
    pub frames: u64,
    /// What two people compare.
    pub play_root: Digest,
    /// Records that found the queue full and waited.
    pub waits: u64,
}

/// Tells how many frames are safe on disk while the recorder is at work elsewhere.
#[derive(Clone, Debug)]
pub struct Durability(Arc<AtomicU64>);

impl Durability {
    /// Frames `0..n` are safe on disk.
    pub fn frames(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

enum Record {
    Action { frame: u64, action: Action, at_us: u64 },
    Outcome { frame: u64, outcome: Outcome, at_us: u64 },
    Note(Note),
    Finish,
}

/// A sink that writes a tape to `W`.
pub struct Recorder<W: Durable> {
    /// Taken when the recorder goes, so that its thread ends.
    queue: Option<SyncSender<Record>>,
    thread: Option<JoinHandle<Result<(Recording, W), DriveError>>>,
    durable: Durability,
    waits: u64,
    /// Actions that were on the tape before.
    taped_actions: u64,
}

impl<W: Durable + 'static> Recorder<W> {
    /// Writes the head of the tape, makes it durable and starts the thread.
    ///
    /// # Errors
    /// [`DriveError`] where the sink refuses bytes or the thread cannot be had.
    pub fn start(
        sink: W,
        uuid: [u8; 16],
        config: &Config,
        machine: &Machine,
    ) -> Result<Recorder<W>, DriveError> {
        let tape_error = |source| DriveError::Tape { source, durable_frames: 0 };
        let encoder =
            Encoder::new(sink, HeaderInfo { uuid }, config, machine).map_err(tape_error)?;
        Recorder::go_on(encoder, FramesBatch::new())
    }

    /// Makes durable what is on the tape and starts the thread, for the frames after those that
    /// `encoder` and `batch` have. An action that is on the tape is not written again.
    ///
    /// # Errors
    /// [`DriveError`] where the sink refuses or the thread cannot be had.
    pub fn go_on(encoder: Encoder<W>, batch: FramesBatch) -> Result<Recorder<W>, DriveError> {
        let taped_actions = encoder.actions();
        let durable = Durability(Arc::new(AtomicU64::new(0)));
        let shared = durable.clone();
        let mut writer = Writer { encoder, batch, durable: shared, unsealed_us: None };
        writer.sync()?;
        let (queue, records) = sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("tape".to_owned())
            .spawn(move || writer.run(&records))
            .map_err(|error| DriveError::Thread { what: error.to_string() })?;
        let (queue, thread) = (Some(queue), Some(thread));
        Ok(Recorder { queue, thread, durable, waits: 0, taped_actions })
    }

    /// Frames `0..n` are safe on disk.
    pub fn durable_frames(&self) -> u64 {
        self.durable.frames()
    }

    /// The same, for those who do not hold the recorder.
    pub fn durability(&self) -> Durability {
        self.durable.clone()
    }

    /// Puts a remark on the tape.
    ///
    /// # Errors
    /// What stopped the writer.
    pub fn note(&mut self, frame: u64, text: &str) -> Result<(), DriveError> {
        self.send(Record::Note(Note { frame, text: text.to_owned() }))
    }

    /// Seals what is queued, closes the tape, makes it durable and hands the sink back.
    ///
    /// # Errors
    /// What stopped the writer; the tape is then readable through its durable frames.
    pub fn finish(mut self) -> Result<(Recording, W), DriveError> {
        self.send(Record::Finish)?;
        let (recording, sink) = self.join()?;
        Ok((Recording { waits: self.waits, ..recording }, sink))
    }

    fn send(&mut self, record: Record) -> Result<(), DriveError> {
        let gone = || DriveError::Thread { what: "the recorder was closed".to_owned() };
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        match queue.try_send(record) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(record)) => {
                self.waits += 1;
                if queue.send(record).is_ok() {
                    return Ok(());
                }
            }
            Err(TrySendError::Disconnected(_)) => {}
        }
        let what = "it ended before the session".to_owned();
        Err(self.join().err().unwrap_or(DriveError::Thread { what }))
    }

    fn join(&mut self) -> Result<(Recording, W), DriveError> {
        let gone = |what: &str| DriveError::Thread { what: what.to_owned() };
        let thread = self.thread.take().ok_or_else(|| gone("its error was reported before"))?;
        thread.join().map_err(|_| gone("it panicked"))?
    }
}

impl<W: Durable> Drop for Recorder<W> {
    /// A session that ends without [`Recorder::finish`] leaves a tape without an end; what was
    /// queued is on it when this returns.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl<W: Durable + 'static> Sink for Recorder<W> {
    fn action(&mut self, frame: u64, action: Action, at_us: u64) -> Result<(), DriveError> {
        if frame < self.taped_actions {
            return Ok(());
        }
        self.send(Record::Action { frame, action, at_us })
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        let (frame, outcome, at_us) = (made.frame, made.outcome, made.at_us);
        self.send(Record::Outcome { frame, outcome, at_us })?;
        Ok(Flow::Continue)
    }
}

/// The thread's side.
struct Writer<W: Durable> {
    encoder: Encoder<W>,
    batch: FramesBatch,
    durable: Durability,
    /// Times of the oldest and the newest record that is not sealed, in session microseconds.
    unsealed_us: Option<(u64, u64)>,
}

impl<W: Durable> Writer<W> {
    /// Takes records until told to finish. Where the session dies without that, what was queued is
    /// sealed and the tape stays open-ended.
    fn run(mut self, records: &Receiver<Record>) -> Result<(Recording, W), DriveError> {
        loop {
            match records.recv_timeout(seal_wait(self.unsealed_us)) {
                Ok(Record::Finish) => return self.finish(),
                Ok(record) => self.take(record)?,
                Err(RecvTimeoutError::Timeout) => self.seal()?,
                Err(RecvTimeoutError::Disconnected) => {
                    self.seal()?;
                    let what = "the session ended without closing the tape".to_owned();
                    return Err(DriveError::Thread { what });
                }
            }
        }
    }

    fn take(&mut self, record: Record) -> Result<(), DriveError> {
        let at_us = match record {
            Record::Action { frame, action, at_us } => {
                self.batch.push_action(frame, action, at_us);
                at_us
            }
            Record::Outcome { frame, outcome, at_us } => {
                self.batch.push_outcome(frame, outcome, at_us);
                at_us
            }
            Record::Note(note) => {
                self.seal()?;
                let written = self.encoder.note(&note);
                return written.map_err(|source| self.tape_error(source));
            }
            Record::Finish => unreachable!("ends the loop"),
        };
        let first_us = self.unsealed_us.map_or(at_us, |(first_us, _)| first_us);
        self.unsealed_us = Some((first_us, at_us));
        if self.batch.is_full() || seal_wait(self.unsealed_us).is_zero() {
            self.seal()?;
        }
        Ok(())
    }

    /// Writes a block of what is gathered and makes it durable.
    fn seal(&mut self) -> Result<(), DriveError> {
        self.unsealed_us = None;
        if self.batch.is_empty() {
            return Ok(());
        }
        let sealed = self.encoder.seal_frames(&mut self.batch);
        sealed.map_err(|source| self.tape_error(source))?;
        self.sync()
    }

    fn sync(&mut self) -> Result<(), DriveError> {
        sync(self.encoder.sink_mut(), self.durable.frames())?;
        self.durable.0.store(self.encoder.frames(), Ordering::Release);
        Ok(())
    }

    fn finish(mut self) -> Result<(Recording, W), DriveError> {
        self.seal()?;
        let durable_frames = self.durable.frames();
        let frames = self.encoder.frames();
        let finished = self.encoder.finish();
        let (footer, mut sink) =
            finished.map_err(|source| DriveError::Tape { source, durable_frames })?;
        sync(&mut sink, durable_frames)?;
        Ok((Recording { frames, play_root: footer.play_root, waits: 0 }, sink))
    }

    fn tape_error(&self, source: SessionError) -> DriveError {
        DriveError::Tape { source, durable_frames: self.durable.frames() }
    }
}

fn sync(sink: &mut impl Durable, durable_frames: u64) -> Result<(), DriveError> {
    sink.sync().map_err(|error| DriveError::Sync { what: error.to_string(), durable_frames })
}
