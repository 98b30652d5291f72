//! A frame that a side cannot finish: which op met a value that is not finite, and which made it.

use super::ops::{Inputs, OpsCompared, compare_ops, inputs};
use super::pair::Pair;
use super::side::{Side, SideError};
use super::taps::{Tap, Taps, saved, state_digest, tap_name};
use crate::engine::{Engine, EngineError, Observer, written};
use crate::event::{Action, Digest};
use crate::program::{Dtype, Node};
use serde::Serialize;

/// A frame in which an engine stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its number.
    pub frame: u64,
    /// The op that refused to go on.
    pub met: String,
    /// The first output that holds a value that is not finite, and the first such element; `None`
    /// where no op of the frame wrote one.
    pub made: Option<(String, u64)>,
    /// Of the saved state before it.
    pub state_before: Digest,
    /// What the ops before wrote, in the order in which they ran.
    pub taps: Vec<Tap>,
}

/// A side of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// This side.
    Ours,
    /// The other side.
    Theirs,
}

/// One side stops in a frame that the other makes, and nothing differed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Who.
    pub who: Who,
    /// Where.
    pub stop: Stop,
    /// The ops of that frame, as far as the side came.
    pub ops: OpsCompared,
    /// The first of them that differs, as each side has it, and whether its inputs were the same.
    pub first: Option<([Tap; 2], Inputs)>,
}

/// Makes a frame that stops, with taps as far as it comes; `None` where it does not stop for a
/// value that is not finite.
///
/// # Errors
/// As [`Engine::save`] and [`Engine::make`], whatever else stops it.
pub(super) fn stop(
    engine: &mut dyn Engine,
    (frame, action): (u64, Action),
    remembered: u64,
) -> Result<Option<Stop>, EngineError> {
    let state_before = state_digest(&saved(engine)?);
    let keep = |_: &str| false;
    let mut looking = Looking { taps: Taps::new(remembered, &keep), remembered, made: None };
    let met = match engine.step_observed(frame, action, &mut looking) {
        Ok(_) => return Ok(None),
        Err(EngineError::NotFinite { op, .. }) => op,
        Err(error) => return Err(error),
    };
    let Looking { taps, made, .. } = looking;
    Ok(Some(Stop { frame, met, made, state_before, taps: taps.taps().to_vec() }))
}

/// Taps, and a look for the first value that is not finite.
struct Looking<'a> {
    taps: Taps<'a>,
    remembered: u64,
    made: Option<(String, u64)>,
}

impl Observer for Looking<'_> {
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        for (output, bytes) in writes.iter().enumerate() {
            if self.made.is_none() && node.writes[output].dtype == Dtype::F32 {
                let range = written(&node.op, bytes.len(), self.remembered);
                let element = not_finite(&bytes[range]);
                self.made = element.map(|element| (tap_name(node, output), element));
            }
        }
        self.taps.after(index, node, writes);
    }
}

/// The first float that is not finite.
fn not_finite(bytes: &[u8]) -> Option<u64> {
    let mut floats = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    floats.position(|value| !value.is_finite()).map(|place| place as u64)
}

impl Pair<'_> {
    /// What is behind a side that stops in a frame which the other makes; `error` where that is not
    /// for a value that is not finite.
    pub(super) fn stopped(
        &mut self,
        who: Who,
        frame: u64,
        error: SideError,
    ) -> Result<Stopped, SideError> {
        let (side, other): (&mut dyn Side, &mut dyn Side) = match who {
            Who::Ours => (&mut *self.ours, &mut *self.theirs),
            Who::Theirs => (&mut *self.theirs, &mut *self.ours),
        };
        let Some(stop) = side.stop(frame)? else { return Err(error) };
        let tapped = other.tapped(frame, None, &[])?;
        let memory_was_same = tapped.state_before == stop.state_before;
        let reached = |tap: &Tap| stop.taps.iter().any(|reached| reached.name == tap.name);
        let taps: Vec<Tap> = tapped.taps.into_iter().filter(reached).collect();
        let (ops, first) = match who {
            Who::Ours => compare_ops(&stop.taps, &taps),
            Who::Theirs => compare_ops(&taps, &stop.taps),
        };
        let first = first.map(|taps| {
            let inputs = inputs(self.model, &taps[0].name, &ops.only_ours, memory_was_same);
            (taps, inputs)
        });
        Ok(Stopped { who, stop, ops, first })
    }
}
