//! Where everything lies in the one piece of GPU memory that an engine takes.
//!
//! `weights | arena of the programs | largest magnitudes, first refused | state sum | picture |
//! moment`. A frame begins with zeros in the third part; from "first refused" to the picture is
//! what comes back in one copy.

use crate::program::{Buffer, BufferId, Model, Operand, Outputs, Place, Program, WeightId};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// Each part begins at a multiple of this many bytes.
const ALIGNMENT: usize = 256;

/// Bytes of one word of the third part.
const WORD_BYTES: usize = 4;

/// What changes from frame to frame; the struct of that name in exact.cu.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub(super) struct Moment {
    /// Key of all noise.
    pub(super) seed: u64,
    /// The frame being made.
    pub(super) frame: u64,
    /// Frames in the memory before it.
    pub(super) held: u32,
    /// Slot of the oldest of them.
    pub(super) oldest: u32,
    /// Slot that it takes.
    pub(super) newest: u32,
    /// Bits of the action.
    pub(super) action: u32,
}

/// Offsets in bytes from the start of the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    weights: Vec<usize>,
    arena: usize,
    words: usize,
    refused: usize,
    state_sum: usize,
    picture: usize,
    moment: usize,
    /// All of it.
    pub(super) bytes: usize,
    outputs: Outputs,
}

impl Layout {
    /// Lays out a model.
    pub(super) fn new(model: &Model) -> Layout {
        let outputs = model.frame.outputs.expect("a frame has a picture");
        let mut end = 0;
        let mut take = |bytes: usize| {
            let start = end;
            end += bytes.next_multiple_of(ALIGNMENT);
            start
        };
        let weight_bytes = model.weights.iter().map(|w| w.data.len() * w.data.dtype().bytes());
        let weights = weight_bytes.map(&mut take).collect();
        let arena = take(model.arena_bytes());
        let nodes = model.prompt.nodes.len().max(model.frame.nodes.len());
        let words = take((nodes + 1) * WORD_BYTES);
        let refused = words + nodes * WORD_BYTES;
        let buffer = |operand: &Operand| behind(&model.frame, operand).bytes();
        let state_sum = take(buffer(&outputs.state_sum));
        let picture = take(buffer(&outputs.picture));
        let moment = take(size_of::<Moment>());
        Layout { weights, arena, words, refused, state_sum, picture, moment, bytes: end, outputs }
    }

    /// First byte of a weight.
    pub(super) fn weight(&self, index: usize) -> usize {
        self.weights[index]
    }

    /// First byte of a buffer that lasts.
    pub(super) fn resident(&self, program: &Program, id: BufferId) -> usize {
        self.arena.wrapping_add(program.layout.offsets[id.0 as usize])
    }

    /// First byte of an operand. The frame's outputs lie where they come back from, not in the
    /// arena.
    pub(super) fn operand(&self, program: &Program, operand: &Operand) -> usize {
        let start = match operand.place {
            Place::Weight(WeightId(id)) => self.weights[id as usize],
            Place::Arena(id) => match self.output(program, id) {
                Some(start) => start,
                None => self.resident(program, id),
            },
        };
        start.wrapping_add(operand.offset * operand.dtype.bytes())
    }

    /// The offset in the arena, modulo 2^64, at which an operand of a program lies that is at
    /// `address`, elsewhere on the GPU, where the memory begins at `base`.
    pub(super) fn arena_offset(&self, base: u64, address: u64) -> usize {
        (address.wrapping_sub(base) as usize).wrapping_sub(self.arena)
    }

    /// Does a buffer lie where the frame's outputs come back from?
    pub(super) fn is_output(&self, program: &Program, id: BufferId) -> bool {
        self.output(program, id).is_some()
    }

    fn output(&self, program: &Program, id: BufferId) -> Option<usize> {
        let outputs = program.outputs?;
        [(outputs.picture, self.picture), (outputs.state_sum, self.state_sum)]
            .into_iter()
            .find(|(operand, _)| operand.place == Place::Arena(id))
            .map(|(_, start)| start)
    }

    /// The word in which node `index` looks for a largest magnitude.
    pub(super) fn word(&self, index: usize) -> usize {
        self.words + index * WORD_BYTES
    }

    /// The word that names the first op which met a value that is not finite.
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    /// What is zero when a frame begins: all words.
    pub(super) fn zeroed(&self) -> Range<usize> {
        self.words..self.refused + WORD_BYTES
    }

    /// What is copied to the GPU before a frame.
    pub(super) fn moment(&self) -> Range<usize> {
        self.moment..self.moment + size_of::<Moment>()
    }

    /// What comes back after a frame.
    pub(super) fn returned(&self) -> Range<usize> {
        let picture = self.outputs.picture;
        self.refused..self.picture + (picture.offset + picture.len) * picture.dtype.bytes()
    }

    /// Of what came back: the word of the first refused op.
    pub(super) fn returned_refused(&self) -> Range<usize> {
        0..WORD_BYTES
    }

    /// Of what came back: the state sum.
    pub(super) fn returned_sum(&self) -> Range<usize> {
        self.returned_part(self.state_sum, &self.outputs.state_sum)
    }

    /// Of what came back: the picture.
    pub(super) fn returned_picture(&self) -> Range<usize> {
        self.returned_part(self.picture, &self.outputs.picture)
    }

    fn returned_part(&self, start: usize, operand: &Operand) -> Range<usize> {
        let width = operand.dtype.bytes();
        let start = start - self.refused + operand.offset * width;
        start..start + operand.len * width
    }
}

fn behind<'a>(program: &'a Program, operand: &Operand) -> &'a Buffer {
    let Place::Arena(BufferId(id)) = operand.place else {
        panic!("an output is a weight");
    };
    let buffer = &program.buffers[id as usize];
    assert!(!buffer.resident, "{}: an output that lasts", buffer.name);
    buffer
}
