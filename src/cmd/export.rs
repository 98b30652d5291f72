//! `worldtape export`: a tape is replayed, held against itself, and its pictures go into a file.

mod film;
mod plan;
mod report;
mod target;

use super::machinery::{self, Device, Prepared};
use super::progress::Progress;
use super::{Exit, files, inspect, output, replay};
use crate::cli::Export;
use crate::clock::Wall;
use crate::drive::{self, TapeActions, Verdict, Verifier};
use crate::export::ExportError;
use crate::session::Tape;
use anyhow::{Context, Result, bail};
use film::Film;
use plan::Plan;
use report::Report;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use target::Target;

/// What a run came to.
struct Ran {
    verdict: Verdict,
    /// Pictures written.
    pictures: u64,
    /// What ended it early, where something did.
    failed: Option<ExportError>,
}

pub(super) fn run(options: &Export) -> Result<Exit> {
    let device = Device::parse(&options.machinery.device)?;
    let to_stdout = options.output == Path::new(target::STDOUT);
    if to_stdout && options.json {
        bail!("-o - fills stdout with the pictures; --json needs a file to be named with -o");
    }
    let path = &options.file;
    let (tape, _) = files::read_tape(path)?;
    let plan = Plan::new(options, &tape).with_context(|| path.display().to_string())?;
    if !to_stdout {
        files::refuse_existing(&options.output)?;
    }
    let prepared = replay::prepare(&tape, device, &options.machinery)
        .with_context(|| path.display().to_string())?;
    let quit = Arc::new(AtomicBool::new(false));
    let mut target = Target::new(&options.output);
    let ran = target.with_file(&quit, |out| {
        machinery::in_pool(None, || film(&tape, &plan, device, prepared, out, &quit))?
    });
    let ran = ran.with_context(|| path.display().to_string())?;
    if quit.load(Ordering::Acquire) {
        target.discard();
        bail!("ended by a signal; nothing is left of {}", options.output.display());
    }
    let is_heard = target.settle(ran.failed)?;
    if is_heard && !to_stdout {
        let bytes = std::fs::metadata(&options.output).map_or(0, |file| file.len());
        Report::new(options, &plan, &ran.verdict, ran.pictures, bytes).print(options.json)?;
    }
    Ok(tell(path, &tape, &ran.verdict, is_heard))
}

/// Makes every frame again until the last that is shown, and writes those that are.
fn film(
    tape: &Tape,
    plan: &Plan,
    device: Device,
    prepared: Prepared,
    out: Box<dyn Write + Send>,
    quit: &AtomicBool,
) -> Result<Ran> {
    let mut engine = device.engine(prepared.model)?;
    engine.reset(&prepared.start).context("filling the memory from the prompt")?;
    let mut verifier = Verifier::new(&tape.outcomes, false);
    let encoder = match plan.encoder(out) {
        Ok(encoder) => encoder,
        Err(error) => {
            let verdict = verifier.verdict();
            return Ok(Ran { verdict, pictures: 0, failed: Some(error) });
        }
    };
    let mut film = Film::new(tape, plan, encoder, quit);
    let mut progress = Progress::new(plan.frames.end, "exporting");
    let mut source = TapeActions::new(&tape.actions, plan.frames.end as usize);
    let sinks: &mut [&mut dyn drive::Sink] = &mut [&mut verifier, &mut film, &mut progress];
    drive::run(&mut source, engine.as_mut(), sinks, &Wall::start())?;
    let (pictures, failed) = film.finish();
    Ok(Ran { verdict: verifier.verdict(), pictures, failed })
}

/// Says what is wrong with the tape or its replay, and gives the exit code of a replay. Where the
/// reader left, nobody asked how the tape ends.
fn tell(path: &Path, tape: &Tape, verdict: &Verdict, is_heard: bool) -> Exit {
    let name = path.display();
    if verdict.first_drift().is_some() {
        let (state, picture) = (verdict.first_state_drift, verdict.first_picture_drift);
        let line = replay::drift_line(state, picture, verdict.differing, verdict.frames);
        output::complaint(&format!("{name}: {line}; pictures that differ have a red edge"));
    }
    if !is_heard {
        return if verdict.first_drift().is_some() { Exit::Drift } else { Exit::Ok };
    }
    if let Some(ending) = inspect::ending_line(&tape.ending) {
        output::complaint(&format!("{name}: {ending}"));
    }
    Exit::of_replay(verdict, tape)
}
