//! Two sides of one tape: where they part, and both sides' ops of a frame.

use super::ops::{OpsCompared, compare_ops};
use super::plays::{Divergence, Play, compare};
use super::side::{Side, SideError};
use super::stop::{Stopped, Who};
use super::taps::{Tap, Tapped};
use crate::event::{Action, Outcome};
use crate::program::Model;
use serde::Serialize;
use std::ops::Range;

/// Told how many more frames both sides have made.
pub type Tick<'a> = dyn FnMut(u64) + 'a;

/// Two sides of one tape.
pub struct Pair<'a> {
    /// This side.
    pub ours: &'a mut dyn Side,
    /// The other side.
    pub theirs: &'a mut dyn Side,
    /// What our side runs: which op reads what.
    pub model: &'a Model,
    /// Frames of the tape.
    pub frames: u64,
}

/// What two sides made of a tape, frame by frame.
#[derive(Clone, Debug)]
pub struct Search {
    /// How they differ, as far as they went: until a state and a picture differ, or to the end.
    pub divergence: Divergence,
    /// What our side made of the frames.
    pub ours: Vec<Outcome>,
    /// What the other side made of them.
    pub theirs: Vec<Outcome>,
    /// Is the memory after the last frame the same? `None` where a frame differs.
    pub end_is_same: Option<bool>,
    /// The side that stops in a frame which the other makes, where nothing differed before.
    pub stopped: Option<Stopped>,
}

/// Frames whose every op was held against the other side's, until one differed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Walk {
    /// The first of them.
    pub first: u64,
    /// How many are the same, from the first on: every op, memory, state and picture.
    pub frames: u64,
    /// Outputs of ops that were compared in those.
    pub outputs: u64,
}

/// One frame with taps on both sides.
pub(super) struct Held {
    pub(super) ours: Tapped,
    pub(super) theirs: Tapped,
    pub(super) ops: OpsCompared,
    /// The first tap that differs, as each side has it.
    pub(super) first: Option<[Tap; 2]>,
}

impl Held {
    /// Was the memory before the frame the same?
    pub(super) fn memory_was_same(&self) -> bool {
        self.ours.state_before == self.theirs.state_before
    }

    /// Is it the same after the frame?
    pub(super) fn memory_is_same(&self) -> bool {
        self.ours.state_after == self.theirs.state_after
    }

    /// Did the frame come to the same, in every op and whatever it leaves behind?
    pub(super) fn is_same(&self) -> bool {
        self.first.is_none() && self.memory_is_same() && self.ours.outcome == self.theirs.outcome
    }
}

impl Pair<'_> {
    /// Makes frames on both sides until a state and a picture differ, or to the end.
    ///
    /// # Errors
    /// [`SideError`].
    pub fn search(&mut self, tick: &mut Tick<'_>) -> Result<Search, SideError> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let (mut state_differs, mut picture_differs) = (false, false);
        let mut stopped = None;
        for frame in 0..self.frames {
            let outcomes = match (self.ours.outcome(frame), self.theirs.outcome(frame)) {
                (Ok(ours), Ok(theirs)) => [ours, theirs],
                // What drifts may end in a value that is not finite.
                (Err(_), _) | (_, Err(_)) if state_differs || picture_differs => break,
                (Err(error), Ok(_)) => {
                    stopped = Some(self.stopped(Who::Ours, frame, error)?);
                    break;
                }
                (Ok(_), Err(error)) => {
                    stopped = Some(self.stopped(Who::Theirs, frame, error)?);
                    break;
                }
                (Err(error), Err(_)) => return Err(error),
            };
            state_differs |= outcomes[0].state_sum != outcomes[1].state_sum;
            picture_differs |= outcomes[0].picture != outcomes[1].picture;
            ours.push(outcomes[0]);
            theirs.push(outcomes[1]);
            tick(1);
            if state_differs && picture_differs {
                break;
            }
        }
        // Both sides obey the actions of one tape.
        let actions = vec![Action::NONE; ours.len()];
        let play = |outcomes| Play { actions: &actions, outcomes };
        let divergence = compare(play(&ours), play(&theirs));
        let end_is_same = match divergence.is_same() && stopped.is_none() {
            true => Some(self.digests_differ(self.frames..self.frames + 1)? == [false]),
            false => None,
        };
        Ok(Search { divergence, ours, theirs, end_is_same, stopped })
    }

    /// Holds every op of each of these frames against the other side's, each side in its own
    /// play, until a frame differs in anything.
    ///
    /// # Errors
    /// [`SideError`].
    pub fn walk(&mut self, frames: Range<u64>, tick: &mut Tick<'_>) -> Result<Walk, SideError> {
        let mut walk = Walk { first: frames.start, frames: 0, outputs: 0 };
        for frame in frames {
            self.ours.expect(frame)?;
            self.theirs.expect(frame)?;
            let held = self.held(frame, None)?;
            if !held.memory_was_same() || !held.is_same() {
                break;
            }
            walk.frames += 1;
            walk.outputs += held.ops.compared as u64;
            tick(1);
        }
        Ok(walk)
    }

    /// The ops of a frame, each side in its own play, or both from one state.
    pub(super) fn held(&mut self, frame: u64, from: Option<&[u8]>) -> Result<Held, SideError> {
        let ours = self.ours.tapped(frame, from, &[])?;
        let theirs = self.theirs.tapped(frame, from, &[])?;
        let (ops, first) = compare_ops(&ours.taps, &theirs.taps);
        Ok(Held { ours, theirs, ops, first })
    }

    /// The frame that was made from the same memory and left another, the last before `frame`;
    /// `None` where the memory differs from the start.
    ///
    /// What a frame adds to the memory is in its state sum, and the memory holds `window` frames.
    /// So where sums are the same, a difference came in that many frames before at most.
    pub(super) fn entered_before(&mut self, frame: u64) -> Result<Option<u64>, SideError> {
        let near = frame.saturating_sub(self.model.window as u64 + 1);
        for first in [near, 0] {
            let differ = self.digests_differ(first..frame + 1)?;
            if let Some(place) = differ.iter().rposition(|differs| !differs) {
                return Ok(Some(first + place as u64));
            }
        }
        Ok(None)
    }

    /// Do the states before each of these frames differ?
    fn digests_differ(&mut self, frames: Range<u64>) -> Result<Vec<bool>, SideError> {
        let ours = self.ours.state_digests(frames.clone())?;
        let theirs = self.theirs.state_digests(frames)?;
        Ok(ours.iter().zip(&theirs).map(|(ours, theirs)| ours != theirs).collect())
    }
}
