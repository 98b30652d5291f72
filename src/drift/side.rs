//! One side of a comparison: an engine here, or another build that is spoken to.

use super::rewind::RewindError;
use super::stop::Stop;
use super::taps::Tapped;
use crate::engine::EngineError;
use crate::event::{Digest, Outcome};
use thiserror::Error;

/// Why a side cannot answer.
#[derive(Debug, Error)]
pub enum SideError {
    /// A frame cannot be made again.
    #[error("{side}")]
    Rewind {
        /// Who.
        side: String,
        /// Why.
        source: RewindError,
    },
    /// The engine stopped while it was watched.
    #[error("{side}: frame {frame} cannot be made with taps")]
    Engine {
        /// Who.
        side: String,
        /// The frame.
        frame: u64,
        /// Why.
        source: EngineError,
    },
    /// A frame came to something else with taps: what is wrong is how ops run together (groups,
    /// graphs, threads), or it is not the same from one run to the next.
    #[error(
        "{side}: frame {frame} with taps has {what} {tapped}, without them {plain}: the fault is \
            not in an op alone but in how ops run together, or it comes and goes"
    )]
    Disturbed {
        /// Who.
        side: String,
        /// The frame.
        frame: u64,
        /// What differs: `state sum`, `picture` or `memory`.
        what: &'static str,
        /// With taps.
        tapped: String,
        /// Without.
        plain: String,
    },
    /// A frame that was made twice came to two things.
    #[error("{side}: frame {frame} came to {first} and, made again, to {second}: it is not steady")]
    Unsteady {
        /// Who.
        side: String,
        /// The frame.
        frame: u64,
        /// State sum and picture, the first time.
        first: String,
        /// The second time.
        second: String,
    },
    /// Another build failed to answer.
    #[error("{side}: {what}")]
    Other {
        /// Which program.
        side: String,
        /// What it said or did.
        what: String,
    },
}

/// One side of a comparison: it makes the frames of one tape.
pub trait Side {
    /// What reports call it.
    fn name(&self) -> String;

    /// What comes of `frame`.
    ///
    /// # Errors
    /// [`SideError`], here and below.
    fn outcome(&mut self, frame: u64) -> Result<Outcome, SideError>;

    /// Told before [`Side::tapped`] where frame follows frame and all before it were the same: a
    /// side may stand near it from then on. Elsewhere a play is made from states farther back, as
    /// what an engine keeps beside its memory can be at fault too.
    ///
    /// # Errors
    /// [`SideError`].
    fn expect(&mut self, _frame: u64) -> Result<(), SideError> {
        Ok(())
    }

    /// The frame with its taps, made from this side's own play or from a state that is given; the
    /// bytes of those taps that `keep` names are brought too.
    ///
    /// # Errors
    /// Also [`SideError::Disturbed`]: with taps the frame comes to what it does without, else
    /// nothing is believed.
    fn tapped(
        &mut self,
        frame: u64,
        from: Option<&[u8]>,
        keep: &[&str],
    ) -> Result<Tapped, SideError>;

    /// Where `frame`, which could not be made, stops for a value that is not finite; `None` where
    /// it does not.
    ///
    /// # Errors
    /// [`SideError`].
    fn stop(&mut self, frame: u64) -> Result<Option<Stop>, SideError>;

    /// RGB rows of a frame's picture.
    ///
    /// # Errors
    /// [`SideError`].
    fn picture(&mut self, frame: u64) -> Result<Vec<u8>, SideError>;

    /// The saved state before `frame`; after the last frame, where `frame` is their number.
    ///
    /// # Errors
    /// [`SideError`].
    fn state_before(&mut self, frame: u64) -> Result<Vec<u8>, SideError>;

    /// Digests of the states before each of these frames.
    ///
    /// # Errors
    /// [`SideError`].
    fn state_digests(&mut self, frames: std::ops::Range<u64>) -> Result<Vec<Digest>, SideError>;
}

/// Keeps the bytes of the taps of these names.
pub(super) fn named<'a>(names: &'a [&'a str]) -> impl Fn(&str) -> bool + 'a {
    move |name| names.contains(&name)
}
