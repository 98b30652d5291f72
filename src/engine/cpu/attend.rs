//! Attention: on registers where there are some, else as defined.

use super::execute::{Aids, Step};
use super::kernels;
use super::share::{by_rows, rows_of_a_task};
use super::simd::Isa;
use crate::engine::slots_oldest_first;
use crate::exact::KEYS_MAX;
use crate::program::OPERANDS_MAX;
use bytemuck::{cast_slice, cast_slice_mut};
use rayon::prelude::*;

impl Step {
    /// Attention over the same token of past frames.
    pub(super) fn temporal_attention(
        &self,
        reads: &[&[u8]; OPERANDS_MAX],
        shape: [usize; 3],
        window: usize,
        scale: f32,
        aids: &mut Aids<'_>,
        y: &mut [f32],
    ) {
        let (isa, [q, k, v, past_k, past_v, bias]) =
            (self.isa, std::array::from_fn(|i| cast_slice::<u8, f32>(reads[i])));
        let width = shape[0];
        let mut slots = [0; KEYS_MAX];
        let held = slots_oldest_first(self.remembered, window);
        let count = held.len();
        slots.iter_mut().zip(held).for_each(|(place, slot)| *place = slot);
        let slots = &slots[..count];
        if let Some(turned) = aids.turned.as_deref_mut() {
            let lanes = turned.lanes();
            let ring = turned.updated(isa, past_k, self.remembered);
            let share = rows_of_a_task(y.len() / width, 8 * width) * width;
            let tasks = y.par_chunks_mut(share).zip(ring.par_chunks_mut(share * lanes));
            let rows = q.par_chunks(share).zip(k.par_chunks(share).zip(v.par_chunks(share)));
            tasks.zip(rows).enumerate().for_each(|(task, ((y, ring), (q, (k, v))))| {
                kernels::turn_into_lane(isa, k, lanes - 1, lanes, ring);
                let first = task * share / width;
                kernels::temporal_attention_turned(
                    isa, q, ring, v, past_v, bias, first, shape, scale, slots, y,
                );
            });
            return;
        }
        by_rows(width, 8 * width, [q, k, v], y, |first, [q, k, v], y| {
            let (past, mut logits) = ([past_k, past_v], [0.0; KEYS_MAX]);
            let logits = &mut logits[..count + 1];
            kernels::temporal_attention(
                isa, q, k, v, past, bias, first, shape, scale, slots, logits, y,
            );
        });
    }
}

/// Attention over the tokens of one frame: on turned keys where registers are to be had and filled.
pub(super) fn attention(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    tokens: usize,
    [width, head_width]: [usize; 2],
    scale: f32,
    scratch: &mut [u8],
    y: &mut [f32],
) {
    let [q, k, v] = std::array::from_fn(|i| cast_slice::<u8, f32>(reads[i]));
    let cost = tokens * width / 8;
    if isa == Isa::SCALAR || !head_width.is_multiple_of(kernels::LANES) {
        by_rows(width, cost, [q], y, |_, [q], y| {
            let mut logits = [0.0; KEYS_MAX];
            let logits = &mut logits[..tokens];
            kernels::attention(isa, q, k, v, width, head_width, scale, logits, y);
        });
        return;
    }
    let turned = tokens.next_multiple_of(kernels::LANES) * head_width;
    let scratch = cast_slice_mut::<u8, f32>(&mut scratch[..turned * (width / head_width) * 4]);
    scratch.par_chunks_mut(turned).enumerate().for_each(|(head, turned)| {
        kernels::turn_keys(isa, &k[head * head_width..], width, head_width, turned);
    });
    by_rows(width, cost, [q], y, |_, [q], y| {
        kernels::attention_turned(isa, q, scratch, v, width, head_width, scale, y);
    });
}
