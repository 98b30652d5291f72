//! `worldtape record`: an action script becomes a tape.

use super::machinery::{self, Device, Prepared};
use super::output;
use super::progress::Progress;
use super::{Exit, files, going_on, process, replay};
use crate::cli::Record;
use crate::clock::{Clock, Wall};
use crate::drive::{
    self, DriveError, Durability, Durable, Flow, GoingOn, Made, Recorder, Recording, Sink, Source,
};
use crate::engine::EngineError;
use crate::event::{Action, Digest};
use crate::input::Script;
use crate::session::PlayRoot;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What a recording came to, as `--json` prints it.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) tape: PathBuf,
    pub(super) frames: u64,
    pub(super) bytes: u64,
    pub(super) play_root: String,
    pub(super) play_root_short: String,
    pub(super) seconds: f64,
    pub(super) frames_per_second: f64,
    pub(super) queue_waits: u64,
    /// The most memory that the process had at once, where the system tells.
    pub(super) memory_bytes_max: Option<u64>,
}

/// What is shown while frames are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// A line that moves, for people.
    Progress,
    /// Which frames are safe, for a program that will end this one.
    Durable,
}

/// Says how many frames are durable whenever there are more.
struct Acknowledged {
    durable: Durability,
    said: u64,
}

impl Acknowledged {
    fn say(&mut self) {
        let frames = self.durable.frames();
        if frames > self.said {
            // Where stdout is gone, the report at the end says so.
            let _ = output::text(&format!("durable {frames}\n"));
            self.said = frames;
        }
    }
}

impl Sink for Acknowledged {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        self.say();
        Ok(())
    }

    fn made(&mut self, _: &Made<'_>) -> Result<Flow, DriveError> {
        self.say();
        Ok(Flow::Continue)
    }
}

pub(super) fn run(options: &Record) -> Result<Exit> {
    let device = Device::parse(&options.machinery.device)?;
    if let Some(path) = &options.going_on {
        return go_on(options, device, path);
    }
    let (_, world) = machinery::load_world(options.machinery.world.as_deref())?;
    let script = script(options, &world.manifest.action_names())?;
    let prepared = machinery::prepare(&world, device.arithmetic(), options.choice)?;
    // The model has its own copy of what it needs; two would lie in memory all session long.
    drop(world);
    let frames = script.frames();
    let show = if options.acknowledge { Show::Durable } else { Show::Progress };
    let report = record(&output(options), device, prepared, script, (frames, show), None)?;
    report.print(options.json)?;
    Ok(Exit::Ok)
}

/// The tape to write.
fn output(options: &Record) -> PathBuf {
    let named = || PathBuf::from(options.actions.file_name().unwrap_or_default());
    options.output.clone().unwrap_or_else(|| named().with_extension("wtape"))
}

/// Records the script after the frames of a tape.
fn go_on(options: &Record, device: Device, path: &Path) -> Result<Exit> {
    let source = going_on::Source::read(path)?;
    let before = source.before()?;
    let script = script(options, &before.tape().config.action_names)?;
    let prepared = replay::prepare(before.tape(), device, &options.machinery)
        .with_context(|| path.display().to_string())?;
    let output = output(options);
    files::refuse_existing(&output)?;
    let wall = Wall::start();
    let recording = machinery::in_pool(None, || -> Result<Recording> {
        let mut engine = device.engine(prepared.model)?;
        before.make_again(engine.as_mut(), &prepared.start, &wall)?;
        let wall = before.clock();
        let machine = machinery::machine(engine.describe(), wall.started_unix_ms);
        let file = files::create(&output)?;
        let mut recorder = before
            .recorder(file, &machine)
            .inspect_err(|_| files::discard(&output))
            .with_context(|| format!("tape {}", output.display()))?;
        let mut progress = Progress::new(script.frames(), "recording");
        let first = before.frames();
        let mut source = GoingOn::new(first, before.waiting(), script);
        let sinks: &mut [&mut dyn Sink] = &mut [&mut recorder, &mut progress];
        let ran = drive::run_from(first, &mut source, engine.as_mut(), sinks, &wall);
        drop(progress);
        close(ran, recorder, &output)
    })??;
    let bytes = std::fs::metadata(&output).map_or(0, |file| file.len());
    let report = Report::new(&output, &recording, bytes, wall.now_us() as f64 / 1e6);
    report.print(options.json)?;
    Ok(Exit::Ok)
}

/// The action script, for a world with these buttons.
fn script(options: &Record, buttons: &[String]) -> Result<Script> {
    let text = files::read_text(&options.actions)?;
    Script::parse(&text, buttons)
        .with_context(|| format!("action script {}", options.actions.display()))
}

/// Records what `source` gives to a new file. An engine that stops in mid-session leaves a closed
/// tape with every frame before it and a note of why.
pub(super) fn record(
    output: &Path,
    device: Device,
    prepared: Prepared,
    source: impl Source,
    shown: (u64, Show),
    threads: Option<usize>,
) -> Result<Report> {
    let wall = Wall::start();
    let started_us = wall.now_us();
    let recorded = machinery::in_pool(threads, || {
        record_in_pool(output, device, prepared, source, shown, &wall)
    })?;
    let seconds = (wall.now_us() - started_us) as f64 / 1e6;
    let recording = recorded?;
    let bytes = std::fs::metadata(output).map_or(0, |file| file.len());
    Ok(Report::new(output, &recording, bytes, seconds))
}

fn record_in_pool(
    output: &Path,
    device: Device,
    prepared: Prepared,
    mut source: impl Source,
    (frames, show): (u64, Show),
    wall: &Wall,
) -> Result<Recording> {
    let mut engine = device.engine(prepared.model)?;
    let machine = machinery::machine(engine.describe(), wall.started_unix_ms);
    let uuid = uuid::Uuid::new_v4().into_bytes();
    engine.reset(&prepared.start).context("filling the memory from the prompt")?;
    let file = files::create(output)?;
    let tape = || format!("tape {}", output.display());
    let mut recorder = Recorder::start(file, uuid, &prepared.config, &machine)
        .inspect_err(|_| files::discard(output))
        .with_context(tape)?;
    let mut shown: Box<dyn Sink> = match show {
        Show::Progress => Box::new(Progress::new(frames, "recording")),
        Show::Durable => Box::new(Acknowledged { durable: recorder.durability(), said: 0 }),
    };
    let sinks: &mut [&mut dyn Sink] = &mut [&mut recorder, shown.as_mut()];
    let ran = drive::run(&mut source, engine.as_mut(), sinks, wall);
    drop(shown);
    close(ran, recorder, output)
}

/// Closes the tape of a session that ran so. An engine that stopped in mid-session leaves a closed
/// tape with every frame before it and a note of why, and its error.
pub(super) fn close<W: Durable + 'static>(
    ran: Result<u64, DriveError>,
    mut recorder: Recorder<W>,
    output: &Path,
) -> Result<Recording> {
    let tape = || format!("tape {}", output.display());
    match ran {
        Ok(_) => Ok(recorder.finish().with_context(tape)?.0),
        Err(DriveError::Engine(error)) => {
            let frame = match error {
                EngineError::NotFinite { frame, .. } => frame,
                EngineError::Gpu { frame, .. } => frame.unwrap_or_default(),
                _ => 0,
            };
            recorder
                .note(frame, &format!("the session ended early: {error}"))
                .with_context(tape)?;
            let (recording, _) = recorder.finish().with_context(tape)?;
            let kept = recording.frames;
            Err(error).with_context(|| {
                let output = output.display();
                format!("the session ended early; {output} is closed and holds {kept} frames")
            })
        }
        Err(error) => Err(error).with_context(tape),
    }
}

impl Report {
    fn new(output: &Path, recording: &Recording, bytes: u64, seconds: f64) -> Report {
        Report {
            tape: output.to_path_buf(),
            frames: recording.frames,
            bytes,
            play_root: recording.play_root.to_string(),
            play_root_short: short_root(recording.play_root),
            seconds,
            frames_per_second: recording.frames as f64 / seconds.max(1e-9),
            queue_waits: recording.waits,
            memory_bytes_max: process::memory_bytes_max(),
        }
    }

    fn print(&self, json: bool) -> Result<()> {
        if json {
            return output::json(self);
        }
        output::text(&format!(
            "recorded {}: {} frames, {} bytes, {:.1} frames/s, play root {}\n",
            self.tape.display(),
            self.frames,
            self.bytes,
            self.frames_per_second,
            self.play_root_short
        ))
    }
}

/// The short form of a play root that two people read to each other.
pub(super) fn short_root(root: Digest) -> String {
    PlayRoot::from(root).short()
}
