//! One arm an op: takes its operands and shares its rows out among the threads of the pool.

use super::arena::Bound;
use super::attend::attention;
use super::kernels::{self, ConvolutionShape};
use super::multiply::{convolution, linear};
use super::products::Packed;
use super::reduce::{bit_sum, quantise, split_heads, to_picture};
use super::share::by_rows;
use super::simd::Isa;
use super::slot_range;
use super::turned::TurnedRing;
use crate::event::Action;
use crate::exact::{self, NotFinite};
use crate::program::{OPERANDS_MAX, Op};
use bytemuck::{cast_slice, cast_slice_mut};

/// What ops need to know beside their operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) isa: Isa,
    pub(super) seed: u64,
    /// Frames in memory before this one, all of the session.
    pub(super) remembered: u64,
    pub(super) frame: u64,
    pub(super) action: Action,
}

/// What faster ways need beside an op's operands.
pub(super) struct Aids<'a> {
    /// The op's weight, packed; `None` where products run as `exact` has them.
    pub(super) packed: Option<&'a Packed>,
    /// The op's ring of keys, turned; `None` where attention runs as `exact` has it.
    pub(super) turned: Option<&'a mut TurnedRing>,
    /// Room for what an op prepares.
    pub(super) scratch: &'a mut [u8],
}

type Done = Result<(), NotFinite>;

impl Step {
    /// Runs one op.
    pub(super) fn execute(&self, op: &Op, bound: &mut Bound<'_>, aids: &mut Aids<'_>) -> Done {
        let reads = bound.reads;
        let floats = |i: usize| cast_slice::<u8, f32>(reads[i]);
        let isa = self.isa;
        let mut writes = bound.writes.each_mut().map(|bytes| &mut **bytes);
        match *op {
            Op::Quantise { columns, .. } => return quantise(isa, floats(0), columns, writes),
            Op::SplitHeads { heads, head_width, length, .. } => {
                split_heads(isa, floats(0), [heads * head_width, head_width], length, writes);
                return Ok(());
            }
            Op::ToPicture { .. } => return to_picture(isa, floats(0), writes[0]),
            Op::BitSum { first_index, .. } => {
                return bit_sum(isa, first_index, floats(0), writes[0]);
            }
            Op::TotalSum { .. } => {
                let parts = cast_slice::<u8, u64>(reads[0]);
                let total = parts.iter().fold(0u64, |total, part| total.wrapping_add(*part));
                cast_slice_mut::<u8, u64>(writes[0])[0] = total;
                return Ok(());
            }
            _ => {}
        }
        let y = cast_slice_mut::<u8, f32>(std::mem::take(&mut writes[0]));
        self.floats(op, &reads, aids, y);
        Ok(())
    }

    /// Ops whose only output is floats and which cannot fail.
    fn floats(&self, op: &Op, reads: &[&[u8]; OPERANDS_MAX], aids: &mut Aids<'_>, y: &mut [f32]) {
        let isa = self.isa;
        let floats = |i: usize| cast_slice::<u8, f32>(reads[i]);
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
            Op::Linear { inputs, .. } => linear(isa, reads, inputs, aids, y),
            Op::Convolution { height, width, inputs, kernel, .. } => {
                convolution(
                    isa,
                    reads,
                    ConvolutionShape { height, width, inputs, kernel },
                    aids,
                    y,
                );
            }
            Op::Attention { tokens, heads, head_width, scale } => {
                let widths = [heads * head_width, head_width];
                attention(isa, reads, tokens, widths, scale, aids.scratch, y);
            }
            Op::TemporalAttention { tokens, heads, head_width, window, scale } => {
                let shape = [heads * head_width, head_width, tokens * heads * head_width];
                self.temporal_attention(reads, shape, window, scale, aids, y);
            }
            _ => self.elements(op, reads, y),
        }
    }

    /// Ops that treat elements or rows alike and cannot fail.
    fn elements(&self, op: &Op, reads: &[&[u8]; OPERANDS_MAX], y: &mut [f32]) {
        let isa = self.isa;
        let floats = |i: usize| cast_slice::<u8, f32>(reads[i]);
        match *op {
            Op::Add { .. } => {
                by_rows(1, 1, [floats(0), floats(1)], y, |_, [a, b], y| kernels::add(isa, a, b, y));
            }
            Op::Silu { .. } => {
                by_rows(1, 8, [floats(0)], y, |_, [x], y| kernels::silu(isa, x, y));
            }
            Op::Gelu { .. } => {
                by_rows(1, 8, [floats(0)], y, |_, [x], y| kernels::gelu(isa, x, y));
            }
            Op::Euler { step, .. } => {
                by_rows(1, 1, [floats(0), floats(1)], y, |_, [x, v], y| {
                    kernels::euler(isa, x, v, step, y);
                });
            }
            Op::MixNoise { time, .. } => {
                by_rows(1, 1, [floats(0), floats(1)], y, |_, [x, n], y| {
                    kernels::mix_noise(isa, x, n, time, y);
                });
            }
            Op::LayerNorm { columns, epsilon, .. } => {
                by_rows(columns, columns, [floats(0)], y, |_, [x], y| {
                    kernels::layer_norm(isa, x, columns, epsilon, y);
                });
            }
            Op::Modulate { columns, .. } => {
                by_rows(columns, columns, [floats(0)], y, |_, [x], y| {
                    kernels::modulate(isa, x, floats(1), floats(2), y);
                });
            }
            Op::ScaleShift { columns, .. } => {
                by_rows(columns, columns, [floats(0)], y, |_, [x], y| {
                    kernels::scale_shift(isa, x, floats(1), floats(2), y);
                });
            }
            Op::GatedAdd { columns, .. } => {
                by_rows(columns, columns, [floats(0), floats(1)], y, |_, [h, x], y| {
                    kernels::gated_add(isa, h, x, floats(2), y);
                });
            }
            Op::PixelNorm { columns, epsilon, .. } => {
                by_rows(columns, columns, [floats(0)], y, |_, [x], y| {
                    kernels::pixel_norm(isa, x, floats(1), epsilon, y);
                });
            }
            ref other => unreachable!("{} has its own arm", other.kind()),
        }
    }
}
