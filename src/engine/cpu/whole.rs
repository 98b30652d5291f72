//! One arm an op: every op that is run whole, sharing itself out where that is worth it.

use super::arena::Bound;
use super::kernels;
use super::products::{self, Ends, Packed};
use super::reduce::{bit_sum, quantise, to_picture};
use super::slot_range;
use super::step::Step;
use crate::exact::{self, NotFinite};
use crate::program::{OPERANDS_MAX, Op};
use bytemuck::{cast_slice, cast_slice_mut};
use rayon::prelude::*;

impl Step {
    /// Runs one op that cannot be cut into rows.
    pub(super) fn whole(
        &self,
        op: &Op,
        bound: &mut Bound<'_>,
        packed: Option<&Packed>,
        prepared: &mut [u8],
    ) -> Result<(), NotFinite> {
        let (isa, reads) = (self.isa, &bound.reads);
        let [first, second, ..] = &mut bound.writes;
        let floats = |i: usize| cast_slice::<u8, f32>(reads[i]);
        match *op {
            Op::Quantise { .. } => {
                let (q, scales) = (cast_slice_mut(first), cast_slice_mut(second));
                return quantise(isa, self.share, floats(0), q, scales);
            }
            Op::ToPicture { .. } => return to_picture(isa, self.share, floats(0), first),
            Op::BitSum { first_index, .. } => {
                cast_slice_mut::<u8, u64>(first)[0] =
                    bit_sum(isa, self.share, first_index, floats(0))?;
                return Ok(());
            }
            Op::TotalSum { .. } => {
                let parts = cast_slice::<u8, u64>(reads[0]);
                let total = parts.iter().fold(0u64, |total, part| total.wrapping_add(*part));
                cast_slice_mut::<u8, u64>(first)[0] = total;
                return Ok(());
            }
            _ => {}
        }
        let y: &mut [f32] = cast_slice_mut(first);
        match *op {
            Op::Noise { draw, .. } => kernels::noise(isa, self.seed, draw, self.frame, y),
            Op::Buttons { .. } => {
                for (button, y) in y.iter_mut().enumerate() {
                    *y = f32::from(u8::from(self.action.holds(button)));
                }
            }
            Op::TimeEmbedding { time, .. } => exact::time_embedding(time, y),
            Op::Permute { shape, axes } => kernels::permute(floats(0), shape, axes, y),
            Op::Remember { count, window } => {
                y[slot_range(self.remembered, window, count)].copy_from_slice(floats(0));
            }
            Op::Linear { inputs, .. } => self.one_row(reads, inputs, packed, prepared, y),
            ref other => unreachable!("{} is cut into rows", other.kind()),
        }
        Ok(())
    }

    /// A linear layer of one row, shared out by its outputs.
    fn one_row(
        &self,
        reads: &[&[u8]; OPERANDS_MAX],
        inputs: usize,
        packed: Option<&Packed>,
        prepared: &mut [u8],
        y: &mut [f32],
    ) {
        let isa = self.isa;
        let (q, weight) = (cast_slice(reads[0]), cast_slice::<u8, i8>(reads[2]));
        let [scales, weight_scale, bias] = [1, 3, 4].map(|i| cast_slice::<u8, f32>(reads[i]));
        let share = self.share.rows(bias.len(), inputs / 16);
        let Some(packed) = packed else {
            let tasks = y.par_chunks_mut(share).zip(weight.par_chunks(share * inputs));
            let tasks = tasks.zip(weight_scale.par_chunks(share).zip(bias.par_chunks(share)));
            tasks.for_each(|((y, weight), (weight_scale, bias))| {
                kernels::linear(isa, q, scales, weight, weight_scale, bias, y);
            });
            return;
        };
        products::prepare_rows(isa, packed, q, prepared);
        let share = share.next_multiple_of(packed.panel_outputs());
        y.par_chunks_mut(share).enumerate().for_each(|(task, y)| {
            let first = task * share;
            let part = first..first + y.len();
            let ends = Ends { scales: &weight_scale[part.clone()], biases: &bias[part] };
            products::multiply_rows(isa, packed, prepared, scales, first, ends, y);
        });
    }
}
