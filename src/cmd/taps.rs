//! `worldtape taps`: what every op of a frame wrote, for people and for other builds of worldtape.

mod told;

pub(super) use told::{FrameTold, OutcomesTold, teller};

use super::machinery::{self, Device};
use super::progress::Progress;
use super::sides::{Played, Wrap};
use super::{Exit, files, output};
use crate::cli::Taps;
use crate::drift::{Local, Side, Tapped};
use crate::session::limits::STATE_BYTES_MAX;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Answers `options` with an engine that `wrap` may change: tests plant their faults there.
///
/// # Errors
/// Where the tape, the world, the frame or a file is not to be had, or the engine stops.
pub fn answer(options: &Taps, wrap: &Wrap<'_>) -> Result<Exit> {
    if options.op.len() != options.raw.len() {
        let (ops, files) = (options.op.len(), options.raw.len());
        bail!("{ops} --op and {files} --raw: each --op needs the --raw that its bytes go to");
    }
    let new_files = options.raw.iter().chain(&options.save_state);
    new_files.into_iter().try_for_each(|path| files::refuse_existing(path))?;
    let device = Device::parse(&options.machinery.device)?;
    let played = Played::read(&options.file, device, &options.machinery)?;
    machinery::in_pool(None, || {
        let mut side = played.local(device, wrap)?;
        if options.outcomes {
            return outcomes(options, &played, &mut side);
        }
        if let Some(path) = &options.save_state {
            write_new(path, &side.state_before(options.frame)?)?;
            if options.frame == played.frames() {
                return Ok(Exit::Ok);
            }
        }
        frame(options, &played, &mut side)
    })?
}

/// Lists the ops of one frame.
fn frame(options: &Taps, played: &Played, side: &mut Local) -> Result<Exit> {
    played.check_frame(options.frame)?;
    let state = options.from_state.as_deref().map(|path| files::read(path, STATE_BYTES_MAX));
    let state = state.transpose()?;
    let names: Vec<&str> = options.op.iter().map(String::as_str).collect();
    let tapped = side.tapped(options.frame, state.as_deref(), &names)?;
    for (name, path) in options.op.iter().zip(&options.raw) {
        let bytes = tapped.kept.get(name);
        let bytes = bytes.with_context(|| unknown_op(name, &tapped))?;
        write_new(path, bytes)?;
    }
    let told = FrameTold::new(&tapped, side.name());
    if options.json {
        output::json(&told)?;
    } else {
        output::text(&text(&told, &tapped, played)?)?;
    }
    Ok(Exit::Ok)
}

/// Says what there is instead.
fn unknown_op(name: &str, tapped: &Tapped) -> String {
    let parts = || name.split('.').filter(|part| !part.is_empty());
    let is_near = |tap: &str| parts().filter(|part| tap.contains(*part)).count();
    let nearest = tapped.taps.iter().max_by_key(|tap| is_near(&tap.name));
    let nearest = nearest.map_or("none", |tap| &tap.name);
    format!("frame {} has no op {name}; the nearest is {nearest}", tapped.frame)
}

/// Lists what each frame comes to.
fn outcomes(options: &Taps, played: &Played, side: &mut Local) -> Result<Exit> {
    played.check_frame(options.frame)?;
    let bar = Progress::new(options.frame + 1, "making");
    let mut told = OutcomesTold::new(side.name());
    for frame in 0..=options.frame {
        let wants_state = options.states_from.is_some_and(|from| frame >= from);
        let state = match wants_state {
            true => side.state_digests(frame..frame + 1)?.pop(),
            false => None,
        };
        match side.outcome(frame) {
            Ok(outcome) => told.add(&outcome, state),
            Err(error) => match side.stop(frame)? {
                Some(stop) => {
                    told.stop(&stop);
                    break;
                }
                None => return Err(error.into()),
            },
        }
        bar.tick(1);
    }
    drop(bar);
    if options.json {
        output::json(&told)?;
    } else {
        output::text(&told.text()?)?;
    }
    Ok(Exit::Ok)
}

/// For people: whether the frame is the tape's, then a line an op.
fn text(told: &FrameTold, tapped: &Tapped, played: &Played) -> Result<String, std::fmt::Error> {
    let expected = played.tape.outcomes[tapped.frame as usize];
    let is_same = |same: bool| if same { "the tape's" } else { "NOT the tape's" };
    let (picture, sum) = (tapped.outcome.picture, tapped.outcome.state_sum);
    let mut out = String::new();
    writeln!(out, "frame   {} with {}, without taps the same", tapped.frame, told.engine)?;
    let as_on_tape = is_same(sum == expected.state_sum);
    writeln!(
        out,
        "state   {sum:#018x}, {as_on_tape}; memory after it {}",
        &told.state_after[..16]
    )?;
    writeln!(out, "picture {}, {}", picture.short(), is_same(picture == expected.picture))?;
    writeln!(out, "\n{:<16}  {:<4} {:<14} {:<18} name", "digest", "type", "shape", "op")?;
    for tap in &told.ops {
        let shape: Vec<String> = tap.shape.iter().map(usize::to_string).collect();
        let (digest, shape) = (&tap.digest[..16], shape.join("x"));
        writeln!(out, "{digest}  {:<4} {shape:<14} {:<18} {}", tap.dtype, tap.op, tap.name)?;
    }
    Ok(out)
}

/// Writes a file that is new.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = files::create(path)?;
    let written = file.write_all(bytes).inspect_err(|_| files::discard(path));
    written.with_context(|| format!("cannot write {}", path.display()))
}
