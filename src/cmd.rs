//! One file a verb, and the exit codes: the only place where files are opened.

mod bench;
mod bisect;
mod bounded;
mod check;
mod completions;
mod demo;
mod diff;
mod doctor;
mod evaluate;
mod explain;
mod export;
mod files;
mod folder;
mod going_on;
mod gpu;
mod inspect;
mod machinery;
mod manual;
mod output;
mod play;
mod process;
mod progress;
mod record;
mod recover;
mod replay;
mod report;
mod sides;
mod signals;
mod taps;
mod terminal;
mod view;
mod world;

pub use explain::answer_settings;
pub use replay::replay_tape;
pub use sides::Wrap;
pub use taps::answer as answer_taps;

use crate::cli::{Cli, Play, Verb};
use crate::drift::SideError;
use crate::drive::Verdict;
use crate::measure::Stopwatch;
use crate::session::SessionError;
use crate::session::{Ending, Tape};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Same, or done.
    Ok,
    /// A tape is damaged or cut short; it is valid through the frame named.
    Damaged,
    /// A replay differs.
    Drift,
    /// Something else went wrong.
    Error,
    /// To `git bisect run`: this build is bad.
    BisectBad,
    /// To `git bisect run`: this build cannot be judged.
    BisectSkip,
}

impl Exit {
    /// The process's exit code. Usage errors exit with 2 before a verb runs.
    pub fn number(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Error | Exit::BisectBad => 1,
            Exit::Drift => 3,
            Exit::Damaged => 4,
            Exit::BisectSkip => 125,
        }
    }

    /// The exit of a replay as `git bisect run` wants it.
    pub fn of_bisect(replay: Exit) -> Exit {
        match replay {
            Exit::Ok => Exit::Ok,
            Exit::Drift => Exit::BisectBad,
            _ => Exit::BisectSkip,
        }
    }

    /// The exit of a replay: drift weighs more than damage.
    pub fn of_replay(verdict: &Verdict, tape: &Tape) -> Exit {
        match (verdict.first_drift(), &tape.ending) {
            (Some(_), _) => Exit::Drift,
            (None, Ending::Closed) => Exit::Ok,
            (None, _) => Exit::Damaged,
        }
    }
}

/// Runs the verb; errors go to stderr as one line. `started` counts from the start of the process.
pub fn run(cli: Cli, started: Stopwatch) -> Exit {
    let done = match cli.verb {
        None => alone(),
        Some(Verb::Play(options)) => play::run(&options),
        Some(Verb::Record(options)) => record::run(&options),
        Some(Verb::Replay(options)) => replay::run(&options),
        Some(Verb::Inspect(options)) => inspect::run(&options),
        Some(Verb::View(options)) => view::run(&options),
        Some(Verb::Recover(options)) => recover::run(&options),
        Some(Verb::Export(options)) => export::run(&options),
        Some(Verb::Diff(options)) => diff::run(&options),
        Some(Verb::Explain(options)) => explain::run(&options),
        Some(Verb::Bisect(options)) => bisect::run(&options),
        Some(Verb::Taps(options)) => taps::answer(&options, &|engine| engine),
        Some(Verb::Report(options)) => report::run(&options),
        Some(Verb::Bench(options)) => bench::run(&options, started),
        Some(Verb::Check(options)) => check::run(&options),
        Some(Verb::World { verb }) => world::run(verb),
        Some(Verb::Doctor(options)) => doctor::run(&options),
        Some(Verb::Completions(options)) => completions::run(&options),
        Some(Verb::Manual) => manual::run(),
    };
    done.unwrap_or_else(|error| {
        output::complaint(&format!("{error:#}"));
        exit_of(&error)
    })
}

/// Without a verb: a play, or a proof where nobody can play.
fn alone() -> anyhow::Result<Exit> {
    match terminal::here() {
        Ok(_) => play::run(&Play::default()),
        Err(reason) => demo::run(&reason.to_string()),
    }
}

/// Damage and drift have their own exit codes; everything else is an error.
fn exit_of(error: &anyhow::Error) -> Exit {
    // A frame that is not itself when it is watched or made again differs too.
    let is_side = |error: &SideError| {
        matches!(error, SideError::Disturbed { .. } | SideError::Unsteady { .. })
    };
    if error.is::<going_on::Drifted>() || error.downcast_ref().is_some_and(is_side) {
        return Exit::Drift;
    }
    if error.downcast_ref::<view::NoFrame>().is_some_and(|error| error.ending.is_some()) {
        return Exit::Damaged;
    }
    match error.downcast_ref::<SessionError>() {
        Some(error) if error.is_damage() => Exit::Damaged,
        _ => Exit::Error,
    }
}
