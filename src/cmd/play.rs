//! `worldtape play`: a world under the player's hands, on the screen and onto a tape.

use super::going_on::{Before, Source};
use super::machinery::{self, Device, Prepared};
use super::record::{self, short_root};
use super::{Exit, files, output, replay, signals, terminal};
use crate::cli::Play;
use crate::clock::{Clock, Lateness, Pacer, Wall, utc_stamp};
use crate::drive::{self, DriveError, Durable, GoingOn, Recorder, Recording, Sink};
use crate::engine::Description;
use crate::input::{Controls, Keyboard, Live};
use crate::screen::{self, Facts, Palette, Stage};
use crate::world::Manifest;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a play came to.
struct Played {
    frames: u64,
    drawn: u64,
    lateness: Lateness,
    tape: Option<(PathBuf, Recording)>,
    seconds: f64,
}

pub(super) fn run(options: &Play) -> Result<Exit> {
    let device = Device::parse(&options.machinery.device)?;
    let palette = terminal::here()?.palette;
    let source = options.going_on.as_deref().map(Source::read).transpose()?;
    let before = source.as_ref().map(Source::before).transpose()?;
    let (world, prepared) = match &before {
        None => {
            let (_, world) = machinery::load_world(options.machinery.world.as_deref())?;
            let prepared = machinery::prepare(&world, device.arithmetic(), options.choice)?;
            (world, prepared)
        }
        Some(before) => replay::prepare_with_world(before.tape(), device, &options.machinery)?,
    };
    let before = before.as_ref();
    let play = || play(options, device, palette, prepared, &world.manifest, before);
    machinery::in_pool(None, play)??.tell();
    Ok(Exit::Ok)
}

/// Everything that may fail comes before the terminal is taken, and the tape is closed before it
/// is given back.
fn play(
    options: &Play,
    device: Device,
    palette: Palette,
    prepared: Prepared,
    manifest: &Manifest,
    before: Option<&Before<'_>>,
) -> Result<Played> {
    let mut engine = device.engine(prepared.model.clone())?;
    let first = before.map_or(0, Before::frames);
    match before {
        None => engine.reset(&prepared.start).context("filling the memory from the prompt")?,
        Some(before) => {
            options.output.as_deref().map(files::refuse_existing).transpose()?;
            before.make_again(engine.as_mut(), &prepared.start, &Wall::start())?;
        }
    }
    let caught = signals::catch()?;
    let releases = screen::keyboard_releases();
    let quit = Arc::new(AtomicBool::new(false));
    let controls = Controls::new(Keyboard::new(&manifest.actions, releases), Arc::clone(&quit));
    let wall = before.map_or_else(Wall::start, Before::clock);
    let description = engine.describe();
    let mut taping = Taping::start(options, &prepared, &description, &wall, before)?;
    let facts = facts(&prepared, manifest, &description, taping.as_ref());
    let stage = Stage::open(facts, palette, releases, controls.clone(), wall.clone())
        .inspect_err(|_| taping.iter().for_each(|taping| files::discard(&taping.path)))?;
    let _watch = caught.watch(quit, stage.restorer())?;
    let pacer = Pacer::new(&wall, manifest.frames_per_second);
    let live = Live::new(controls, &pacer, options.frames.unwrap_or(u64::MAX));
    let mut live = GoingOn::new(first, before.map_or(&[], Before::waiting), live);
    let mut latest = stage.sink();
    let started_us = wall.now_us();
    let tape = taping.as_mut().map(|taping| &mut taping.recorder as &mut dyn Sink);
    let mut sinks: Vec<&mut dyn Sink> = tape.into_iter().chain([&mut latest as _]).collect();
    let ran = drive::run_from(first, &mut live, engine.as_mut(), &mut sinks, &pacer);
    let seconds = (wall.now_us() - started_us) as f64 / 1e6;
    let (frames, tape) = close(ran, taping)?;
    let drawn = stage.close()?.frames;
    let frames = frames - first;
    Ok(Played { frames, drawn, lateness: pacer.lateness(), tape, seconds })
}

/// Closes the tape, if there is one; the frames that ran.
fn close(
    ran: Result<u64, DriveError>,
    taping: Option<Taping>,
) -> Result<(u64, Option<(PathBuf, Recording)>)> {
    let Some(Taping { recorder, path, .. }) = taping else {
        return Ok((ran?, None));
    };
    let recording = record::close(ran, recorder, &path)?;
    Ok((recording.frames, Some((path, recording))))
}

fn facts(
    prepared: &Prepared,
    manifest: &Manifest,
    description: &Description,
    taping: Option<&Taping>,
) -> Facts {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Facts {
        tape: taping.map(|taping| (output::plain(&name(&taping.path)), Arc::clone(&taping.bytes))),
        buttons: prepared.config.action_names.clone(),
        device: output::plain(&machinery::engine_label(
            &description.engine,
            description.threads,
            &description.facts,
        )),
        frames_per_second: manifest.frames_per_second,
        picture: (manifest.picture.width, manifest.picture.height),
    }
}

/// The tape of a play.
struct Taping {
    recorder: Recorder<Counted>,
    path: PathBuf,
    bytes: Arc<AtomicU64>,
}

impl Taping {
    fn start(
        options: &Play,
        prepared: &Prepared,
        description: &Description,
        wall: &Wall,
        before: Option<&Before<'_>>,
    ) -> Result<Option<Taping>> {
        if options.no_record {
            return Ok(None);
        }
        let path = options.output.clone();
        let path = path.unwrap_or_else(|| dated(wall.started_unix_ms));
        let bytes = Arc::new(AtomicU64::new(0));
        let sink = Counted { file: files::create(&path)?, bytes: Arc::clone(&bytes) };
        let machine = machinery::machine(description.clone(), wall.started_unix_ms);
        let started = match before {
            None => {
                let uuid = uuid::Uuid::new_v4().into_bytes();
                Recorder::start(sink, uuid, &prepared.config, &machine)
            }
            Some(before) => before.recorder(sink, &machine),
        };
        let recorder = started
            .inspect_err(|_| files::discard(&path))
            .with_context(|| format!("tape {}", path.display()))?;
        Ok(Some(Taping { recorder, path, bytes }))
    }
}

/// Where a play is recorded that no name was given for.
fn dated(unix_ms: u64) -> PathBuf {
    PathBuf::from(format!("play-{}.wtape", utc_stamp(unix_ms)))
}

/// A file that tells how many bytes went into it.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Durable for Counted {
    fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync()
    }
}

impl Played {
    /// One line on stderr, after the terminal is as it was.
    fn tell(&self) {
        let Played { frames, drawn, lateness, seconds, .. } = self;
        let tape = match &self.tape {
            None => "not recorded".to_owned(),
            Some((path, recording)) => {
                let root = short_root(recording.play_root);
                format!("tape {}, play root {root}", path.display())
            }
        };
        let rate = *frames as f64 / seconds.max(1e-9);
        let late = lateness.late_frames;
        let late_ms_max = lateness.lateness_us_max / 1000;
        let pace = format!("{rate:.1} frames/s, {late} late, by {late_ms_max} ms at most");
        output::note(&format!("played {frames} frames, {drawn} drawn, {tape} ({pace})"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_without_a_name_is_named_by_its_date() {
        assert_eq!(dated(1_795_444_205_000), Path::new("play-20261123-143005.wtape"));
    }
}
