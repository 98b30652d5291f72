//! `worldtape inspect`: what a tape holds, without running a model.

use super::output::{self, plain};
use super::record::short_root;
use super::{Exit, files};
use crate::cli::Inspect;
use crate::event::Digest;
use crate::session::{Ending, Resume, Seeker, Tape};
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A tape, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    uuid: String,
    version: String,
    bytes: usize,
    world: String,
    world_digest: String,
    arithmetic: String,
    seed: u64,
    prompt: u32,
    passes: u32,
    noise_levels: Vec<f32>,
    picture: [u32; 2],
    frames_per_second: f64,
    actions: Vec<String>,
    frames: usize,
    /// Actions whose outcome was not recorded: the frame was in flight when the tape ended.
    pending_actions: usize,
    seconds: f64,
    blocks: BTreeMap<String, usize>,
    machines: Vec<MachineReport>,
    resumes: Vec<ResumeReport>,
    notes: Vec<String>,
    play_root: String,
    play_root_short: String,
    /// `closed`, `cut` or `damaged`.
    ending: &'static str,
    ending_detail: Option<String>,
    /// Blocks whose chain was checked, with `--verify`.
    chain_blocks: Option<u64>,
}

/// A machine, as `--json` prints it.
#[derive(Serialize)]
pub(super) struct MachineReport {
    started_unix_ms: u64,
    engine: String,
    worldtape_version: String,
    build_commit: String,
    threads: u32,
    facts: BTreeMap<String, String>,
}

/// One frame, as `--frame N --json` prints it.
#[derive(Serialize)]
struct FrameReport {
    frame: u64,
    frames: u64,
    /// Bits of the buttons held, bit 0 first.
    action: u16,
    picture: String,
    state_sum: String,
    play_root: String,
}

/// What the first frames were copied from, as `--json` prints it.
#[derive(Serialize)]
struct ResumeReport {
    source_uuid: String,
    source_frame: u64,
    source_root: String,
    source_root_short: String,
}

pub(super) fn run(options: &Inspect) -> Result<Exit> {
    if let Some(frame) = options.frame {
        return one_frame(options, frame);
    }
    let (tape, bytes) = files::read_tape(&options.file)?;
    let mut report = Report::new(&tape, bytes.len());
    let mut wrong = ending_line(&tape.ending);
    if options.verify {
        match Tape::verify_chain(&bytes) {
            Ok(blocks) => report.chain_blocks = Some(blocks),
            // The damage that ends a tape ends its chain too; it is told once.
            Err(error) => wrong = wrong.or_else(|| Some(format!("the chain is broken: {error}"))),
        }
        if let Err(error) = tape.verify_resumes() {
            wrong = wrong.or_else(|| Some(format!("it goes on from another play: {error}")));
        }
    }
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.text()?)?;
    }
    let Some(wrong) = wrong else {
        return Ok(Exit::Ok);
    };
    output::complaint(&format!("{}: {wrong}", options.file.display()));
    Ok(Exit::Damaged)
}

/// Shows one frame of a closed tape.
fn one_frame(options: &Inspect, frame: u64) -> Result<Exit> {
    let name = || options.file.display().to_string();
    let mut tape = Seeker::open(files::open(&options.file)?).with_context(name)?;
    let found = tape.frame(frame).with_context(name)?;
    let report = FrameReport {
        frame,
        frames: tape.frames(),
        action: found.action.0,
        picture: found.outcome.picture.to_string(),
        state_sum: format!("{:#018x}", found.outcome.state_sum),
        play_root: tape.play_root().to_string(),
    };
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&format!(
            "frame      {frame} of {}, action {:#06x}, picture {}, state sum {}\n",
            report.frames, report.action, report.picture, report.state_sum
        ))?;
    }
    Ok(Exit::Ok)
}

/// What ends a tape early, for people; nothing for a closed one.
pub(super) fn ending_line(ending: &Ending) -> Option<String> {
    let through = |frames: u64| match frames.checked_sub(1) {
        Some(last) => format!("valid through frame {last}"),
        None => "no frame is whole".to_owned(),
    };
    match ending {
        Ending::Closed => None,
        Ending::Cut { offset, valid_frames } => {
            Some(format!("the tape is cut short at byte {offset}; {}", through(*valid_frames)))
        }
        Ending::Damaged { offset, what, valid_frames } => Some(format!(
            "the tape is damaged at byte {offset} ({what}); {}",
            through(*valid_frames)
        )),
    }
}

impl Report {
    fn new(tape: &Tape, bytes: usize) -> Report {
        let config = &tape.config;
        let mut blocks = BTreeMap::new();
        for block in &tape.blocks {
            *blocks.entry(format!("{:?}", block.kind).to_uppercase()).or_insert(0) += 1;
        }
        Report {
            uuid: uuid::Uuid::from_bytes(tape.uuid).to_string(),
            version: format!("{}.{}", tape.version.major, tape.version.minor),
            bytes,
            world: config.world_name.clone(),
            world_digest: config.world_digest.to_string(),
            arithmetic: config.arithmetic.clone(),
            seed: config.seed,
            prompt: config.prompt,
            passes: config.passes,
            noise_levels: config.noise_levels.iter().map(|bits| f32::from_bits(*bits)).collect(),
            picture: [config.picture_width, config.picture_height],
            frames_per_second: f64::from(config.frames_per_second_milli) / 1000.0,
            actions: config.action_names.clone(),
            frames: tape.outcomes.len(),
            pending_actions: tape.actions.len() - tape.outcomes.len(),
            seconds: tape.outcome_us.last().map_or(0.0, |us| *us as f64 / 1e6),
            blocks,
            machines: tape.machines.iter().map(MachineReport::new).collect(),
            resumes: tape.resumes.iter().map(ResumeReport::new).collect(),
            notes: tape.notes.iter().map(|n| format!("frame {}: {}", n.frame, n.text)).collect(),
            play_root: tape.play_root.digest().to_string(),
            play_root_short: tape.play_root.short(),
            ending: match tape.ending {
                Ending::Closed => "closed",
                Ending::Cut { .. } => "cut",
                Ending::Damaged { .. } => "damaged",
            },
            ending_detail: ending_line(&tape.ending),
            chain_blocks: None,
        }
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        self.settings(&mut out)?;
        self.machines(&mut out)?;
        let blocks: Vec<String> = self.blocks.iter().map(|(k, n)| format!("{n} {k}")).collect();
        writeln!(out, "blocks     {}", blocks.join(", "))?;
        writeln!(out, "frames     {} in {:.1} s", self.frames, self.seconds)?;
        if self.pending_actions > 0 {
            writeln!(out, "pending    {} action(s) without an outcome", self.pending_actions)?;
        }
        for resume in &self.resumes {
            let ResumeReport { source_uuid, source_frame, source_root_short, .. } = resume;
            writeln!(
                out,
                "resumed    after {source_frame} frames of tape {source_uuid}, \
                    play root {source_root_short}"
            )?;
        }
        for note in &self.notes {
            writeln!(out, "note       {}", plain(note))?;
        }
        writeln!(out, "play root  {} ({})", self.play_root_short, self.play_root)?;
        if let Some(blocks) = self.chain_blocks {
            writeln!(out, "chain      {blocks} blocks, each follows the one before it")?;
        }
        writeln!(out, "ending     {}", self.ending_detail.as_deref().unwrap_or(self.ending))?;
        Ok(out)
    }

    /// What is played.
    fn settings(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "tape       {} (version {}, {} bytes)", self.uuid, self.version, self.bytes)?;
        writeln!(out, "world      {} {}", plain(&self.world), self.world_digest)?;
        let levels: Vec<String> = self.noise_levels.iter().map(f32::to_string).collect();
        writeln!(out, "arithmetic {}", plain(&self.arithmetic))?;
        writeln!(
            out,
            "session    seed {}, prompt {}, {} passes at {}",
            self.seed,
            self.prompt,
            self.passes,
            levels.join(" ")
        )?;
        let [width, height] = self.picture;
        writeln!(out, "picture    {width}x{height} at {} frames/s", self.frames_per_second)?;
        writeln!(out, "actions    {}", plain(&self.actions.join(", ")))
    }

    /// What it is played on.
    fn machines(&self, out: &mut String) -> std::fmt::Result {
        self.machines.iter().try_for_each(|machine| machine.write(out))
    }
}

impl ResumeReport {
    fn new(resume: &Resume) -> ResumeReport {
        ResumeReport {
            source_uuid: uuid::Uuid::from_bytes(resume.source_uuid).to_string(),
            source_frame: resume.source_frame,
            source_root: resume.source_root.to_string(),
            source_root_short: short_root(resume.source_root),
        }
    }
}

impl MachineReport {
    pub(super) fn new(machine: &crate::session::Machine) -> MachineReport {
        MachineReport {
            started_unix_ms: machine.started_unix_ms,
            engine: machine.engine.clone(),
            worldtape_version: machine.worldtape_version.clone(),
            build_commit: machine.build_commit.clone(),
            threads: machine.threads,
            facts: facts(machine),
        }
    }

    /// Lines for people.
    pub(super) fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "machine    {}, {} thread{}, worldtape {} ({})",
            plain(&self.engine),
            self.threads,
            if self.threads == 1 { "" } else { "s" },
            plain(&self.worldtape_version),
            plain(&self.build_commit)
        )?;
        for (name, value) in &self.facts {
            writeln!(out, "           {}: {}", plain(name), plain(value))?;
        }
        Ok(())
    }
}

/// What a tape tells of a machine, the digest of its kernels included where it has any.
fn facts(machine: &crate::session::Machine) -> BTreeMap<String, String> {
    let digest = machine.kernel_digest;
    let kernels = (digest != Digest::default()).then(|| ("kernels".to_owned(), digest.to_string()));
    machine.entries.iter().cloned().chain(kernels).collect()
}
