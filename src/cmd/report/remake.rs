//! Frames of the tapes made again, and their pictures chosen.

use super::Devices;
use crate::cli::Report as Options;
use crate::clock::Wall;
use crate::cmd::machinery::{self, Device, Prepared};
use crate::cmd::progress::Progress;
use crate::cmd::replay;
use crate::drift::{Rewind, heat_map, picture_difference};
use crate::report::{
    Moment, Of, PICTURE_BYTES_MAX, Picture, Recorded, Report, Run, Shot, drift_frames, film_frames,
};
use crate::session::{Config, Tape};
use anyhow::{Context, Result};

/// Most bytes of states that a run keeps, to go back to a drift. Why 256 MiB: two runs keep no more
/// than one elsewhere.
const KEPT_BYTES_MAX: usize = 256 << 20;

/// A tape's frames made again, and what makes any of them once more.
struct Remade {
    run: Run,
    rewind: Rewind,
}

/// Makes the frames again and puts runs and pictures into `report`.
pub(super) fn remake(report: &mut Report<'_>, options: &Options, devices: Devices) -> Result<()> {
    let mut remade = vec![first(report, options, devices.device)?];
    if let Some(other) = &report.other {
        let maker = devices.against.unwrap_or(devices.device);
        let prepared = prepare(other, options, maker, devices.device)?;
        remade.push(make(other, Of::Other, maker, &prepared, &mut |_, _| Ok(()))?);
    } else if let Some(against) = devices.against {
        let prepared = prepare(&report.tape, options, against, devices.device)?;
        remade.push(make(&report.tape, Of::Tape, against, &prepared, &mut |_, _| Ok(()))?);
    }
    report.runs = remade.iter().map(|remade| remade.run.clone()).collect();
    let rows = report.rows();
    let found = Report::drifting(&rows).map(|row| row.found);
    let frames = remade.iter().map(|remade| remade.rewind.frames()).max().unwrap_or(0);
    let wanted = found.map_or_else(Vec::new, |found| drift_frames(&found, frames));
    report.drift = moments(&mut remade, &wanted, &report.tape.tape.config)?;
    thin(&mut report.film, PICTURE_BYTES_MAX.saturating_sub(bytes_of(&report.drift)));
    Ok(())
}

/// The tape on `--device`, and its film.
fn first(report: &mut Report<'_>, options: &Options, device: Device) -> Result<Remade> {
    let tape = &report.tape;
    let config = &tape.tape.config;
    let prepared = prepare(tape, options, device, device)?;
    let frames = tape.tape.outcomes.len() as u64;
    let wanted = film_frames(frames, config.frames_per_second_milli);
    let mut film = Vec::new();
    let remade = make(tape, Of::Tape, device, &prepared, &mut |frame, rgb| {
        if wanted.binary_search(&frame).is_ok() {
            let picture = picture(rgb, config)?;
            // One that no page may hold is not held here either.
            if picture.bytes() <= PICTURE_BYTES_MAX {
                film.push(Shot { frame, picture });
            }
        }
        Ok(())
    })?;
    report.film = film;
    Ok(remade)
}

/// Prepares a tape for `maker`. Where that computes another arithmetic than the tape's, `device` is
/// who must be able to make its frames.
fn prepare(
    recorded: &Recorded<'_>,
    options: &Options,
    maker: Device,
    device: Device,
) -> Result<Prepared> {
    let tape = recorded.tape;
    let is_exact = maker.arithmetic() == tape.config.arithmetic;
    let prepared = replay::prepare(tape, if is_exact { maker } else { device }, &options.machinery);
    prepared.with_context(|| {
        format!("{} (--no-replay makes a page of what the tape holds)", recorded.name)
    })
}

/// Makes every frame that has an outcome, in order, and shows each picture to `show`.
fn make(
    recorded: &Recorded<'_>,
    of: Of,
    maker: Device,
    prepared: &Prepared,
    show: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
) -> Result<Remade> {
    let tape: &Tape = recorded.tape;
    let engine = maker.engine(prepared.model.clone())?;
    let machine = machinery::machine(engine.describe(), Wall::start().started_unix_ms);
    let label = machinery::engine_label(&machine.engine, machine.threads, &machine.entries);
    let named = || recorded.name.clone();
    let actions = &tape.actions[..tape.outcomes.len()];
    let rewind = Rewind::within(engine, &prepared.start, actions, KEPT_BYTES_MAX);
    let mut rewind = rewind.with_context(named)?;
    let progress = Progress::new(rewind.frames(), "replaying");
    for frame in 0..rewind.frames() {
        let seen = rewind.see(frame).with_context(named)?;
        show(frame, seen.picture)?;
        progress.tick(1);
    }
    let outcomes = rewind.outcomes().iter().map(|made| made.expect("every frame was made"));
    let outcomes = outcomes.collect();
    let is_exact = maker.arithmetic() == tape.config.arithmetic;
    Ok(Remade { run: Run { of, label, machine, is_exact, outcomes }, rewind })
}

/// The wanted frames as every run makes them, as many as a page may hold.
fn moments(remade: &mut [Remade], wanted: &[u64], config: &Config) -> Result<Vec<Moment>> {
    let mut moments = Vec::new();
    for &frame in wanted {
        let mut pictures = Vec::new();
        for Remade { rewind, .. } in remade.iter_mut() {
            let is_there = frame < rewind.frames();
            pictures.push(is_there.then(|| rewind.see(frame).map(|seen| seen.picture.to_vec())));
        }
        let pictures: Vec<Option<Vec<u8>>> =
            pictures.into_iter().map(Option::transpose).collect::<Result<_, _>>()?;
        let moment = moment(frame, &pictures, config)?;
        moments.push(moment);
        if bytes_of(&moments) > PICTURE_BYTES_MAX {
            moments.pop();
            break;
        }
    }
    Ok(moments)
}

fn moment(frame: u64, pictures: &[Option<Vec<u8>>], config: &Config) -> Result<Moment> {
    let difference = match pictures {
        [Some(left), Some(right)] => {
            let heat = picture(&heat_map(left, right), config)?;
            Some((heat, picture_difference(left, right)))
        }
        _ => None,
    };
    let shown = |rgb: &Option<Vec<u8>>| rgb.as_ref().map(|rgb| picture(rgb, config)).transpose();
    let pictures = pictures.iter().map(shown).collect::<Result<_>>()?;
    Ok(Moment { frame, pictures, difference })
}

fn picture(rgb: &[u8], config: &Config) -> Result<Picture> {
    Ok(Picture::new(rgb, config.picture_width, config.picture_height)?)
}

fn bytes_of(moments: &[Moment]) -> usize {
    let heats = moments.iter().filter_map(|moment| Some(&moment.difference.as_ref()?.0));
    let pictures = moments.iter().flat_map(|moment| moment.pictures.iter().flatten());
    heats.chain(pictures).map(Picture::bytes).sum()
}

/// Takes every second picture away until the rest fits into `bytes`.
fn thin(film: &mut Vec<Shot>, bytes: usize) {
    let all = |film: &[Shot]| film.iter().map(|shot| shot.picture.bytes()).sum::<usize>();
    while all(film) > bytes && !film.is_empty() {
        let is_last_one = film.len() == 1;
        let mut index = 0;
        film.retain(|_| {
            index += 1;
            index % 2 == 1 && !is_last_one
        });
    }
}
