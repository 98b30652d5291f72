//! Holds engines against `exact`, against tapes and against themselves: every op, every way to run.

mod case;
mod definition;
mod functions;
mod inputs;
mod ops;
mod plays;
mod table;
mod value;
mod variant;

pub use case::smallest_model;
pub use functions::{functions, functions_runs};
pub use ops::{not_finite, not_finite_cases, ops, ops_cases};
pub use plays::{FRAMES_OF_SAVE, FRAMES_OF_VARIANT, Play};
pub use plays::{first_drift, long, save_and_load, tape, variants};
pub use table::{Row, rows};
pub use variant::{Variant, cpu_variants, cuda_variants};

use crate::engine::EngineError;
use rayon::ThreadPoolBuildError;
use thiserror::Error;

/// What keeps a check from coming to its end. Bits that differ do not: they are counted.
#[derive(Debug, Error)]
pub enum CheckError {
    /// An engine could not be made, or stopped where it must go on.
    #[error("{place}: {source}")]
    Engine {
        /// What was run, and how.
        place: String,
        /// What the engine says.
        source: EngineError,
    },
    /// The threads of the CPU engine.
    #[error("cannot start the engine's threads: {0}")]
    Threads(#[from] ThreadPoolBuildError),
}

/// Told how much more of a check is done.
pub type Tick<'a> = dyn FnMut(u64) + Send + 'a;

/// What a check came to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Things that were held against what they must be: operands of ops, values, tapes.
    pub cases: u64,
    /// Times that an engine ran: ops or frames.
    pub runs: u64,
    /// What differed: runs of ops, values of functions, frames and states of plays.
    pub differing: u64,
    /// The first of these: where, by what way to run, what was found and what it must be.
    pub first_difference: Option<String>,
}

impl Tally {
    /// Counts `count` differences, the first of which `first` names.
    fn differs(&mut self, count: u64, first: impl FnOnce() -> String) {
        self.differing += count;
        if count > 0 {
            self.first_difference.get_or_insert_with(first);
        }
    }
}

/// Names the place of an engine's error.
fn at_place(place: impl FnOnce() -> String) -> impl FnOnce(EngineError) -> CheckError {
    |source| CheckError::Engine { place: place(), source }
}
