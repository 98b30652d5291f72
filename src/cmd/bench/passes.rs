//! The passes: frames through the real loop to a real tape, then each op, then prompts.

use super::Start;
use crate::cli::Bench;
use crate::clock::Wall;
use crate::cmd::{files, process};
use crate::drift::Taps;
use crate::drive::{self, Recorder, picture_digest};
use crate::engine::Engine;
use crate::measure::{
    FrameSpans, OpTimer, Samples, Stopwatch, TimedEngine, TimedSink, TimedSource, frame_spans,
    other_load,
};
use crate::program::Program;
use crate::session::{Config, Machine};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::PathBuf;

/// Most frames whose every op is timed.
const OP_FRAMES_MAX: u32 = 100;

/// Most frames that are made with every op digested.
const TAPPED_FRAMES_MAX: u32 = 30;

/// Times that the memory is filled from the prompt.
const PROMPTS: usize = 10;

/// What the pass over frames came to.
pub(super) struct Frames {
    /// Every frame, warm-up first.
    pub(super) spans: Vec<FrameSpans>,
    /// Processors that others kept busy meanwhile.
    pub(super) other_load: Option<f64>,
    /// Records that waited for the disk.
    pub(super) queue_waits: u64,
    /// The most memory that the process had until the last of these frames.
    pub(super) memory_bytes_max: Option<u64>,
    /// Bytes of the tape.
    pub(super) tape_bytes: u64,
}

/// What the pass over ops came to.
pub(super) struct Ops {
    /// Samples of each op.
    pub(super) ops: Vec<Samples>,
    /// Whole steps, with every op timed; or, where the engine times its ops apart, their sums.
    pub(super) steps: Samples,
    /// Whose clock timed them.
    pub(super) clock: OpClock,
}

/// Whose clock times the ops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OpClock {
    /// The host's, read after every op of a frame.
    Host,
    /// The engine's, around many runs of one op.
    Engine,
}

/// What the pass over frames with taps came to.
pub(super) struct Tapped {
    /// Steps with every op's output digested.
    pub(super) with: Samples,
    /// The same steps without, from the same states.
    pub(super) without: Samples,
}

/// A tape that is gone after the measurement.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        files::discard(&self.0);
    }
}

/// Runs the loop that plays and records, and looks at the clock around each of its calls.
pub(super) fn frames(
    options: &Bench,
    engine: &mut dyn Engine,
    (config, machine): (&Config, &Machine),
    start: &mut Start,
    watch: Stopwatch,
) -> Result<Frames> {
    let name = format!("worldtape-bench-{}.wtape", uuid::Uuid::new_v4());
    let path = std::env::temp_dir().join(name);
    let file = files::create(&path)?;
    let scratch = Scratch(path);
    let uuid = uuid::Uuid::new_v4().into_bytes();
    let mut recorder = Recorder::start(file, uuid, config, machine)?;
    start.tape_ns = watch.now_ns();
    let count = u64::from(options.warm_up) + u64::from(options.frames);
    let before = (process::processor_time(), watch.now_ns());
    let mut source = TimedSource::new(watch, config.action_names.len(), count);
    let mut engine = TimedEngine::new(watch, engine, count);
    let mut sink = TimedSink::new(watch, &mut recorder, count);
    drive::run(&mut source, &mut engine, &mut [&mut sink], &Wall::start())?;
    let seconds = (watch.now_ns() - before.1) as f64 / 1e9;
    let times = before.0.zip(process::processor_time());
    let other_load = times.map(|(before, after)| other_load(before, after, seconds));
    start.first_frame_ns = source.first_frame_ns().unwrap_or_default();
    let spans = frame_spans(&source, &engine, &sink, u64::from(options.warm_up));
    let (recording, _) = recorder.finish()?;
    Ok(Frames {
        spans,
        other_load,
        queue_waits: recording.waits,
        memory_bytes_max: process::memory_bytes_max(),
        tape_bytes: std::fs::metadata(&scratch.0).map_or(0, |file| file.len()),
    })
}

/// Times the ops: by the engine's own clock if it has one, else it goes on from frame `first` with
/// the clock read after every op.
pub(super) fn ops(
    options: &Bench,
    engine: &mut dyn Engine,
    program: &Program,
    (first, buttons): (usize, usize),
    watch: Stopwatch,
) -> Result<Ops> {
    let count = options.frames.min(OP_FRAMES_MAX);
    if let Some(times) = engine.time_ops(count as usize)? {
        return Ok(Ops::timed_by_engine(&times, count as usize));
    }
    let mut timer = OpTimer::new(watch, program, count as usize);
    let mut steps = Samples::with_room(count as usize);
    let source = TimedSource::new(watch, buttons, 0);
    for frame in first as u64..first as u64 + u64::from(count) {
        let start_ns = watch.now_ns();
        timer.begin();
        engine.step_observed(frame, source.action(frame), &mut timer)?;
        steps.add(watch.now_ns() - start_ns);
    }
    Ok(Ops { ops: timer.ops().to_vec(), steps, clock: OpClock::Host })
}

impl Ops {
    fn timed_by_engine(times: &[Vec<u64>], rounds: usize) -> Ops {
        let ops = times.iter().map(|ns| ns.iter().copied().collect()).collect();
        let sum = |round: usize| times.iter().map(|ns| ns[round]).sum::<u64>();
        Ops { ops, steps: (0..rounds).map(sum).collect(), clock: OpClock::Engine }
    }
}

/// Makes frames with every op digested and again without, from frame `first` on; `prompt_frames`
/// are in memory before frame 0. They must come to the same.
pub(super) fn tapped(
    options: &Bench,
    engine: &mut dyn Engine,
    (first, prompt_frames, buttons): (u64, u64, usize),
    watch: Stopwatch,
) -> Result<Tapped> {
    let count = options.frames.min(TAPPED_FRAMES_MAX);
    let room = || Samples::with_room(count as usize);
    let mut made = Tapped { with: room(), without: room() };
    let (source, mut state) = (TimedSource::new(watch, buttons, 0), Vec::new());
    for frame in first..first + u64::from(count) {
        let action = source.action(frame);
        state.clear();
        engine.save(&mut state)?;
        let mut taps = Taps::new(prompt_frames + frame, &|_| false);
        let start_ns = watch.now_ns();
        let with = engine.step_observed(frame, action, &mut taps)?;
        made.with.add(watch.now_ns() - start_ns);
        let with = (with.state_sum, picture_digest(with.picture));
        engine.load(&state)?;
        let start_ns = watch.now_ns();
        let without = engine.step(frame, action)?;
        made.without.add(watch.now_ns() - start_ns);
        if with != (without.state_sum, picture_digest(without.picture)) {
            bail!("frame {frame} with taps is not the frame without: `explain` says more");
        }
    }
    Ok(made)
}

/// Fills the memory from the prompt again and again.
pub(super) fn prompts(
    engine: &mut dyn Engine,
    start: &crate::engine::Start,
    watch: Stopwatch,
) -> Result<Samples> {
    let mut samples = Samples::with_room(PROMPTS);
    for _ in 0..PROMPTS {
        let start_ns = watch.now_ns();
        engine.reset(start).context("filling the memory from the prompt")?;
        samples.add(watch.now_ns() - start_ns);
    }
    Ok(samples)
}
