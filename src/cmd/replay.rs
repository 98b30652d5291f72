//! `worldtape replay`: every frame of a tape is made again and held against what it recorded.

use super::machinery::{self, Device};
use super::progress::Progress;
use super::{Exit, files};
use crate::cli::{Machinery, Replay};
use crate::clock::{Clock, Wall};
use crate::drive::{self, TapeActions, Verdict, Verifier};
use crate::engine::{Engine, Start};
use crate::session::limits::TAPE_BYTES_MAX;
use crate::session::{Ending, Machine, Tape};
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
    /// Facts that differ between the machine of the tape and this one: name, theirs, ours.
    machine_differences: Vec<(String, String, String)>,
    seconds: f64,
    frames_per_second: f64,
}

pub(super) fn run(options: &Replay) -> Result<Exit> {
    let mut worst = Exit::Ok;
    for path in &options.files {
        let exit = match one(path, &options.machinery, options.until_drift, options.json, None) {
            Ok(exit) => exit,
            Err(error) => {
                eprintln!("worldtape: {}: {error:#}", path.display());
                super::exit_of(&error)
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
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
    let tape = Tape::read(&files::read(path, TAPE_BYTES_MAX)?)?;
    let prepared = prepare(&tape, device, options)?;
    let wall = Wall::start();
    let ran = machinery::in_pool(threads, || -> Result<(Verdict, Machine)> {
        let mut engine = device.engine(prepared.model)?;
        let ours = machinery::machine(engine.describe(), wall.started_unix_ms);
        let verdict = replay_tape(&tape, engine.as_mut(), &prepared.start, &wall, until_drift)?;
        Ok((verdict, ours))
    })?;
    let (verdict, ours) = ran?;
    let report = Report::new(path, &tape, &verdict, &ours, wall.now_us() as f64 / 1e6);
    report.print(json)?;
    Ok(Exit::of_replay(&verdict, &tape))
}

/// Refuses what cannot be replayed, by name, before any frame runs.
fn prepare(tape: &Tape, device: Device, options: &Machinery) -> Result<machinery::Prepared> {
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
    let prepared = machinery::prepare(
        &world,
        device.arithmetic(),
        config.seed,
        config.prompt,
        Some(config.passes),
    )?;
    if prepared.config != *config {
        bail!(
            "the settings on the tape are not the world's: {:?} against {:?}",
            config,
            prepared.config
        );
    }
    Ok(prepared)
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
            machine_differences: differences(tape.machines.last(), ours),
            seconds,
            frames_per_second: verdict.frames as f64 / seconds.max(1e-9),
        }
    }

    fn print(&self, json: bool) -> Result<()> {
        if json {
            println!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        for (name, theirs, ours) in &self.machine_differences {
            println!("  {name}: recorded on {theirs}, replayed on {ours}");
        }
        let tape = self.tape.display();
        match (self.first_state_drift, self.first_picture_drift) {
            (None, None) => {
                println!(
                    "{tape}: {} frames replayed, every picture and state the same \
                        ({:.1} frames/s)",
                    self.frames, self.frames_per_second
                );
            }
            (state, picture) => {
                let name = |frame: Option<u64>| {
                    frame.map_or("none".to_owned(), |frame| format!("frame {frame}"))
                };
                println!(
                    "{tape}: DRIFT: first differing state {}, first differing picture {}; \
                        {} of {} frames differ",
                    name(state),
                    name(picture),
                    self.differing,
                    self.frames
                );
            }
        }
        if let Some(ending) = &self.ending {
            println!("{tape}: {ending}");
        }
        Ok(())
    }
}

/// Facts that differ between two machines.
fn differences(theirs: Option<&Machine>, ours: &Machine) -> Vec<(String, String, String)> {
    let Some(theirs) = theirs else {
        return Vec::new();
    };
    let facts = |machine: &Machine| {
        let mut facts = vec![
            ("engine".to_owned(), machine.engine.clone()),
            ("version".to_owned(), machine.worldtape_version.clone()),
            ("build".to_owned(), machine.build_commit.clone()),
            ("threads".to_owned(), machine.threads.to_string()),
        ];
        facts.extend(machine.entries.iter().cloned());
        facts
    };
    let (theirs, ours) = (facts(theirs), facts(ours));
    let value = |list: &[(String, String)], name: &str| {
        let found = list.iter().find(|fact| fact.0 == name);
        found.map_or_else(|| "(not told)".to_owned(), |fact| fact.1.clone())
    };
    let mut names: Vec<&String> = theirs.iter().chain(&ours).map(|fact| &fact.0).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let rows =
        names.into_iter().map(|name| (name.clone(), value(&theirs, name), value(&ours, name)));
    rows.filter(|row| row.1 != row.2).collect()
}
