//! When each frame of a play was asked for, made and shown: JSON lines, `formats/measurement.md`.

use super::super::{files, output};
use super::Ended;
use super::session::Played;
use crate::cli::Play;
use crate::drive::{DriveError, Flow, Made, Sink};
use crate::event::Action;
use crate::input::Controls;
use crate::measure::Samples;
use crate::screen::play::Shot;
use crate::world::World;
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Version of the lines.
const VERSION: u32 = 1;

/// Most frames of one session of which the times are kept: two hours at 35 a second.
const TIMES_MAX: usize = 252_000;

/// When a frame was made, in microseconds of its session, as on the tape.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct FrameTimes {
    frame: u64,
    /// The oldest change of the keys that its action was the first to have.
    told_us: Option<u64>,
    begun_us: u64,
    computed_us: u64,
    made_us: u64,
}

/// A sink that notes the times of each frame.
pub(super) struct Sampler {
    controls: Controls,
    base_us: u64,
    begun_us: u64,
    times: Vec<FrameTimes>,
    times_max: usize,
}

impl Sampler {
    /// Notes nothing unless they are wanted.
    pub(super) fn new(is_wanted: bool, controls: Controls, base_us: u64) -> Sampler {
        let times_max = if is_wanted { TIMES_MAX } else { 0 };
        let times = Vec::with_capacity(times_max);
        Sampler { controls, base_us, begun_us: 0, times, times_max }
    }

    pub(super) fn times(self) -> Vec<FrameTimes> {
        self.times
    }
}

impl Sink for Sampler {
    fn action(&mut self, _: u64, _: Action, at_us: u64) -> Result<(), DriveError> {
        self.begun_us = at_us;
        Ok(())
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        if self.times.len() < self.times_max {
            let told_us = self.controls.told_us();
            self.times.push(FrameTimes {
                frame: made.frame,
                told_us: told_us.map(|told_us| told_us.saturating_sub(self.base_us)),
                begun_us: self.begun_us,
                computed_us: made.computed_us,
                made_us: made.at_us,
            });
        }
        Ok(Flow::Continue)
    }
}

/// One line; `line` says which.
#[derive(Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line<'a> {
    Play {
        version: u32,
        worldtape_version: &'a str,
        build_commit: &'a str,
        world: &'a str,
        world_digest: String,
        frames_per_second: u32,
        hold: String,
    },
    Session {
        session: usize,
        tape: Option<&'a Path>,
        device: &'a str,
        frames: u64,
        drawn: u64,
        late_frames: u64,
        lateness_us_max: u64,
    },
    PlayStage {
        session: usize,
        name: &'a str,
        count: usize,
        p50_us: u64,
        p99_us: u64,
        max_us: u64,
    },
    PlayFrame {
        session: usize,
        #[serde(flatten)]
        times: FrameTimes,
        taken_us: Option<u64>,
        encoded_us: Option<u64>,
        written_us: Option<u64>,
    },
}

/// Where the lines go, made before the play begins.
pub(super) struct SamplesFile {
    file: File,
    path: PathBuf,
}

impl SamplesFile {
    /// A new file.
    pub(super) fn create(path: &Path) -> Result<SamplesFile> {
        Ok(SamplesFile { file: files::create(path)?, path: path.to_path_buf() })
    }

    /// Writes what a play came to; a play without a session leaves no file.
    pub(super) fn write(mut self, options: &Play, world: &World, ended: &Ended) -> Result<()> {
        if ended.sessions.is_empty() {
            files::discard(&self.path);
            return Ok(());
        }
        let mut text = line(&Line::Play {
            version: VERSION,
            worldtape_version: env!("CARGO_PKG_VERSION"),
            build_commit: env!("WORLDTAPE_BUILD_COMMIT"),
            world: &world.manifest.name,
            world_digest: world.digest.to_string(),
            frames_per_second: world.manifest.frames_per_second,
            hold: format!("{:?}", options.hold).to_lowercase(),
        })?;
        for (number, played) in ended.sessions.iter().enumerate() {
            let shots = ended.shots.iter().filter(|shot| shot.session == number);
            let shots = shots.map(|shot| (shot.frame, shot.since(played.base_us))).collect();
            text.push_str(&session(number, played, &shots)?);
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.with_context(|| format!("cannot write {}", self.path.display()))?;
        output::note(&format!("times are in {}", self.path.display()));
        Ok(())
    }
}

/// The lines of one session.
fn session(session: usize, played: &Played, shots: &BTreeMap<u64, Shot>) -> Result<String> {
    let mut text = line(&Line::Session {
        session,
        tape: played.tape.as_ref().map(|tape| tape.0.as_path()),
        device: &played.device,
        frames: played.frames,
        drawn: played.drawn,
        late_frames: played.lateness.late_frames,
        lateness_us_max: played.lateness.lateness_us_max,
    })?;
    for (name, samples) in stages(&played.times, shots) {
        let of = samples.summary();
        let (count, p50_us, p99_us, max_us) = (of.count, of.p50_ns, of.p99_ns, of.max_ns);
        text.push_str(&line(&Line::PlayStage { session, name, count, p50_us, p99_us, max_us })?);
    }
    for times in &played.times {
        let shot = shots.get(&times.frame);
        text.push_str(&line(&Line::PlayFrame {
            session,
            times: *times,
            taken_us: shot.map(|shot| shot.taken_us),
            encoded_us: shot.map(|shot| shot.encoded_us),
            written_us: shot.map(|shot| shot.written_us),
        })?);
    }
    Ok(text)
}

/// What the parts of a frame took. A key whose picture was missed ends with the next one drawn.
fn stages(times: &[FrameTimes], shots: &BTreeMap<u64, Shot>) -> [(&'static str, Samples); 7] {
    let frames = |part: fn(&FrameTimes) -> u64| times.iter().map(part).collect();
    let drawings = |part: fn(&Shot) -> u64| {
        times.iter().filter_map(|times| shots.get(&times.frame)).map(part).collect()
    };
    let mut waiting_us = None;
    let key_to_screen = times.iter().filter_map(|times| {
        waiting_us = waiting_us.or(times.told_us);
        let shot = shots.get(&times.frame)?;
        Some(shot.written_us.saturating_sub(waiting_us.take()?))
    });
    let told = |times: &FrameTimes| Some(times.begun_us.saturating_sub(times.told_us?));
    [
        ("key_to_frame", times.iter().filter_map(told).collect()),
        ("compute", frames(|times| times.computed_us.saturating_sub(times.begun_us))),
        ("digest", frames(|times| times.made_us.saturating_sub(times.computed_us))),
        ("frame", frames(|times| times.made_us.saturating_sub(times.begun_us))),
        ("encode", drawings(|shot| shot.encoded_us.saturating_sub(shot.taken_us))),
        ("write", drawings(|shot| shot.written_us.saturating_sub(shot.encoded_us))),
        ("key_to_screen", key_to_screen.collect()),
    ]
}

fn line(line: &Line<'_>) -> Result<String> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    Ok(text)
}
