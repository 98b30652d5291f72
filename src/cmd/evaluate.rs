//! `worldtape world evaluate`: a world held against the game it was made from.

mod report;
mod strips;

use super::machinery::{self, Device, Prepared};
use super::progress::Progress;
use super::{Exit, files, output};
use crate::cli::{Choice, Evaluate, GateName};
use crate::engine::{Description, Engine};
use crate::evaluate::{
    Counts, DATA_BYTES_MAX, ELSEWHERE, EvaluateError, Gate, Group, Hand, HeldOut, Player, Strip,
    Trial, measure, planned_frames,
};
use crate::program::Model;
use crate::world::{World, build_decoder};
use anyhow::{Context, Result, bail};
use rayon::{ThreadPool, ThreadPoolBuilder};
use report::{DataReport, NOT_ASKED, Report};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn run(options: &Evaluate) -> Result<Exit> {
    let device = Device::parse(&options.device)?;
    let (path, world) = machinery::load_world(options.world.as_deref())?;
    let file_bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    let bytes = files::read(&options.data, DATA_BYTES_MAX)?;
    let named = || format!("held-out data {}", options.data.display());
    let data = HeldOut::read(&bytes, &world.manifest).with_context(named)?;
    if let Some(folder) = &options.strips {
        strips::prepare(folder)?;
    }
    let choice = Choice { seed: 0, start: 0, passes: options.passes };
    let Prepared { config, model, .. } = machinery::prepare(&world, device.arithmetic(), choice)?;
    let data_report = DataReport::new(&options.data, &bytes, &data);
    let mut report = Report::new(&config, counts(options), data_report);
    let played = played_prompts(&options.prompts, world.manifest.prompts.len())?;
    let subject = Subject { options, device, world: &world, data, model, file_bytes, played };
    let strips = machinery::in_pool(None, || subject.measure(&mut report))??;
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.verdict()?)?;
    }
    if let Some(folder) = &options.strips {
        let picture = world.manifest.picture;
        strips.iter().try_for_each(|strip| strips::write(folder, strip, picture))?;
    }
    Ok(report.exit())
}

fn counts(options: &Evaluate) -> Counts {
    match options.full {
        true => Counts::FULL,
        false => {
            let frames = u64::from(options.frames);
            Counts { starts: options.starts as usize, frames }
        }
    }
}

/// The prompts of the stability plays, in rising order, of a world that has `count`.
fn played_prompts(asked: &[u32], count: usize) -> Result<Vec<usize>> {
    if asked.is_empty() {
        return Ok((0..count).collect());
    }
    if let Some(unknown) = asked.iter().find(|&&prompt| prompt as usize >= count) {
        bail!("--prompts {unknown}: the world has {count} prompts, 0 to {}", count - 1);
    }
    let each: BTreeSet<usize> = asked.iter().map(|&prompt| prompt as usize).collect();
    Ok(each.into_iter().collect())
}

/// One of the world's frames, one of its decoder.
type Engines = [Box<dyn Engine + Send>; 2];

/// What is measured, and with what.
struct Subject<'a> {
    options: &'a Evaluate,
    device: Device,
    world: &'a World,
    data: HeldOut<'a>,
    model: Arc<Model>,
    file_bytes: u64,
    /// Prompts of the stability plays.
    played: Vec<usize>,
}

impl Subject<'_> {
    /// An engine of the world's frames and one of its decoder.
    fn engines(&self) -> Result<Engines> {
        let decoder = Arc::new(build_decoder(self.world));
        Ok([self.device.engine(Arc::clone(&self.model))?, self.device.engine(decoder)?])
    }

    /// Engines for plays at the same time, with an even share of the threads each; none where
    /// plays come one after the other.
    fn crew(&self, group: Group) -> Result<Vec<(Engines, ThreadPool)>> {
        let count = self.options.at_once as usize;
        if group != Group::Stability || count == 1 {
            return Ok(Vec::new());
        }
        let threads = (rayon::current_num_threads() / count).max(1);
        let pool = || ThreadPoolBuilder::new().num_threads(threads).build();
        let started = || pool().context("cannot start the engines' threads");
        (0..count).map(|_| Ok((self.engines()?, started()?))).collect()
    }

    /// Measures what was asked for, tells of each gate as it is done, and returns pictures.
    fn measure(&self, report: &mut Report) -> Result<Vec<Strip>> {
        let mut engines = self.engines()?;
        let Description { engine: name, threads, facts, .. } = engines[0].describe();
        report.engine = machinery::engine_label(&name, threads, &facts);
        self.options.tell(&report.head()?)?;
        let mut strips = Vec::new();
        for group in Group::ALL {
            let gates = match self.options.asks_for(group) {
                false => group.unmeasured(NOT_ASKED),
                true => self.gates(group, &mut engines, report.counts, &mut strips)?,
            };
            self.options.tell(&report.add(gates)?)?;
        }
        let elsewhere = ELSEWHERE.iter().map(|(spec, why)| spec.unmeasured(why));
        self.options.tell(&report.add(elsewhere.collect())?)?;
        Ok(strips)
    }

    /// The gates of one group, under a bar.
    fn gates(
        &self,
        group: Group,
        [engine, decoder]: &mut Engines,
        counts: Counts,
        strips: &mut Vec<Strip>,
    ) -> Result<Vec<Gate>> {
        let buttons = self.world.manifest.action_names();
        let mut prompts = Vec::new();
        for prompt in 0..self.world.manifest.prompts.len() as u32 {
            let (latents, actions) = self.world.prompt(prompt)?;
            prompts.push((latents.to_vec(), actions));
        }
        let frames = planned_frames(group, counts, &self.data, self.played.len(), buttons.len());
        let bar = Progress::new(frames, word(group));
        let mut tick = |count| bar.tick(count);
        let mut crew = self.crew(group)?;
        let hands = crew.iter_mut().map(|([engine, decoder], pool)| {
            let player = Player::new(engine.as_mut(), decoder.as_mut());
            Hand { player, pool }
        });
        let mut trial = Trial {
            player: Player::new(engine.as_mut(), decoder.as_mut()),
            crew: hands.collect(),
            data: self.data,
            file_bytes: self.file_bytes,
            buttons,
            prompts,
            played_prompts: self.played.clone(),
            counts,
            strips: Vec::new(),
            tick: &mut tick,
        };
        let gates = gates_of(group, &mut trial)?;
        strips.append(&mut trial.strips);
        Ok(gates)
    }
}

/// The gates of a group. A world that stops has failed them; a GPU that does ends it all.
fn gates_of(group: Group, trial: &mut Trial<'_>) -> Result<Vec<Gate>> {
    use crate::engine::EngineError::NotFinite;
    match measure(group, trial) {
        Ok(gates) => Ok(gates),
        Err(EvaluateError::Lacks(why)) => Ok(group.unmeasured(&why)),
        Err(error @ EvaluateError::Engine { source: NotFinite { .. }, .. }) => {
            Ok(group.failed(&error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

impl Evaluate {
    /// Shall these gates be measured?
    fn asks_for(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| group_of(*name) == group)
    }

    /// A piece of the result for people, as soon as it is there: beside an object, as talk.
    fn tell(&self, text: &str) -> Result<()> {
        if self.json {
            text.lines().for_each(output::note);
            return Ok(());
        }
        output::text(text)
    }
}

fn group_of(name: GateName) -> Group {
    match name {
        GateName::File => Group::File,
        GateName::Reconstruction => Group::Reconstruction,
        GateName::NextFrame => Group::NextFrame,
        GateName::FreeRunning => Group::FreeRunning,
        GateName::Sharpness => Group::Sharpness,
        GateName::Stability => Group::Stability,
        GateName::Obedience => Group::Obedience,
        GateName::Circle => Group::Circle,
    }
}

/// What is said while it is measured.
fn word(group: Group) -> &'static str {
    match group {
        Group::File => "file",
        Group::Reconstruction => "reconstruction",
        Group::NextFrame => "next frame",
        Group::FreeRunning => "free running",
        Group::Sharpness => "sharpness",
        Group::Stability => "stability",
        Group::Obedience => "obedience",
        Group::Circle => "circle",
    }
}
