//! One arm an op, on some of its rows: every op that can be cut into rows.

use super::kernels::{self, ConvolutionShape};
use super::products::{self, Ends, Packed, QUAD};
use super::share::Share;
use super::simd::Isa;
use super::turned::TurnedRing;
use crate::engine::slots_oldest_first;
use crate::event::Action;
use crate::exact::{KEYS_MAX, NotFinite};
use crate::program::{OPERANDS_MAX, Op};
use bytemuck::{cast_slice, cast_slice_mut};
use rayon::prelude::*;

/// What ops need to know beside their operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) isa: Isa,
    pub(super) share: Share,
    pub(super) seed: u64,
    /// Frames in memory before this one, all of the session.
    pub(super) remembered: u64,
    pub(super) frame: u64,
    pub(super) action: Action,
}

/// What one part of the rows has beside its operands.
pub(super) struct Leaf<'a> {
    /// First row, of the group's.
    pub(super) first: usize,
    /// Rows, of the group's.
    pub(super) rows: usize,
    /// The op's weight, packed; `None` where products run as `exact` has them.
    pub(super) packed: Option<&'a Packed>,
    /// What [`Step::prepare`] made ready.
    pub(super) prepared: &'a [u8],
    /// Room of these rows.
    pub(super) scratch: &'a mut [u8],
    /// These rows of the turned keys; empty where attention runs as `exact` has it.
    pub(super) ring: &'a mut [f32],
}

impl Leaf<'_> {
    /// Scratch bytes that one of `rows` rows of an op needs.
    pub(super) fn row_scratch_bytes(op: &Op, rows: usize) -> usize {
        match *op {
            Op::Linear { rows: all, inputs, .. } => all / rows * inputs.next_multiple_of(QUAD),
            _ => 0,
        }
    }
}

/// Work of a whole op, in elements of an easy one.
pub(super) fn cost(op: &Op) -> usize {
    match *op {
        Op::Linear { rows, inputs, outputs } => rows * inputs * outputs / 64,
        Op::Convolution { height, width, inputs, outputs, kernel } => {
            height * width * inputs * outputs * kernel * kernel / 64
        }
        Op::Attention { tokens, heads, head_width, .. } => tokens * tokens * heads * head_width / 8,
        Op::TemporalAttention { tokens, heads, head_width, window, .. } => {
            tokens * window * heads * head_width / 4
        }
        Op::Silu { count } | Op::Gelu { count } => 8 * count,
        ref op => op.split().map_or(0, |_| op.signature().reads[0].1),
    }
}

fn floats(bytes: &[u8]) -> &[f32] {
    cast_slice(bytes)
}

impl Step {
    /// Makes ready, before any row runs, what all rows of an op read: `reads` are whole.
    pub(super) fn prepare(
        &self,
        op: &Op,
        reads: &[&[u8]; OPERANDS_MAX],
        packed: Option<&Packed>,
        prepared: &mut [u8],
        ring: Option<&mut TurnedRing>,
    ) {
        let isa = self.isa;
        match *op {
            Op::Convolution { height, width, inputs, kernel, .. } => {
                let Some(packed) = packed else { return };
                let shape = ConvolutionShape { height, width, inputs, kernel };
                products::prepare_picture(
                    isa,
                    self.share,
                    packed,
                    cast_slice(reads[0]),
                    shape,
                    prepared,
                );
            }
            Op::Attention { tokens, heads, head_width, .. } if turns_keys(isa, head_width) => {
                let (k, width) = (floats(reads[1]), heads * head_width);
                let turned = tokens.next_multiple_of(kernels::LANES) * head_width;
                let prepared: &mut [f32] = cast_slice_mut(&mut prepared[..turned * heads * 4]);
                prepared.par_chunks_mut(turned).enumerate().for_each(|(head, turned)| {
                    kernels::turn_keys(isa, &k[head * head_width..], width, head_width, turned);
                });
            }
            Op::TemporalAttention { .. } => {
                if let Some(ring) = ring {
                    ring.update(isa, floats(reads[3]), self.remembered);
                }
            }
            _ => {}
        }
    }

    /// Runs some rows of an op. Split reads and all writes are these rows alone.
    pub(super) fn rows(
        &self,
        op: &Op,
        reads: &[&[u8]; OPERANDS_MAX],
        writes: &mut [&mut [u8]; OPERANDS_MAX],
        leaf: Leaf<'_>,
    ) -> Result<(), NotFinite> {
        let isa = self.isa;
        let read = |i: usize| floats(reads[i]);
        let [first, second, third, ..] = writes;
        match *op {
            Op::Quantise { columns, .. } => {
                let (q, scales) = (cast_slice_mut(first), cast_slice_mut(second));
                return kernels::quantise_rows(isa, read(0), columns, q, scales);
            }
            Op::SplitHeads { heads, head_width, length, .. } => {
                let [q, k, v] = [first, second, third].map(|bytes| cast_slice_mut(bytes));
                kernels::split_heads(isa, read(0), heads * head_width, head_width, length, q, k, v);
                return Ok(());
            }
            _ => {}
        }
        let y: &mut [f32] = cast_slice_mut(first);
        match *op {
            Op::Add { .. } => kernels::add(isa, read(0), read(1), y),
            Op::Silu { .. } => kernels::silu(isa, read(0), y),
            Op::Gelu { .. } => kernels::gelu(isa, read(0), y),
            Op::Euler { step, .. } => kernels::euler(isa, read(0), read(1), step, y),
            Op::MixNoise { time, .. } => kernels::mix_noise(isa, read(0), read(1), time, y),
            Op::LayerNorm { columns, epsilon, .. } => {
                kernels::layer_norm(isa, read(0), columns, epsilon, y);
            }
            Op::Modulate { .. } => kernels::modulate(isa, read(0), read(1), read(2), y),
            Op::ScaleShift { .. } => kernels::scale_shift(isa, read(0), read(1), read(2), y),
            Op::GatedAdd { .. } => kernels::gated_add(isa, read(0), read(1), read(2), y),
            Op::PixelNorm { epsilon, .. } => kernels::pixel_norm(isa, read(0), read(1), epsilon, y),
            Op::Linear { .. } => linear(isa, reads, leaf, y),
            Op::Convolution { height, width, inputs, kernel, .. } => {
                let shape = ConvolutionShape { height, width, inputs, kernel };
                convolution(isa, reads, shape, leaf, y);
            }
            Op::Attention { heads, head_width, scale, .. } => {
                attention(isa, reads, [heads * head_width, head_width], scale, leaf, y);
            }
            Op::TemporalAttention { tokens, heads, head_width, window, scale } => {
                let shape = [heads * head_width, head_width, tokens * heads * head_width];
                self.temporal_attention(reads, shape, window, scale, leaf, y);
            }
            ref other => unreachable!("{} is run whole", other.kind()),
        }
        Ok(())
    }

    /// Attention over the same token of past frames.
    fn temporal_attention(
        &self,
        reads: &[&[u8]; OPERANDS_MAX],
        shape: [usize; 3],
        window: usize,
        scale: f32,
        leaf: Leaf<'_>,
        y: &mut [f32],
    ) {
        let (isa, [q, k, v, past_k, past_v, bias]) =
            (self.isa, std::array::from_fn(|i| floats(reads[i])));
        let mut slots = [0; KEYS_MAX];
        let held = slots_oldest_first(self.remembered, window);
        let count = held.len();
        slots.iter_mut().zip(held).for_each(|(place, slot)| *place = slot);
        // The group may have fewer rows than there are tokens: one of them is then several tokens.
        let first = leaf.first * (q.len() / shape[0] / leaf.rows);
        let slots = &slots[..count];
        if leaf.ring.is_empty() {
            let (past, mut logits) = ([past_k, past_v], [0.0; KEYS_MAX]);
            let logits = &mut logits[..count + 1];
            kernels::temporal_attention(
                isa, q, k, v, past, bias, first, shape, scale, slots, logits, y,
            );
            return;
        }
        let lanes = leaf.ring.len() / q.len();
        kernels::turn_into_lane(isa, k, lanes - 1, lanes, leaf.ring);
        kernels::temporal_attention_turned(
            isa, q, leaf.ring, v, past_v, bias, first, shape, scale, slots, y,
        );
    }
}

/// Does attention over heads of this width run on turned keys? Else it runs as `exact` has it.
fn turns_keys(isa: Isa, head_width: usize) -> bool {
    isa != Isa::SCALAR && head_width.is_multiple_of(kernels::LANES)
}

fn attention(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    [width, head_width]: [usize; 2],
    scale: f32,
    leaf: Leaf<'_>,
    y: &mut [f32],
) {
    let [q, k, v] = std::array::from_fn(|i| floats(reads[i]));
    let tokens = k.len() / width;
    if turns_keys(isa, head_width) {
        let turned = tokens.next_multiple_of(kernels::LANES) * width;
        let turned = floats(&leaf.prepared[..turned * 4]);
        kernels::attention_turned(isa, q, turned, v, width, head_width, scale, y);
        return;
    }
    let mut logits = [0.0; KEYS_MAX];
    kernels::attention(isa, q, k, v, width, head_width, scale, &mut logits[..tokens], y);
}

fn linear(isa: Isa, reads: &[&[u8]; OPERANDS_MAX], leaf: Leaf<'_>, y: &mut [f32]) {
    let (q, weight) = (cast_slice(reads[0]), cast_slice(reads[2]));
    let [scales, weight_scale, biases] = [1, 3, 4].map(|i| floats(reads[i]));
    let Some(packed) = leaf.packed else {
        kernels::linear(isa, q, scales, weight, weight_scale, biases, y);
        return;
    };
    let ends = Ends { scales: weight_scale, biases };
    products::prepare_rows(isa, packed, q, leaf.scratch);
    products::multiply_rows(isa, packed, leaf.scratch, scales, 0, ends, y);
}

fn convolution(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    shape: ConvolutionShape,
    leaf: Leaf<'_>,
    y: &mut [f32],
) {
    let (q, weight) = (cast_slice(reads[0]), cast_slice(reads[2]));
    let [scales, weight_scale, biases] = [1, 3, 4].map(|i| floats(reads[i]));
    let row_len = shape.width * biases.len();
    // The group may have fewer rows than the picture: a part of it is then several picture rows.
    let first = leaf.first * (y.len() / row_len / leaf.rows);
    let Some(packed) = leaf.packed else {
        for (row, y) in y.chunks_exact_mut(row_len).enumerate() {
            let row = first + row;
            kernels::convolution(isa, q, scales[0], weight, weight_scale, biases, shape, row, y);
        }
        return;
    };
    let ends = Ends { scales: weight_scale, biases };
    let prepared = &leaf.prepared[first * products::picture_row_bytes(packed, shape)..];
    products::convolve(isa, packed, prepared, scales[0], ends, shape, y);
}
