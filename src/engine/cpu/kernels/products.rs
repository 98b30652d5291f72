//! Integer products: linear layers and convolutions. Any order of their sums gives the same bits.

use crate::engine::cpu::simd::kernel;
use crate::exact;

kernel! {
    /// Rows of int8 by a weight of `outputs` rows; `y` takes `scales.len()` rows.
    pub(crate) fn linear(
        q: &[i8],
        scales: &[f32],
        weight: &[i8],
        weight_scale: &[f32],
        bias: &[f32],
        y: &mut [f32],
    ) {
        let inputs = q.len() / scales.len();
        let rows = q.chunks_exact(inputs).zip(scales);
        for ((q, &scale), y) in rows.zip(y.chunks_exact_mut(bias.len())) {
            let outputs = weight.chunks_exact(inputs).zip(weight_scale).zip(bias);
            for (((weight, &weight_scale), &bias), y) in outputs.zip(y) {
                *y = exact::dequantise(exact::dot(q, weight), scale, weight_scale, bias);
            }
        }
    }
}

/// Sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConvolutionShape {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) inputs: usize,
    pub(crate) kernel: usize,
}

kernel! {
    /// Row `row` of a picture convolved: `y` is that row, `width * outputs` values. Pixels outside
    /// are zeros, so the parts of a window that lie outside add nothing and are left out.
    pub(crate) fn convolution(
        q: &[i8],
        scale: f32,
        weight: &[i8],
        weight_scale: &[f32],
        bias: &[f32],
        shape: ConvolutionShape,
        row: usize,
        y: &mut [f32],
    ) {
        let ConvolutionShape { height, width, inputs, kernel } = shape;
        let (reach, window) = (kernel / 2, kernel * inputs);
        for (column, pixel) in y.chunks_exact_mut(bias.len()).enumerate() {
            let left = column.saturating_sub(reach);
            let right = (column + reach + 1).min(width);
            let skipped = (left + reach - column) * inputs;
            let length = (right - left) * inputs;
            for (output, y) in pixel.iter_mut().enumerate() {
                let weight = &weight[output * kernel * window..(output + 1) * kernel * window];
                let mut total = 0i32;
                for (tap, weight) in weight.chunks_exact(window).enumerate() {
                    let source = row + tap;
                    if source < reach || source - reach >= height {
                        continue;
                    }
                    let start = ((source - reach) * width + left) * inputs;
                    let q = &q[start..start + length];
                    total += exact::dot(q, &weight[skipped..skipped + length]);
                }
                *y = exact::dequantise(total, scale, weight_scale[output], bias[output]);
            }
        }
    }
}

kernel! {
    /// Pixels of `channels` with `offset` added to each byte (a top bit flipped), each filled up
    /// with zeros (so with `offset`) to the width that `prepared` leaves it.
    pub(crate) fn offset_pixels(q: &[i8], channels: usize, offset: u8, prepared: &mut [u8]) {
        let pixels = q.len() / channels;
        let width = prepared.len() / pixels;
        if width == channels {
            for (byte, &q) in prepared.iter_mut().zip(q) {
                *byte = q.cast_unsigned() ^ offset;
            }
            return;
        }
        for (prepared, q) in prepared.chunks_exact_mut(width).zip(q.chunks_exact(channels)) {
            for (i, byte) in prepared.iter_mut().enumerate() {
                *byte = q.get(i).map_or(0, |q| q.cast_unsigned()) ^ offset;
            }
        }
    }
}
