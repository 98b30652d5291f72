//! From a drift to what made it: the first frame, the first op in it, its elements.

use super::elements::{ValueDifference, value_difference};
use super::ops::{Inputs, OpsCompared, inputs};
use super::pair::{Held, Pair, Search};
use super::picture::{PictureDifference, picture_difference};
use super::side::{Side, SideError};
use super::taps::{Tap, Tapped};
use crate::engine::state_rings;
use crate::event::Outcome;
use crate::program::{BufferId, Model, Op, Place};
use serde::Serialize;

/// Where a difference comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// There is none.
    Nothing,
    /// An op made another output of the same inputs, or of inputs that cannot be compared.
    Op,
    /// The same, and the memory that was filled from the prompt differs already.
    OpInPrompt,
    /// The memory that was filled from the prompt differs, and from the same memory frames do not.
    Prompt,
    /// The memory before the frame differs, and from the same memory the frame does not.
    Carried,
    /// The memory after the frame differs though no op's output does: something wrote to it where
    /// the frame's ops do not.
    Memory,
    /// State sum or picture differ though no op's output does.
    Outcome,
    /// One side stops in the frame for a value that is not finite, and the other does not.
    NotFinite,
}

/// The first op whose output differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpFound {
    /// As this side has it.
    pub ours: Tap,
    /// As the other side has it.
    pub theirs: Tap,
    /// Were its inputs the same?
    pub inputs: Inputs,
    /// Its elements; `None` where shape or type differ.
    pub difference: Option<ValueDifference>,
}

/// What is behind a difference.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The frame that was to be explained.
    pub frame: u64,
    /// The frame in which the difference came in; earlier where the memory hid it.
    pub entered: u64,
    /// Where it comes from.
    pub cause: Cause,
    /// Was the memory before `frame` the same?
    pub memory_was_same: bool,
    /// What `frame` came to, here and there.
    pub outcomes: [Outcome; 2],
    /// How far the pictures of `frame` are apart.
    pub picture: PictureDifference,
    /// All ops of frame `entered`.
    pub ops: OpsCompared,
    /// The first of them that differs.
    pub op: Option<OpFound>,
    /// The op whose memory differs after `entered`, for [`Cause::Memory`].
    pub memory_of: Option<String>,
}

impl Explanation {
    /// Does something differ that neither state sum nor picture of the frame shows?
    pub fn is_masked(&self) -> bool {
        self.cause != Cause::Nothing && self.outcomes[0] == self.outcomes[1]
    }
}

impl Pair<'_> {
    /// Explains the first difference that `search` found; `None` where it found none, or one side
    /// stopped instead.
    ///
    /// # Errors
    /// [`SideError`]; also [`SideError::Unsteady`] where a frame made again is another.
    pub fn first(&mut self, search: &Search) -> Result<Option<Explanation>, SideError> {
        let Some(frame) = search.divergence.first_drift() else {
            // Nothing shows, but something may be in the memory.
            let is_hidden = search.end_is_same == Some(false);
            return match is_hidden {
                true => self.hidden(self.frames - 1, self.frames).map(Some),
                false => Ok(None),
            };
        };
        let held = self.held(frame, None)?;
        steady(&*self.ours, &held.ours, &search.ours[frame as usize])?;
        steady(&*self.theirs, &held.theirs, &search.theirs[frame as usize])?;
        match held.memory_was_same() {
            true => self.explained(frame, held, None).map(Some),
            false => self.hidden(frame, frame).map(Some),
        }
    }

    /// Explains one frame, whatever was before it.
    ///
    /// # Errors
    /// [`SideError`].
    pub fn frame(&mut self, frame: u64) -> Result<Explanation, SideError> {
        let held = self.held(frame, None)?;
        if held.memory_was_same() {
            return self.explained(frame, held, None);
        }
        let state = self.ours.state_before(frame)?;
        let from_same = self.held(frame, Some(&state))?;
        if !from_same.is_same() {
            let explanation = self.explained(frame, from_same, Some(&state))?;
            return Ok(Explanation { memory_was_same: false, ..explanation });
        }
        let explanation = self.explained(frame, held, None)?;
        Ok(Explanation { cause: Cause::Carried, ..explanation })
    }

    /// Explains a difference in the memory before frame `before` that shows in `shown`, if at all.
    fn hidden(&mut self, shown: u64, before: u64) -> Result<Explanation, SideError> {
        let Some(entered) = self.entered_before(before)? else {
            return self.in_prompt(shown);
        };
        let held = self.held(entered, None)?;
        let mut explanation = self.explained(entered, held, None)?;
        if before < self.frames {
            explanation.frame = shown;
            explanation.memory_was_same = false;
            (explanation.outcomes, explanation.picture) = self.came_to(shown)?;
        }
        Ok(explanation)
    }

    /// The memory differs before frame 0. From the same memory, the frames show the op, if it is at
    /// work in them.
    fn in_prompt(&mut self, shown: u64) -> Result<Explanation, SideError> {
        let last = shown.min(self.model.window as u64);
        for frame in 0..=last {
            let state = self.ours.state_before(frame)?;
            let held = self.held(frame, Some(&state))?;
            if held.is_same() {
                continue;
            }
            let explanation = self.explained(frame, held, Some(&state))?;
            let is_op = explanation.cause == Cause::Op;
            let cause = if is_op { Cause::OpInPrompt } else { explanation.cause };
            let (outcomes, picture) = self.came_to(shown)?;
            let memory_was_same = false;
            let (frame, entered) = (shown, frame);
            return Ok(Explanation {
                frame,
                entered,
                cause,
                memory_was_same,
                outcomes,
                picture,
                ..explanation
            });
        }
        let held = self.held(shown, None)?;
        let explanation = self.explained(shown, held, None)?;
        Ok(Explanation { cause: Cause::Prompt, entered: 0, ..explanation })
    }

    /// What a frame came to on both sides, and how far the pictures are apart.
    fn came_to(&mut self, frame: u64) -> Result<([Outcome; 2], PictureDifference), SideError> {
        let outcomes = [self.ours.outcome(frame)?, self.theirs.outcome(frame)?];
        let (ours, theirs) = (self.ours.picture(frame)?, self.theirs.picture(frame)?);
        if ours.len() != theirs.len() {
            let what = format!("a picture of {} bytes, not {}", theirs.len(), ours.len());
            return Err(SideError::Other { side: self.theirs.name(), what });
        }
        Ok((outcomes, picture_difference(&ours, &theirs)))
    }

    /// What is behind the differences of one frame, made on both sides with taps.
    fn explained(
        &mut self,
        frame: u64,
        held: Held,
        from: Option<&[u8]>,
    ) -> Result<Explanation, SideError> {
        let memory_was_same = held.memory_was_same();
        let (outcomes, picture) = self.came_to(frame)?;
        let cause = match &held.first {
            Some(_) => Cause::Op,
            None if !held.memory_is_same() => Cause::Memory,
            None if held.ours.outcome != held.theirs.outcome => Cause::Outcome,
            None => Cause::Nothing,
        };
        let memory_of = match (cause, from) {
            (Cause::Memory, None) => self.memory_of(frame + 1)?,
            _ => None,
        };
        let op = match held.first {
            Some([ours, theirs]) => {
                let inputs = inputs(self.model, &ours.name, &held.ops.only_ours, memory_was_same);
                let difference = self.elements(frame, from, &ours, &theirs)?;
                Some(OpFound { ours, theirs, inputs, difference })
            }
            None => None,
        };
        let (entered, ops) = (frame, held.ops);
        Ok(Explanation {
            frame,
            entered,
            cause,
            memory_was_same,
            outcomes,
            picture,
            ops,
            op,
            memory_of,
        })
    }

    /// The elements of one tap that differ.
    fn elements(
        &mut self,
        frame: u64,
        from: Option<&[u8]>,
        ours: &Tap,
        theirs: &Tap,
    ) -> Result<Option<ValueDifference>, SideError> {
        if ours.dtype != theirs.dtype || ours.shape != theirs.shape {
            return Ok(None);
        }
        let mut values = Vec::new();
        for side in [&mut *self.ours, &mut *self.theirs] {
            let name = &*ours.name;
            let mut tapped = side.tapped(frame, from, &[name])?;
            let bytes = tapped.kept.remove(name).unwrap_or_default();
            let expected = ours.shape.iter().product::<usize>() * ours.dtype.bytes();
            if bytes.len() != expected {
                let what = format!("{} bytes of op {name}, not {expected}", bytes.len());
                return Err(SideError::Other { side: side.name(), what });
            }
            values.push(bytes);
        }
        Ok(value_difference(ours.dtype, &ours.shape, &values[0], &values[1]))
    }

    /// The op that fills the first ring that differs before `frame`.
    fn memory_of(&mut self, frame: u64) -> Result<Option<String>, SideError> {
        let (ours, theirs) = (self.ours.state_before(frame)?, self.theirs.state_before(frame)?);
        let rings = state_rings(self.model, &ours).unwrap_or_default();
        let differs =
            |range: &std::ops::Range<usize>| ours.get(range.clone()) != theirs.get(range.clone());
        let ring = rings.into_iter().find(|(_, range)| differs(range));
        Ok(ring.and_then(|(ring, _)| filler(self.model, ring)))
    }
}

/// The op of a frame that fills a ring.
fn filler(model: &Model, ring: BufferId) -> Option<String> {
    let fills = |op: &Op| matches!(op, Op::Remember { .. });
    let mut nodes = model.frame.nodes.iter().filter(|node| fills(&node.op));
    let node = nodes.find(|node| node.writes[0].place == Place::Arena(ring))?;
    Some(node.name.clone())
}

/// A frame made again is the frame it was.
fn steady(side: &dyn Side, tapped: &Tapped, first: &Outcome) -> Result<(), SideError> {
    if tapped.outcome == *first {
        return Ok(());
    }
    let told = |outcome: &Outcome| {
        format!("state sum {:#018x}, picture {}", outcome.state_sum, outcome.picture.short())
    };
    let (first, second) = (told(first), told(&tapped.outcome));
    Err(SideError::Unsteady { side: side.name(), frame: tapped.frame, first, second })
}
