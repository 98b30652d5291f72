//! `worldtape replay`: every frame of a tape is made again and held against what it recorded.

use super::machinery::{self, Device};
use super::output;
use super::progress::Progress;
use super::{Exit, files};
use crate::cli::{Choice, Machinery, Replay};
use crate::clock::{Clock, Wall};
use crate::drift::{Fact, machine_differences, setting_differences};
use crate::drive::{self, TapeActions, Verdict, Verifier};
use crate::engine::{Engine, Start};
use crate::session::{Ending, Machine, Tape};
use crate::world::World;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What a replay came to, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    tape: PathBuf,
    /// `same`, `drift`, `cut` or `damaged`.
    verdict: &'static str,
    frames: u64,
    differing: u64,
    first_state_drift: Option<u64>,
    first_picture_drift: Option<u64>,
    /// What ends the tape early, where something does.
    ending: Option<String>,
    play_root: String,
    /// Facts that differ between the machine of the tape and this one.
    machine_differences: Vec<Fact>,
    seconds: f64,
    frames_per_second: f64,
}

pub(super) fn run(options: &Replay) -> Result<Exit> {
    if !options.bisect {
        return Ok(all(options));
    }
    // A panic has said what it is; to a bisection it is a build that cannot be judged.
    let ran = std::panic::catch_unwind(|| all(options));
    Ok(ran.map_or(Exit::BisectSkip, Exit::of_bisect))
}

/// Replays all tapes; the worst exit.
fn all(options: &Replay) -> Exit {
    let until_drift = options.until_drift || options.bisect;
    let mut worst = Exit::Ok;
    for path in &options.files {
        let exit = match one(path, &options.machinery, until_drift, options.json, None) {
            Ok(exit) => exit,
            Err(error) => {
                output::complaint(&format!("{error:#}"));
                super::exit_of(&error)
            }
        };
        worst = worst.max(exit);
    }
    worst
}

/// Replays one tape file and prints what it came to.
pub(super) fn one(
    path: &Path,
    options: &Machinery,
    until_drift: bool,
    json: bool,
    threads: Option<usize>,
) -> Result<Exit> {
    let device = Device::parse(&options.device)?;
    let (tape, _) = files::read_tape(path)?;
    let named = || path.display().to_string();
    let prepared = prepare(&tape, device, options).with_context(named)?;
    let wall = Wall::start();
    let ran = machinery::in_pool(threads, || -> Result<(Verdict, Machine)> {
        let mut engine = device.engine(prepared.model)?;
        let ours = machinery::machine(engine.describe(), wall.started_unix_ms);
        let verdict = replay_tape(&tape, engine.as_mut(), &prepared.start, &wall, until_drift)?;
        Ok((verdict, ours))
    })?;
    let (verdict, ours) = ran.with_context(named)?;
    let report = Report::new(path, &tape, &verdict, &ours, wall.now_us() as f64 / 1e6);
    report.print(json)?;
    if let Some(ending) = &report.ending {
        output::complaint(&format!("{}: {ending}", path.display()));
    }
    Ok(Exit::of_replay(&verdict, &tape))
}

/// Refuses what cannot be replayed, by name, before any frame runs.
pub(super) fn prepare(
    tape: &Tape,
    device: Device,
    options: &Machinery,
) -> Result<machinery::Prepared> {
    // The model has its own copy of what it needs of the world.
    Ok(prepare_with_world(tape, device, options)?.1)
}

/// The same, and the world itself.
pub(super) fn prepare_with_world(
    tape: &Tape,
    device: Device,
    options: &Machinery,
) -> Result<(World, machinery::Prepared)> {
    let config = &tape.config;
    if config.arithmetic != device.arithmetic() {
        bail!(
            "the tape is of arithmetic {}, this engine computes {}; \
                only the same arithmetic gives the same bits",
            config.arithmetic,
            device.arithmetic()
        );
    }
    let world = machinery::load_world_of(options, config.world_digest, &config.world_name)?;
    let (seed, start, passes) = (config.seed, config.prompt, Some(config.passes));
    let choice = Choice { seed, start, passes };
    let prepared = machinery::prepare(&world, device.arithmetic(), choice)?;
    let other = setting_differences(config, &prepared.config).into_iter().next();
    if let Some(Fact { name, theirs, ours }) = other {
        let verb = if name.ends_with('s') { "are" } else { "is" };
        bail!("the tape's {name} {verb}: {theirs}; the world's: {ours}; no such session can be");
    }
    Ok((world, prepared))
}

/// Replays a tape on an engine: every frame that has an outcome is made again and held against it.
///
/// # Errors
/// Where the engine stops: that is an error, not drift.
pub fn replay_tape(
    tape: &Tape,
    engine: &mut (dyn Engine + Send),
    start: &Start,
    clock: &dyn Clock,
    until_drift: bool,
) -> Result<Verdict> {
    engine.reset(start).context("filling the memory from the prompt")?;
    let mut source = TapeActions::new(&tape.actions, tape.outcomes.len());
    let mut verifier = Verifier::new(&tape.outcomes, until_drift);
    let mut progress = Progress::new(tape.outcomes.len() as u64, "replaying");
    drive::run(&mut source, engine, &mut [&mut verifier, &mut progress], clock)?;
    Ok(verifier.verdict())
}

impl Report {
    fn new(path: &Path, tape: &Tape, verdict: &Verdict, ours: &Machine, seconds: f64) -> Report {
        let word = match (verdict.first_drift(), &tape.ending) {
            (Some(_), _) => "drift",
            (None, Ending::Closed) => "same",
            (None, Ending::Cut { .. }) => "cut",
            (None, Ending::Damaged { .. }) => "damaged",
        };
        Report {
            tape: path.to_path_buf(),
            verdict: word,
            frames: verdict.frames,
            differing: verdict.differing,
            first_state_drift: verdict.first_state_drift,
            first_picture_drift: verdict.first_picture_drift,
            ending: super::inspect::ending_line(&tape.ending),
            play_root: tape.play_root.digest().to_string(),
            machine_differences: tape
                .machines
                .last()
                .map_or_else(Vec::new, |theirs| machine_differences(theirs, ours)),
            seconds,
            frames_per_second: verdict.frames as f64 / seconds.max(1e-9),
        }
    }

    fn print(&self, json: bool) -> Result<()> {
        if json {
            return output::json(self);
        }
        let mut text = String::new();
        for Fact { name, theirs, ours } in &self.machine_differences {
            let row = format!("{name}: recorded on {theirs}, replayed on {ours}");
            text.push_str(&format!("  {}\n", output::plain(&row)));
        }
        output::text(&format!("{text}{}: {}\n", self.tape.display(), self.line()))
    }

    /// The verdict on the frames, for people.
    fn line(&self) -> String {
        match (self.first_state_drift, self.first_picture_drift) {
            (None, None) if self.frames == 0 => "no frame to replay".to_owned(),
            (None, None) => format!(
                "{} frames replayed, every picture and state the same ({:.1} frames/s)",
                self.frames, self.frames_per_second
            ),
            (state, picture) => drift_line(state, picture, self.differing, self.frames),
        }
    }
}

/// What differs, for people: first frames, and how many of `frames`.
pub(super) fn drift_line(
    state: Option<u64>,
    picture: Option<u64>,
    differing: u64,
    frames: u64,
) -> String {
    let name =
        |frame: Option<u64>| frame.map_or("none".to_owned(), |frame| format!("frame {frame}"));
    let (state, picture) = (name(state), name(picture));
    format!(
        "DRIFT: first differing state {state}, first differing picture {picture}; \
            {differing} of {frames} frames differ"
    )
}
