//! An engine of this program as a side of a comparison.

use super::rewind::Rewind;
use super::side::{Side, SideError, named};
use super::stop::{Stop, stop};
use super::taps::{Keep, Tapped, saved, state_digest, tap};
use super::{RewindError, taps};
use crate::drive::picture_digest;
use crate::engine::{Engine, EngineError, Start};
use crate::event::{Action, Digest, Outcome};
use std::ops::Range;

/// Most bytes of states that one side keeps: there are two of them.
const KEPT_BYTES_MAX: usize = super::rewind::KEPT_BYTES_MAX / 2;

/// The frames of a tape, made by an engine here.
pub struct Local {
    name: String,
    rewind: Rewind,
    /// Frames in memory before frame 0: those of the prompt.
    prompt_frames: u64,
}

impl Local {
    /// Stands before frame 0 of `actions`.
    ///
    /// # Errors
    /// [`SideError::Rewind`] where the start does not fit the engine.
    pub fn new(
        name: String,
        engine: Box<dyn Engine + Send>,
        start: &Start,
        actions: &[Action],
    ) -> Result<Local, SideError> {
        let prompt_frames = start.actions.len() as u64;
        match Rewind::within(engine, start, actions, KEPT_BYTES_MAX) {
            Ok(rewind) => Ok(Local { name, rewind, prompt_frames }),
            Err(source) => Err(SideError::Rewind { side: name, source }),
        }
    }

    /// The engine, to say what it is.
    pub fn engine(&self) -> &dyn Engine {
        self.rewind.engine()
    }

    /// [`Side::tapped`] with the bytes of those taps that `keep` says.
    ///
    /// # Errors
    /// As [`Side::tapped`].
    pub fn tapped_keeping(
        &mut self,
        frame: u64,
        from: Option<&[u8]>,
        keep: &Keep<'_>,
    ) -> Result<Tapped, SideError> {
        let (plain, tapped) = match from {
            None => self.tapped_in_play(frame, keep)?,
            Some(state) => self.tapped_from(frame, state, keep)?,
        };
        self.hold(&plain, &tapped)?;
        Ok(tapped)
    }

    /// The frame without and with taps, each after the frame before it.
    fn tapped_in_play(
        &mut self,
        frame: u64,
        keep: &Keep<'_>,
    ) -> Result<(Plain, Tapped), SideError> {
        let (side, remembered) = (self.name.clone(), self.prompt_frames + frame);
        let failed = |source| SideError::Rewind { side: side.clone(), source };
        let outcome = self.rewind.see(frame).map_err(failed)?.outcome;
        let state_after = state_digest(&self.rewind.state_before(frame + 1).map_err(failed)?);
        let (engine, action) = self.rewind.engine_before(frame).map_err(failed)?;
        let tapped = tap(engine, (frame, action), remembered, keep);
        Ok((Plain { outcome, state_after }, tapped.map_err(stopped(&side, frame))?))
    }

    /// The same from a state that is given.
    fn tapped_from(
        &mut self,
        frame: u64,
        state: &[u8],
        keep: &Keep<'_>,
    ) -> Result<(Plain, Tapped), SideError> {
        let (side, remembered) = (self.name.clone(), self.prompt_frames + frame);
        let failed = |source| SideError::Rewind { side: side.clone(), source };
        let (engine, action) = self.rewind.engine_from(frame, state).map_err(failed)?;
        let mut both = || -> Result<(Plain, Tapped), EngineError> {
            let plain = plain(engine, frame, action)?;
            engine.load(state)?;
            Ok((plain, tap(engine, (frame, action), remembered, keep)?))
        };
        both().map_err(stopped(&side, frame))
    }

    /// With taps on, a frame comes to what it does without.
    fn hold(&self, plain: &Plain, tapped: &Tapped) -> Result<(), SideError> {
        let sum = |outcome: &Outcome| format!("{:#018x}", outcome.state_sum);
        let picture = |outcome: &Outcome| outcome.picture.to_string();
        let rows = [
            ("state sum", sum(&tapped.outcome), sum(&plain.outcome)),
            ("picture", picture(&tapped.outcome), picture(&plain.outcome)),
            ("memory", tapped.state_after.to_string(), plain.state_after.to_string()),
        ];
        let differing = rows.into_iter().find(|(_, tapped, plain)| tapped != plain);
        let (side, frame) = (self.name.clone(), tapped.frame);
        differing.map_or(Ok(()), |(what, tapped, plain)| {
            Err(SideError::Disturbed { side, frame, what, tapped, plain })
        })
    }

    fn failed(&self) -> impl Fn(RewindError) -> SideError + use<> {
        let side = self.name.clone();
        move |source| SideError::Rewind { side: side.clone(), source }
    }
}

/// A frame that nobody watched.
struct Plain {
    outcome: Outcome,
    state_after: Digest,
}

fn plain(engine: &mut dyn Engine, frame: u64, action: Action) -> Result<Plain, EngineError> {
    let made = engine.step(frame, action)?;
    let outcome = Outcome { picture: picture_digest(made.picture), state_sum: made.state_sum };
    Ok(Plain { outcome, state_after: state_digest(&saved(engine)?) })
}

fn stopped(side: &str, frame: u64) -> impl Fn(EngineError) -> SideError {
    move |source| SideError::Engine { side: side.to_owned(), frame, source }
}

impl Side for Local {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn outcome(&mut self, frame: u64) -> Result<Outcome, SideError> {
        let failed = self.failed();
        Ok(self.rewind.see(frame).map_err(failed)?.outcome)
    }

    fn expect(&mut self, frame: u64) -> Result<(), SideError> {
        let failed = self.failed();
        // It is made twice, each time after the frame before it.
        self.rewind.mark(frame.saturating_sub(1)).map_err(failed)
    }

    fn tapped(
        &mut self,
        frame: u64,
        from: Option<&[u8]>,
        keep: &[&str],
    ) -> Result<Tapped, SideError> {
        self.tapped_keeping(frame, from, &named(keep))
    }

    fn stop(&mut self, frame: u64) -> Result<Option<Stop>, SideError> {
        let (failed, remembered) = (self.failed(), self.prompt_frames + frame);
        let side = self.name.clone();
        let (engine, action) = self.rewind.engine_before(frame).map_err(failed)?;
        stop(engine, (frame, action), remembered).map_err(stopped(&side, frame))
    }

    fn picture(&mut self, frame: u64) -> Result<Vec<u8>, SideError> {
        let failed = self.failed();
        Ok(self.rewind.see(frame).map_err(failed)?.picture.to_vec())
    }

    fn state_before(&mut self, frame: u64) -> Result<Vec<u8>, SideError> {
        let failed = self.failed();
        self.rewind.state_before(frame).map_err(failed)
    }

    fn state_digests(&mut self, frames: Range<u64>) -> Result<Vec<Digest>, SideError> {
        frames.map(|frame| Ok(taps::state_digest(&self.state_before(frame)?))).collect()
    }
}
