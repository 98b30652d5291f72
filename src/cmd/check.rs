//! `worldtape check`: what one runs on a new kind of machine. Every op, tape and way to run.

mod report;

use super::machinery::{self, Device, Prepared};
use super::progress::Progress;
use super::{Exit, files, inspect, output, replay};
use crate::check::{self, CheckError, Play, Tally, Tick, Variant};
use crate::cli::{Check, CheckName};
use crate::clock::Wall;
use crate::engine::cpu::Isa;
use crate::measure::Stopwatch;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use report::{Report, Row};
use std::path::{Path, PathBuf};

/// What all checks are made of.
struct Checker<'a> {
    options: &'a Check,
    device: Device,
    /// Every way to run the device's engine, the usual one first.
    variants: Vec<Box<dyn Variant>>,
    tapes: Vec<PathBuf>,
}

/// A check of a play.
type PlayCheck<'a> = dyn FnMut(&Play, &mut Tick<'_>) -> Result<(), CheckError> + 'a;

pub(super) fn run(options: &Check) -> Result<Exit> {
    let checker = Checker::new(options)?;
    let usual = checker.variants[0].as_ref();
    let description = usual.engine(&check::smallest_model())?.describe();
    let machine = machinery::machine(description, Wall::start().started_unix_ms);
    let names = checker.variants.iter().map(|variant| variant.name()).collect();
    let mut report = Report::new(&machine, names);
    if !options.json {
        output::text(&report.head()?)?;
    }
    for name in CheckName::value_variants() {
        if options.only.is_empty() || options.only.contains(name) {
            report.add(checker.row(*name));
        }
    }
    if options.json {
        output::json(&report)?;
    } else {
        output::text(&report.table()?)?;
    }
    Ok(report.exit())
}

/// How many ways to run a check takes.
fn is_every_way(name: CheckName) -> bool {
    matches!(name, CheckName::Ops | CheckName::Variants)
}

/// Does it play tapes?
fn is_played(name: &CheckName) -> bool {
    !matches!(name, CheckName::Ops | CheckName::Functions)
}

impl<'a> Checker<'a> {
    fn new(options: &'a Check) -> Result<Checker<'a>> {
        let device = Device::parse(&options.machinery.device)?;
        let variants = device.variants()?;
        let is_needed = options.only.is_empty() || options.only.iter().any(is_played);
        let tapes = match is_needed {
            true => files::tapes(options.tapes.as_deref())?,
            false => Vec::new(),
        };
        Ok(Checker { options, device, variants, tapes })
    }

    /// Makes one check. Where it cannot come to its end, the row says why.
    fn row(&self, name: CheckName) -> Row {
        let (watch, mut tally) = (Stopwatch::start(), Tally::default());
        let error = self.check(name, &mut tally).err();
        let word = name.to_possible_value().map(|word| word.get_name().to_owned());
        let variants = if is_every_way(name) { self.variants.len() } else { 1 };
        let seconds = watch.now_ns() as f64 / 1e9;
        Row::new(word.unwrap_or_default(), variants, tally, error, seconds)
    }

    fn check(&self, name: CheckName, tally: &mut Tally) -> Result<()> {
        let (usual, every) = (self.variants[0].as_ref(), self.options.every);
        match name {
            CheckName::Ops => self.ops(tally),
            CheckName::Functions => {
                let bar = Progress::counting(check::functions_runs(every), "runs", "functions");
                Ok(check::functions(every, usual, tally, &mut |count| bar.tick(count))?)
            }
            CheckName::Tapes => self.tapes.iter().try_for_each(|path| self.tape(path, tally)),
            CheckName::Variants => {
                let frames = check::FRAMES_OF_VARIANT * self.variants.len();
                self.first_play("variants", frames, &mut |play, tick| {
                    check::variants(play, &self.variants, tally, tick)
                })
            }
            CheckName::SaveAndLoad => {
                // The definition as any processor runs it.
                let scalar = check::cpu_variants(Isa::SCALAR)?.swap_remove(0);
                self.first_play("save-and-load", 3 * check::FRAMES_OF_SAVE, &mut |play, tick| {
                    check::save_and_load(play, usual, scalar.as_ref(), tally, tick)
                })
            }
            CheckName::Long => {
                let frames = self.options.frames as usize;
                self.first_play("long", 2 * frames, &mut |play, tick| {
                    check::long(play, frames, usual, tally, tick)
                })
            }
        }
    }

    fn ops(&self, tally: &mut Tally) -> Result<()> {
        let count = check::ops_cases() + check::not_finite_cases();
        let bar = Progress::counting(count, "cases", "ops");
        let mut tick = |count| bar.tick(count);
        check::ops(&self.variants, tally, &mut tick)?;
        check::not_finite(&self.variants, tally, &mut tick)?;
        Ok(())
    }

    fn tape(&self, path: &Path, tally: &mut Tally) -> Result<()> {
        let play = self.play(path).with_context(|| path.display().to_string())?;
        let bar = Progress::new(play.outcomes.len() as u64, "tapes");
        let usual = self.variants[0].as_ref();
        Ok(check::tape(&play, usual, tally, &mut |count| bar.tick(count))?)
    }

    /// Makes a check of about so many frames with the first tape.
    fn first_play(
        &self,
        word: &'static str,
        frames: usize,
        check: &mut PlayCheck<'_>,
    ) -> Result<()> {
        let path = &self.tapes[0];
        let play = self.play(path).with_context(|| path.display().to_string())?;
        let bar = Progress::new(frames as u64, word);
        Ok(check(&play, &mut |count| bar.tick(count))?)
    }

    /// A tape, ready to be played again.
    fn play(&self, path: &Path) -> Result<Play> {
        let (tape, _) = files::read_tape(path)?;
        if let Some(wrong) = inspect::ending_line(&tape.ending) {
            bail!(wrong);
        }
        if tape.outcomes.is_empty() {
            bail!("the tape has no frame to replay");
        }
        let Prepared { start, model, .. } =
            replay::prepare(&tape, self.device, &self.options.machinery)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Play { name, model, start, actions: tape.actions, outcomes: tape.outcomes })
    }
}
