//! `worldtape world`: pack, info, check; evaluate has its own file.

use super::machinery::{self, Device};
use super::output::{self, plain};
use super::progress::{Progress, Steps};
use super::{Exit, evaluate, files};
use crate::cli::{Choice, Pack, WorldFile, WorldVerb};
use crate::event::Action;
use crate::exact::ARITHMETIC;
use crate::program::WeightData;
use crate::world::{FILE_BYTES_MAX, Manifest, World, manifest_in, pack};
use anyhow::{Context, Result};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// The Doom world's manifest, for a float file that carries none.
const DOOM_MANIFEST: &str = include_str!("../../worlds/doom.manifest.json");

/// A world, as `--json` prints it.
#[derive(Serialize)]
struct Report<'a> {
    file: PathBuf,
    bytes: u64,
    digest: String,
    tensors: usize,
    parameters: usize,
    manifest: &'a Manifest,
    /// Frames that `check` made, and found finite.
    frames_checked: Option<usize>,
}

pub(super) fn run(verb: WorldVerb) -> Result<Exit> {
    match verb {
        WorldVerb::Pack(options) => run_pack(&options),
        WorldVerb::Info(options) => info(&options, false),
        WorldVerb::Check(options) => info(&options, true),
        WorldVerb::Evaluate(options) => evaluate::run(&options),
    }
}

fn run_pack(options: &Pack) -> Result<Exit> {
    let steps = Steps::new(3, "packing");
    steps.next("reading");
    let float = files::read(&options.float, FILE_BYTES_MAX)?;
    let named = || format!("float world {}", options.float.display());
    let (json, origin) = match &options.manifest {
        Some(path) => (files::read_text(path)?, path.display().to_string()),
        None => match manifest_in(&float).with_context(named)? {
            Some(json) => (json, options.float.display().to_string()),
            None => (DOOM_MANIFEST.to_owned(), "the Doom world's manifest".to_owned()),
        },
    };
    let manifest = Manifest::parse(&json).with_context(|| format!("manifest in {origin}"))?;
    steps.next("quantising");
    let packed = pack(&float, &manifest).with_context(named)?;
    steps.next("checking");
    let world = World::from_packed(&packed).context("reading back what was packed")?;
    let mut file = files::create(&options.output)?;
    let written = file.write_all(&packed).and_then(|()| file.sync_all());
    written.inspect_err(|_| files::discard(&options.output)).with_context(|| {
        format!("cannot write {}; nothing is left of it", options.output.display())
    })?;
    drop(steps);
    print(&options.output, packed.len() as u64, &world, None, options.json)?;
    Ok(Exit::Ok)
}

fn info(options: &WorldFile, check: bool) -> Result<Exit> {
    let (path, world) = machinery::load_world(options.file.as_deref())?;
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    let checked = if check { Some(check_frames(&world)?) } else { None };
    print(&path, bytes, &world, checked, options.json)?;
    Ok(Exit::Ok)
}

/// One frame from every prompt with every schedule: all values on the way are finite.
fn check_frames(world: &World) -> Result<usize> {
    let count = world.manifest.schedules.len() * world.manifest.prompts.len();
    let progress = Progress::new(count as u64, "checking");
    let mut frames = 0;
    for schedule in &world.manifest.schedules {
        for prompt in 0..world.manifest.prompts.len() as u32 {
            let passes = Some(schedule.passes);
            let choice = Choice { seed: 0, start: prompt, passes };
            let prepared = machinery::prepare(world, ARITHMETIC, choice)?;
            let ran = machinery::in_pool(None, || -> Result<()> {
                let mut engine = Device::Cpu.engine(prepared.model)?;
                engine.reset(&prepared.start)?;
                engine.step(0, Action::NONE)?;
                Ok(())
            })?;
            ran.with_context(|| format!("prompt {prompt}, {} passes", schedule.passes))?;
            frames += 1;
            progress.tick(1);
        }
    }
    Ok(frames)
}

fn print(
    path: &std::path::Path,
    bytes: u64,
    world: &World,
    frames_checked: Option<usize>,
    json: bool,
) -> Result<()> {
    let quantised = |data: &&WeightData| matches!(data, WeightData::I8(_));
    let report = Report {
        file: path.to_path_buf(),
        bytes,
        digest: world.digest.to_string(),
        tensors: world.tensors.len(),
        parameters: world.tensors.values().filter(quantised).map(WeightData::len).sum(),
        manifest: &world.manifest,
        frames_checked,
    };
    if json {
        return output::json(&report);
    }
    output::text(&report.text()?)
}

impl Report<'_> {
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let manifest = self.manifest;
        writeln!(out, "world      {} {}", plain(&manifest.name), self.digest)?;
        let path = self.file.display().to_string();
        writeln!(out, "file       {} ({} bytes)", plain(&path), self.bytes)?;
        writeln!(out, "about      {}", plain(&manifest.about))?;
        writeln!(out, "licence    {}", plain(&manifest.licence))?;
        writeln!(out, "arithmetic {}, {}", manifest.arithmetic, manifest.architecture)?;
        let (width, height) = (manifest.picture.width, manifest.picture.height);
        writeln!(out, "picture    {width}x{height} at {} frames/s", manifest.frames_per_second)?;
        writeln!(out, "weights    {} int8 in {} tensors", self.parameters, self.tensors)?;
        self.lists(&mut out)?;
        if let Some(frames) = self.frames_checked {
            writeln!(
                out,
                "checked    {frames} frames, every prompt with every schedule: all finite"
            )?;
        }
        Ok(out)
    }

    /// Buttons, schedules and prompts.
    fn lists(&self, out: &mut String) -> std::fmt::Result {
        let manifest = self.manifest;
        for action in &manifest.actions {
            let keys = plain(&action.keys.join(", "));
            writeln!(out, "action     {} ({keys})", action.name)?;
        }
        for schedule in &manifest.schedules {
            let levels: Vec<String> = schedule.levels.iter().map(f32::to_string).collect();
            let default = schedule.passes == manifest.default_passes;
            let mark = if default { ", the default" } else { "" };
            let (passes, levels) = (schedule.passes, levels.join(" "));
            writeln!(out, "passes     {passes} at {levels}{mark}")?;
        }
        for (number, prompt) in manifest.prompts.iter().enumerate() {
            let name = plain(&prompt.name);
            writeln!(out, "prompt     {number}: {name} ({} frames)", prompt.frames)?;
        }
        Ok(())
    }
}
