//! Linear layers and convolutions: packed where the instruction set wants it, else as defined.

use super::execute::Aids;
use super::kernels::{self, ConvolutionShape};
use super::products::{self, Ends, Packed};
use super::share::rows_of_a_task;
use super::simd::Isa;
use crate::program::OPERANDS_MAX;
use bytemuck::cast_slice;
use rayon::prelude::*;

/// Many rows are split by rows; one row is split by outputs.
pub(super) fn linear(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    inputs: usize,
    aids: &mut Aids<'_>,
    y: &mut [f32],
) {
    let (q, weight) = (cast_slice::<u8, i8>(reads[0]), cast_slice::<u8, i8>(reads[2]));
    let [scales, weight_scale, bias] = [1, 3, 4].map(|i| cast_slice::<u8, f32>(reads[i]));
    let (rows, outputs) = (scales.len(), bias.len());
    if let Some(packed) = aids.packed {
        let ends = Ends { scales: weight_scale, biases: bias };
        return packed_linear(isa, packed, q, scales, ends, aids.scratch, y);
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
pub(super) fn packed_linear(
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

pub(super) fn convolution(
    isa: Isa,
    reads: &[&[u8]; OPERANDS_MAX],
    shape: ConvolutionShape,
    aids: &mut Aids<'_>,
    y: &mut [f32],
) {
    let (q, weight) = (cast_slice::<u8, i8>(reads[0]), cast_slice::<u8, i8>(reads[2]));
    let [scales, weight_scale, bias] = [1, 3, 4].map(|i| cast_slice::<u8, f32>(reads[i]));
    let row_len = shape.width * bias.len();
    let Some(packed) = aids.packed else {
        y.par_chunks_mut(row_len).enumerate().for_each(|(row, y)| {
            kernels::convolution(isa, q, scales[0], weight, weight_scale, bias, shape, row, y);
        });
        return;
    };
    let ends = Ends { scales: weight_scale, biases: bias };
    let bytes = products::picture_row_bytes(packed, shape);
    let rows = shape.height + shape.kernel - 1;
    let scratch = &mut aids.scratch[..rows * bytes];
    let share = rows_of_a_task(rows, bytes / 16);
    scratch.par_chunks_mut(share * bytes).enumerate().for_each(|(task, scratch)| {
        for (row, scratch) in scratch.chunks_exact_mut(bytes).enumerate() {
            products::prepare_picture_row(isa, packed, q, shape, task * share + row, scratch);
        }
    });
    let share = rows_of_a_task(shape.height, row_len * shape.inputs / 16);
    y.par_chunks_mut(share * row_len).enumerate().for_each(|(task, y)| {
        let prepared = &scratch[task * share * bytes..];
        products::convolve(isa, packed, prepared, scales[0], ends, shape, y);
    });
}
