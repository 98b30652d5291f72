//! One arm an op: takes its operands and shares its rows out among the threads of the pool.

use super::arena::Bound;
use super::kernels::{self, ConvolutionShape};
use super::products::{self, Ends, Packed};
use super::simd::Isa;
use super::slot_range;
use crate::engine::slots_oldest_first;
use crate::event::Action;
use crate::exact::{self, KEYS_MAX, NotFinite};
use crate::program::{OPERANDS_MAX, Op};
use bytemuck::{cast_slice, cast_slice_mut};
use rayon::prelude::*;

/// Fewest elements that are worth a second thread.
const ELEMENTS_PER_TASK: usize = 8192;

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

/// What integer products need beside their operands.
pub(super) struct Products<'a> {
    /// The op's weight, packed; `None` where products run as `exact` has them.
    pub(super) packed: Option<&'a Packed>,
    /// Where activations are prepared.
    pub(super) scratch: &'a mut [u8],
}

type Done = Result<(), NotFinite>;

impl Step {
    /// Runs one op.
    pub(super) fn execute(
        &self,
        op: &Op,
        bound: &mut Bound<'_>,
        products: &mut Products<'_>,
    ) -> Done {
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
            Op::Linear { inputs, .. } => linear(isa, &reads, inputs, products, y),
            Op::Convolution { height, width, inputs, kernel, .. } => {
                convolution(
                    isa,
                    &reads,
                    ConvolutionShape { height, width, inputs, kernel },
                    products,
                    y,
                );
            }
            Op::Attention { tokens, heads, head_width, scale } => {
                let width = heads * head_width;
                by_rows(width, tokens * width / 8, [floats(0)], y, |_, [q], y| {
                    let (k, v, mut logits) = (floats(1), floats(2), [0.0; KEYS_MAX]);
                    let logits = &mut logits[..tokens];
                    kernels::attention(isa, q, k, v, width, head_width, scale, logits, y);
                });
            }
            Op::TemporalAttention { tokens, heads, head_width, window, scale } => {
                let shape = [heads * head_width, head_width, tokens * heads * head_width];
                self.temporal_attention(&reads, shape, window, scale, y);
            }
            _ => self.elements(op, &reads, y),
        }
        Ok(())
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

    fn temporal_attention(
        &self,
        reads: &[&[u8]; OPERANDS_MAX],
        shape: [usize; 3],
        window: usize,
        scale: f32,
        y: &mut [f32],
    ) {
        let floats = |i: usize| cast_slice::<u8, f32>(reads[i]);
        let width = shape[0];
        let mut slots = [0; KEYS_MAX];
        let held = slots_oldest_first(self.remembered, window);
        let count = held.len();
        slots.iter_mut().zip(held).for_each(|(place, slot)| *place = slot);
        let slots = &slots[..count];
        let inputs = [floats(0), floats(1), floats(2)];
        by_rows(width, 8 * width, inputs, y, |first, [q, k, v], y| {
            let (past, mut logits) = ([floats(3), floats(4)], [0.0; KEYS_MAX]);
            let logits = &mut logits[..count + 1];
            let bias = floats(5);
            kernels::temporal_attention(
                self.isa, q, k, v, past, bias, first, shape, scale, slots, logits, y,
            );
        });
    }
}

/// Splits `y` and the inputs, which have as many rows of their own widths, among the threads and
/// calls `work(first row, inputs, y)` on each part. `cost` is the work of one row of `y`, in elements.
/// What a row becomes never depends on the split.
fn by_rows<const N: usize>(
    columns: usize,
    cost: usize,
    inputs: [&[f32]; N],
    y: &mut [f32],
    work: impl Fn(usize, [&[f32]; N], &mut [f32]) + Sync,
) {
    let rows = y.len() / columns;
    let share = rows_of_a_task(rows, cost);
    y.par_chunks_mut(share * columns).enumerate().for_each(|(task, y)| {
        let first = task * share;
        let rows = y.len() / columns;
        let parts = inputs.map(|x| &x[first * columns..(first + rows) * columns]);
        work(first, parts, y);
    });
}

/// Rows of one task: an even share for each thread, but enough to be worth handing over.
fn rows_of_a_task(rows: usize, cost: usize) -> usize {
    let worth = ELEMENTS_PER_TASK.div_ceil(cost.max(1));
    rows.div_ceil(rayon::current_num_threads()).max(worth).min(rows).max(1)
}

fn quantise(isa: Isa, x: &[f32], columns: usize, mut writes: [&mut [u8]; OPERANDS_MAX]) -> Done {
    let q = cast_slice_mut::<u8, i8>(std::mem::take(&mut writes[0]));
    let scales = cast_slice_mut::<u8, f32>(std::mem::take(&mut writes[1]));
    let rows = scales.len();
    if rows > 1 {
        let share = rows_of_a_task(rows, columns);
        let tasks = q.par_chunks_mut(share * columns).zip(scales.par_chunks_mut(share));
        return tasks
            .zip(x.par_chunks(share * columns))
            .try_for_each(|((q, scales), x)| kernels::quantise_rows(isa, x, columns, q, scales));
    }
    let share = rows_of_a_task(columns, 1);
    let amax = x.par_chunks(share).map(|x| kernels::amax(isa, x)).max().unwrap_or(0);
    let (scale, factor) = exact::scale_of(amax)?;
    scales[0] = scale;
    let tasks = q.par_chunks_mut(share).zip(x.par_chunks(share));
    tasks.for_each(|(q, x)| kernels::quantise_with(isa, x, factor, q));
    Ok(())
}

fn split_heads(
    isa: Isa,
    qkv: &[f32],
    [width, head_width]: [usize; 2],
    length: f32,
    mut writes: [&mut [u8]; OPERANDS_MAX],
) {
    let [q, k, v] =
        std::array::from_fn(|i| cast_slice_mut::<u8, f32>(std::mem::take(&mut writes[i])));
    let share = rows_of_a_task(q.len() / width, 3 * width) * width;
    let tasks = q.par_chunks_mut(share).zip(k.par_chunks_mut(share)).zip(v.par_chunks_mut(share));
    tasks.zip(qkv.par_chunks(3 * share)).for_each(|(((q, k), v), qkv)| {
        kernels::split_heads(isa, qkv, width, head_width, length, q, k, v);
    });
}

fn to_picture(isa: Isa, x: &[f32], y: &mut [u8]) -> Done {
    let share = rows_of_a_task(y.len(), 1);
    let tasks = y.par_chunks_mut(share).zip(x.par_chunks(share));
    let finite = tasks.map(|(y, x)| kernels::to_picture(isa, x, y)).reduce(|| true, |a, b| a && b);
    if finite { Ok(()) } else { Err(NotFinite) }
}

fn bit_sum(isa: Isa, first_index: u32, x: &[f32], y: &mut [u8]) -> Done {
    let share = rows_of_a_task(x.len(), 2);
    let part = |(task, x): (usize, &[f32])| {
        kernels::bit_sum(isa, first_index.wrapping_add((task * share) as u32), x)
    };
    let parts = x.par_chunks(share).enumerate().map(part);
    let total = parts.try_reduce(|| 0, |a, b| Ok(a.wrapping_add(b)))?;
    cast_slice_mut::<u8, u64>(y)[0] = total;
    Ok(())
}

/// Many rows are split by rows; one row is split by outputs.
fn linear(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    inputs: usize,
    products: &mut Products<'_>,
    y: &mut [f32],
) {
    let (q, weight) = (cast_slice::<u8, i8>(reads[0]), cast_slice::<u8, i8>(reads[2]));
    let [scales, weight_scale, bias] = [1, 3, 4].map(|i| cast_slice::<u8, f32>(reads[i]));
    let (rows, outputs) = (scales.len(), bias.len());
    if let Some(packed) = products.packed {
        let ends = Ends { scales: weight_scale, biases: bias };
        return packed_linear(isa, packed, q, scales, ends, products.scratch, y);
    }
    if rows > 1 {
        let share = rows_of_a_task(rows, outputs * inputs / 16);
        let tasks = y.par_chunks_mut(share * outputs).zip(q.par_chunks(share * inputs));
        tasks.zip(scales.par_chunks(share)).for_each(|((y, q), scales)| {
            kernels::linear(isa, q, scales, weight, weight_scale, bias, y);
        });
        return;
    }
    let share = rows_of_a_task(outputs, inputs / 16);
    let tasks = y.par_chunks_mut(share).zip(weight.par_chunks(share * inputs));
    let tasks = tasks.zip(weight_scale.par_chunks(share).zip(bias.par_chunks(share)));
    tasks.for_each(|((y, weight), (weight_scale, bias))| {
        kernels::linear(isa, q, scales, weight, weight_scale, bias, y);
    });
}

/// [`linear`] over a packed weight.
fn packed_linear(
    isa: Isa,
    packed: &Packed,
    q: &[i8],
    scales: &[f32],
    ends: Ends<'_>,
    scratch: &mut [u8],
    y: &mut [f32],
) {
    let (rows, outputs) = (scales.len(), ends.scales.len());
    let (inputs, bytes) = (q.len() / rows, products::row_bytes(packed));
    let scratch = &mut scratch[..rows * bytes];
    if rows > 1 {
        let share = rows_of_a_task(rows, outputs * inputs / 64);
        let tasks = y.par_chunks_mut(share * outputs).zip(q.par_chunks(share * inputs));
        let tasks = tasks.zip(scales.par_chunks(share).zip(scratch.par_chunks_mut(share * bytes)));
        tasks.for_each(|((y, q), (scales, scratch))| {
            products::prepare_rows(isa, packed, q, scratch);
            products::multiply_rows(isa, packed, scratch, scales, 0, ends, y);
        });
        return;
    }
    products::prepare_rows(isa, packed, q, scratch);
    let share = rows_of_a_task(outputs, inputs / 64).next_multiple_of(packed.panel_outputs());
    y.par_chunks_mut(share).enumerate().for_each(|(task, y)| {
        let first = task * share;
        let part = first..first + y.len();
        let ends = Ends { scales: &ends.scales[part.clone()], biases: &ends.biases[part] };
        products::multiply_rows(isa, packed, scratch, scales, first, ends, y);
    });
}

fn convolution(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    shape: ConvolutionShape,
    products: &mut Products<'_>,
    y: &mut [f32],
) {
    let (q, weight) = (cast_slice::<u8, i8>(reads[0]), cast_slice::<u8, i8>(reads[2]));
    let [scales, weight_scale, bias] = [1, 3, 4].map(|i| cast_slice::<u8, f32>(reads[i]));
    let row_len = shape.width * bias.len();
    let Some(packed) = products.packed else {
        y.par_chunks_mut(row_len).enumerate().for_each(|(row, y)| {
            kernels::convolution(isa, q, scales[0], weight, weight_scale, bias, shape, row, y);
        });
        return;
    };
    let ends = Ends { scales: weight_scale, biases: bias };
    let bytes = products::picture_row_bytes(packed, shape);
    let rows = shape.height + shape.kernel - 1;
    let scratch = &mut products.scratch[..rows * bytes];
    let share = rows_of_a_task(rows, bytes / 16);
    scratch.par_chunks_mut(share * bytes).enumerate().for_each(|(task, scratch)| {
        for (row, scratch) in scratch.chunks_exact_mut(bytes).enumerate() {
            products::prepare_picture_row(isa, packed, q, shape, task * share + row, scratch);
        }
    });
    let share = rows_of_a_task(shape.height, row_len * shape.inputs / 16);
    y.par_chunks_mut(share * row_len).enumerate().for_each(|(task, y)| {
        products::convolve(isa, packed, scratch, scales[0], ends, shape, task * share, y);
    });
}
