//! Keys of past frames turned for vector registers: a copy of the ring, one lane a slot.

use super::kernels;
use super::simd::Isa;
use crate::program::{BufferId, Model, Op, Place};
use rayon::prelude::*;

/// The turned copy of one ring of keys: `[token][channel][lanes]`, lane `s` is slot `s`; the last
/// lane is for the frame being made.
pub(super) struct TurnedRing {
    buffer: BufferId,
    width: usize,
    window: usize,
    lanes: usize,
    values: Vec<f32>,
    /// How many remembered frames are in the copy; `None` where it has to be made anew.
    held: Option<u64>,
}

impl TurnedRing {
    /// One for every ring of keys that an op of `model` reads, where `isa` profits from it.
    pub(super) fn all(model: &Model, isa: Isa) -> Vec<TurnedRing> {
        let mut rings: Vec<TurnedRing> = Vec::new();
        if isa == Isa::SCALAR {
            return rings;
        }
        for node in model.prompt.nodes.iter().chain(&model.frame.nodes) {
            let Op::TemporalAttention { tokens, heads, head_width, window, .. } = node.op else {
                continue;
            };
            let Place::Arena(buffer) = node.reads[3].place else {
                continue;
            };
            if rings.iter().any(|ring| ring.buffer == buffer) {
                continue;
            }
            let (width, lanes) = (heads * head_width, lanes_of(window));
            let values = vec![0.0; tokens * width * lanes];
            rings.push(TurnedRing { buffer, width, window, lanes, values, held: None });
        }
        rings
    }

    /// Is this the copy of that ring?
    pub(super) fn is_of(&self, place: Place) -> bool {
        place == Place::Arena(self.buffer)
    }

    /// The ring was changed from outside: the copy is made anew before its next use.
    pub(super) fn forget(&mut self) {
        self.held = None;
    }

    /// Lanes of each element.
    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    /// The copy, with every frame of `past` that is remembered; each task takes whole tokens.
    pub(super) fn updated(&mut self, isa: Isa, past: &[f32], remembered: u64) -> &mut [f32] {
        let (width, lanes, window) = (self.width, self.lanes, self.window);
        let count = self.values.len() / lanes;
        let missing = match self.held {
            Some(held) if held <= remembered => (remembered - held).min(window as u64),
            _ => remembered.min(window as u64),
        };
        for frame in remembered - missing..remembered {
            let slot = (frame % window as u64) as usize;
            let keys = &past[slot * count..(slot + 1) * count];
            let share = (count / width).div_ceil(rayon::current_num_threads()) * width;
            let tasks = self.values.par_chunks_mut(share * lanes).zip(keys.par_chunks(share));
            tasks.for_each(|(values, keys)| {
                kernels::turn_into_lane(isa, keys, slot, lanes, values);
            });
        }
        self.held = Some(remembered);
        &mut self.values
    }
}

/// A lane for each slot and one for the frame being made, in whole registers.
fn lanes_of(window: usize) -> usize {
    (window + 1).next_multiple_of(kernels::LANES)
}
