//! `worldtape explain`: the first frame and the first op in which two engines or builds differ.

mod again;
mod growing;
mod heat;
mod other;
mod parts;
mod process;
mod report;
mod settings;

pub use settings::answer as answer_settings;

use super::machinery::{self, Device};
use super::progress::Progress;
use super::sides::Played;
use super::taps::teller;
use super::{Exit, files};
use crate::cli::{Explain, FrameWord};
use crate::drift::{Cause, Explanation, Pair, Search, Side, Walk};
use anyhow::{Result, bail};
pub(super) use other::{Other, absolute, world};
pub(super) use process::seconds_max;
pub(super) use report::Report;
use std::path::Path;

/// Who the tape is held against.
enum Against {
    /// An engine of this program.
    Engine(Device),
    /// The float engine, which is close and never equal.
    Reference(Device),
    /// Another program.
    Build(String),
}

impl Against {
    fn parse(word: &str) -> Result<Against> {
        if word == "reference" {
            return Ok(Against::Reference(Device::parse(word)?));
        }
        if word == "cpu" || word.starts_with("cuda:") {
            return Ok(Against::Engine(Device::parse(word)?));
        }
        if !Path::new(word).is_file() {
            bail!(
                "--against {word}: there is no such program; there is cpu, cuda:N, reference and \
                    the path of another worldtape"
            );
        }
        Ok(Against::Build(word.to_owned()))
    }
}

/// Who our side is.
enum Ours<'a> {
    /// An engine of this program, by its name.
    Engine(String),
    /// Another program, where it stays: a command can name it.
    Build(Option<&'a Path>),
}

/// What came of a comparison.
struct Found<'a> {
    search: Option<Search>,
    /// With a range of frames.
    walk: Option<Walk>,
    explanation: Option<Explanation>,
    /// Names of both sides.
    names: [String; 2],
    /// Our side's program, where it is another.
    program: Option<&'a Path>,
    heat: Option<heat::Drawn>,
}

pub(super) fn run(options: &Explain) -> Result<Exit> {
    let against = options.against.as_deref().map(Against::parse).transpose()?;
    options.heat.as_deref().map_or(Ok(()), files::refuse_existing)?;
    let device = Device::parse(&options.machinery.device)?;
    let played = Played::read(&options.file, device, &options.machinery)?;
    match &options.frame {
        FrameWord::First => (),
        FrameWord::Number(frame) => played.check_frame(*frame)?,
        FrameWord::Range(frames) => played.check_frame(frames.end - 1)?,
    }
    if options.settings {
        return settings::run(options, device, &played);
    }
    machinery::in_pool(None, || {
        let mut ours = played.local(device, &|engine| engine)?;
        let version = (env!("CARGO_PKG_VERSION"), env!("WORLDTAPE_BUILD_COMMIT"));
        let name = teller(&ours.name(), version.0, version.1);
        match against {
            None => against_tape(options, &played, name, &mut ours),
            Some(Against::Engine(device)) => {
                let mut theirs = played.local(device, &|engine| engine)?;
                compared(options, &played, name, [&mut ours, &mut theirs])
            }
            Some(Against::Reference(device)) => {
                let mut theirs = played.local(device, &|engine| engine)?;
                growing::run(options, &played, &mut ours, &mut theirs)
            }
            Some(Against::Build(word)) => {
                let path = Path::new(&word);
                let mut theirs = Other::new(&played, &options.machinery, word.clone(), path)?;
                compared(options, &played, name, [&mut ours, &mut theirs])
            }
        }
    })?
}

/// Holds the tape's digests against this engine: which frame differs, not which op.
fn against_tape(
    options: &Explain,
    played: &Played,
    name: String,
    ours: &mut dyn Side,
) -> Result<Exit> {
    let expected = &played.tape.outcomes;
    let frames = match &options.frame {
        FrameWord::First => 0..played.frames(),
        FrameWord::Number(frame) => *frame..frame + 1,
        FrameWord::Range(frames) => frames.clone(),
    };
    let bar = Progress::new(frames.end - frames.start, "replaying");
    let (mut state, mut picture) = (None, None);
    for frame in frames {
        let made = match ours.outcome(frame) {
            Ok(made) => made,
            // What drifts may end in a value that is not finite.
            Err(_) if state.is_some() || picture.is_some() => break,
            Err(error) => {
                let stop = ours.stop(frame)?.ok_or(error)?;
                let report = Report::stopped_here(options, played, name, stop);
                report.print(options.json)?;
                return Ok(report.exit());
            }
        };
        let expected = expected[frame as usize];
        bar.tick(1);
        if made.state_sum != expected.state_sum {
            state.get_or_insert(frame);
        }
        if made.picture != expected.picture {
            picture.get_or_insert(frame);
        }
        if state.is_some() && picture.is_some() {
            break;
        }
    }
    drop(bar);
    let report = Report::of_tape(options, played, name, [state, picture]);
    report.print(options.json)?;
    Ok(report.exit())
}

/// Explains where two other builds part. The command that shows it again is of `program`.
pub(super) fn of_builds(
    options: &Explain,
    played: &Played,
    [mut ours, mut theirs]: [Other; 2],
    program: Option<&Path>,
) -> Result<Report> {
    hold(options, played, Ours::Build(program), [&mut ours, &mut theirs])
}

/// Holds two sides against each other and prints what comes of it.
fn compared(
    options: &Explain,
    played: &Played,
    name: String,
    sides: [&mut dyn Side; 2],
) -> Result<Exit> {
    let report = hold(options, played, Ours::Engine(name), sides)?;
    report.print(options.json)?;
    Ok(report.exit())
}

/// Holds two sides against each other.
fn hold(
    options: &Explain,
    played: &Played,
    who: Ours<'_>,
    [ours, theirs]: [&mut dyn Side; 2],
) -> Result<Report> {
    let model = &*played.prepared.model;
    let mut pair = Pair { ours, theirs, model, frames: played.frames() };
    let (mut search, mut walk) = (None, None);
    let explanation = match &options.frame {
        FrameWord::Number(frame) => Some(pair.frame(*frame)?),
        FrameWord::First => {
            let bar = Progress::new(played.frames(), "comparing");
            let found = pair.search(&mut |count| bar.tick(count))?;
            drop(bar);
            pair.first(search.insert(found))?
        }
        FrameWord::Range(frames) => {
            let bar = Progress::new(frames.end - frames.start, "comparing");
            let found = pair.walk(frames.clone(), &mut |count| bar.tick(count))?;
            drop(bar);
            let Walk { first, frames: same, .. } = *walk.insert(found);
            // Where none differs, the last is told.
            Some(pair.frame((first + same).min(frames.end - 1))?)
        }
    };
    let heat = match (&options.heat, &explanation) {
        (Some(path), Some(explanation)) if explanation.cause != Cause::Nothing => {
            let (size, shown) = (played.size(), shown(&search, explanation));
            let frame = shown.unwrap_or(explanation.frame);
            heat::draw(path, size, frame, &mut pair)?
        }
        _ => None,
    };
    let (name, program) = match who {
        Ours::Engine(name) => (name, None),
        Ours::Build(program) => (pair.ours.name(), program),
    };
    let names = [name, pair.theirs.name()];
    let found = Found { search, walk, explanation, names, program, heat };
    Ok(Report::of_sides(options, played, found))
}

/// The first frame known to have another picture.
fn shown(search: &Option<Search>, explanation: &Explanation) -> Option<u64> {
    let at_once = explanation.outcomes[0].picture != explanation.outcomes[1].picture;
    let found = search.as_ref().and_then(|search| search.divergence.first_picture);
    if at_once { Some(explanation.frame) } else { found }
}
