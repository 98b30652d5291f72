//! `worldtape recover`: a new, closed tape of what can be trusted of one that was cut or damaged.

use super::progress::Steps;
use super::record::short_root;
use super::{Exit, files, output};
use crate::cli::Recover;
use crate::drive::Durable;
use crate::session::limits::TAPE_BYTES_MAX;
use crate::session::{Ending, Loss, LostFrames, Note, Salvage, SessionError, State, Tape, Why};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a recovery came to, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    file: PathBuf,
    output: PathBuf,
    /// `whole`, `unclosed`, `mended` or `lossy`.
    state: &'static str,
    /// Frames of the new tape.
    frames: usize,
    play_root: String,
    play_root_short: String,
    bytes: u64,
    lost_frames: Vec<LostFramesReport>,
    /// More frames may be lost than are listed: nothing tells how many there were.
    is_end_unknown: bool,
    losses: Vec<LossReport>,
    unlisted_losses: u64,
}

/// Frames that the new tape lacks.
#[derive(Serialize)]
struct LostFramesReport {
    first: u64,
    last: u64,
    why: &'static str,
}

/// Bytes that the new tape lacks, or has otherwise.
#[derive(Serialize)]
struct LossReport {
    offset: u64,
    bytes: u64,
    /// What it is, where that can be told: `FRAMES`, `NOTE` and so on.
    block: Option<String>,
    sequence: Option<u64>,
    first_frame: Option<u64>,
    frame_count: Option<u32>,
    /// `damaged`, `cut`, `stranded`, `inserted`, `remade` or `renamed`.
    why: &'static str,
    detail: String,
}

pub(super) fn run(options: &Recover) -> Result<Exit> {
    let (path, output) = (&options.file, &options.output);
    let steps = Steps::new(2, "recovering");
    steps.next("reading");
    let bytes = files::read(path, TAPE_BYTES_MAX)?;
    let name = path.display();
    let salvage = match Salvage::of(&bytes, uuid::Uuid::new_v4().into_bytes()) {
        Ok(salvage) => salvage,
        Err(error @ SessionError::Version { .. }) => {
            bail!("{name} needs another worldtape: {error}")
        }
        Err(error) => bail!("nothing of {name} can be recovered: {error}"),
    };
    if salvage.holds_nothing() {
        let what = match salvage.losses().list.first() {
            Some(loss) => format!("{} at byte {}: {}", reasons(loss).0, loss.offset, detail(loss)),
            None => format!("it ends at byte {}", bytes.len()),
        };
        bail!("nothing of {name} can be recovered: no frame is whole ({what})");
    }
    let state = salvage.state();
    steps.next("writing and reading back");
    let bytes = write(output, &salvage, &bytes)?;
    drop(steps);
    let report = Report::new(options, &salvage, bytes);
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text()?)?;
    }
    if state != State::Lossy {
        return Ok(Exit::Ok);
    }
    output::complaint(&format!("{name}: {}", lost(&salvage)));
    Ok(Exit::Damaged)
}

/// Writes the new tape, makes it durable and reads it back: its bytes.
fn write(output: &Path, salvage: &Salvage<'_>, source: &[u8]) -> Result<u64> {
    let file = files::create(output)?;
    let written = fill(file, salvage, source).and_then(|()| check(output, salvage));
    let written = written.inspect_err(|_| files::discard(output));
    written.with_context(|| format!("tape {}", output.display()))
}

fn fill(mut file: File, salvage: &Salvage<'_>, source: &[u8]) -> Result<()> {
    if salvage.state() == State::Whole {
        file.write_all(source)?;
    } else {
        let (mut encoder, _) = salvage.copy(file, None)?;
        let frame = salvage.tape().outcomes.len() as u64;
        match encoder.note(&Note { frame, text: note(salvage) }) {
            // A tape without room for the remark is still the tape.
            Ok(()) | Err(SessionError::TooLong { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        file = encoder.finish()?.1;
    }
    file.sync().context("the disk refused to make it durable")
}

/// What is in the file is what was in the source, frame by frame, and whole.
fn check(output: &Path, salvage: &Salvage<'_>) -> Result<u64> {
    let (written, bytes) = files::read_tape(output)?;
    let tape = salvage.tape();
    let is_same = written.ending == Ending::Closed
        && written.config == tape.config
        && written.actions == tape.actions
        && written.outcomes == tape.outcomes
        && written.play_root == tape.play_root;
    if !is_same {
        bail!("it does not read back as it was written; it was taken away");
    }
    Tape::verify_chain(&bytes)?;
    Ok(bytes.len() as u64)
}

/// The remark on the new tape, so that nobody takes it for the whole play.
fn note(salvage: &Salvage<'_>) -> String {
    match salvage.state() {
        State::Lossy => format!("recovered: {}", lost(salvage)),
        State::Unclosed => "recovered: the tape was not closed; nothing of it is lost".to_owned(),
        State::Whole | State::Mended => {
            "recovered: the tape was damaged where nothing is lost".to_owned()
        }
    }
}

/// What is lost, in a line.
fn lost(salvage: &Salvage<'_>) -> String {
    let (losses, frames) = (salvage.losses(), salvage.tape().outcomes.len() as u64);
    let through = match frames.checked_sub(1) {
        Some(last) => format!("recovered through frame {last}"),
        None => "no frame is recovered".to_owned(),
    };
    let ranges: Vec<String> = losses.frames.iter().map(|lost| range(&lost.frames)).collect();
    let what = match (ranges.is_empty(), losses.is_end_unknown) {
        (true, true) => format!("frames from {frames} on may be lost"),
        (true, false) => "no frame is lost, but something else that was recorded is".to_owned(),
        (false, true) => format!("{} lost, and maybe later ones", ranges.join(", ")),
        (false, false) => format!("{} lost", ranges.join(", ")),
    };
    format!("{what}; {through}")
}

/// Frame numbers, for people.
fn range(frames: &Range<u64>) -> String {
    match frames.end - frames.start {
        1 => format!("frame {}", frames.start),
        _ => format!("frames {} to {}", frames.start, frames.end - 1),
    }
}

/// Why bytes are not used, in a word and in a sentence.
fn reasons(loss: &Loss) -> (&'static str, String) {
    match &loss.why {
        Why::Damaged(what) => ("damaged", what.to_string()),
        Why::Cut => ("cut", "the file ends inside it".to_owned()),
        Why::Stranded => ("stranded", "whole, but what comes before it is lost".to_owned()),
        Why::Inserted(_) => {
            ("inserted", "not of this tape: what comes after follows what came before".to_owned())
        }
        Why::Remade(what) => ("remade", format!("made again, proven by the chain ({what})")),
        Why::Renamed(what) => ("renamed", format!("the uuid is lost; there is a new one ({what})")),
    }
}

fn detail(loss: &Loss) -> String {
    reasons(loss).1
}

impl Report {
    fn new(options: &Recover, salvage: &Salvage<'_>, bytes: u64) -> Report {
        let (tape, losses) = (salvage.tape(), salvage.losses());
        Report {
            file: options.file.clone(),
            output: options.output.clone(),
            state: match salvage.state() {
                State::Whole => "whole",
                State::Unclosed => "unclosed",
                State::Mended => "mended",
                State::Lossy => "lossy",
            },
            frames: tape.outcomes.len(),
            play_root: tape.play_root.digest().to_string(),
            play_root_short: short_root(tape.play_root.digest()),
            bytes,
            lost_frames: losses.frames.iter().map(LostFramesReport::new).collect(),
            is_end_unknown: losses.is_end_unknown,
            losses: losses.list.iter().map(LossReport::new).collect(),
            unlisted_losses: losses.unlisted,
        }
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        for loss in &self.losses {
            loss.write(&mut out)?;
        }
        if self.unlisted_losses > 0 {
            writeln!(out, "  and {} more places", self.unlisted_losses)?;
        }
        for lost in &self.lost_frames {
            let frames = range(&(lost.first..lost.last + 1));
            writeln!(out, "  lost: {frames} ({})", lost.why)?;
        }
        let said = match self.state {
            "whole" => "is whole",
            "unclosed" => "was not closed, nothing is lost",
            "mended" => "was damaged where nothing is lost",
            _ => "has losses",
        };
        let (file, output) = (self.file.display(), self.output.display());
        let (frames, root) = (self.frames, &self.play_root_short);
        writeln!(out, "{file} {said}; {output} holds {frames} frames, play root {root}")?;
        Ok(out)
    }
}

impl LostFramesReport {
    fn new(lost: &LostFrames) -> LostFramesReport {
        let why = match lost.are_stranded {
            true => "in whole blocks, of no use without the frames before them",
            false => "not in any whole block",
        };
        LostFramesReport { first: lost.frames.start, last: lost.frames.end - 1, why }
    }
}

impl LossReport {
    fn new(loss: &Loss) -> LossReport {
        let (why, detail) = reasons(loss);
        let block = loss.block;
        LossReport {
            offset: loss.offset,
            bytes: loss.bytes,
            block: block.map(|block| format!("{:?}", block.kind).to_uppercase()),
            sequence: block.map(|block| block.sequence),
            first_frame: block.map(|block| block.first_frame),
            frame_count: block.map(|block| block.frame_count),
            why,
            detail,
        }
    }

    /// A line for people.
    fn write(&self, out: &mut String) -> std::fmt::Result {
        write!(out, "  {}: byte {}, {} bytes", self.why, self.offset, self.bytes)?;
        if let (Some(kind), Some(sequence)) = (&self.block, self.sequence) {
            write!(out, ", block {sequence} {kind}")?;
        }
        if let (Some(first), Some(count @ 1..)) = (self.first_frame, self.frame_count) {
            let last = first.saturating_add(u64::from(count));
            write!(out, " ({})", range(&(first..last)))?;
        }
        writeln!(out, ": {}", self.detail)
    }
}
