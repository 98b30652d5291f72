//! Integer products: weights packed once for an instruction set, activations prepared for each op.

use super::kernels::{self, ConvolutionShape};
use super::share::Share;
use super::simd::{Isa, Panel, Path, ProductLayout, Rows};
use crate::program::{Model, Op, Operand, Place, WeightData, WeightId};
use rayon::prelude::*;

/// Blocks of outputs in one panel.
const PANEL_BLOCKS: usize = 4;

/// Channels are filled up to a multiple of this many bytes.
pub(super) const QUAD: usize = 4;

/// Sizes of one weight: `outputs` rows of `segments` runs of `taps` pixels of `channels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sizes {
    outputs: usize,
    segments: usize,
    taps: usize,
    channels: usize,
}

impl Sizes {
    fn of(op: &Op) -> Option<Sizes> {
        match *op {
            Op::Linear { inputs, outputs, .. } => {
                Some(Sizes { outputs, segments: 1, taps: 1, channels: inputs })
            }
            Op::Convolution { inputs, outputs, kernel, .. } => {
                Some(Sizes { outputs, segments: kernel, taps: kernel, channels: inputs })
            }
            _ => None,
        }
    }
}

/// One weight as the tiles read it.
pub(super) struct Packed {
    layout: ProductLayout,
    sizes: Sizes,
    weights: Vec<i8>,
    starts: Vec<i32>,
}

impl Packed {
    /// Packs every weight that a product of `model` reads, for an instruction set that wants it.
    pub(super) fn all(model: &Model, isa: Isa) -> Vec<Option<Packed>> {
        let mut packed: Vec<Option<Packed>> = model.weights.iter().map(|_| None).collect();
        let Some(layout) = isa.product_layout() else {
            return packed;
        };
        for node in model.prompt.nodes.iter().chain(&model.frame.nodes) {
            let Some(sizes) = Sizes::of(&node.op) else {
                continue;
            };
            let Some(id) = weight_of(&node.reads[2]) else {
                continue;
            };
            let WeightData::I8(values) = &model.weights[id].data else {
                continue;
            };
            assert_eq!(
                node.reads[2].len,
                values.len(),
                "{}: products take whole weights",
                node.name
            );
            let packed = packed[id].get_or_insert_with(|| Packed::new(values, sizes, layout));
            assert_eq!(packed.sizes, sizes, "{}: a weight is used in one shape", node.name);
        }
        packed
    }

    fn new(values: &[i8], sizes: Sizes, layout: ProductLayout) -> Packed {
        let lanes = layout.lanes;
        let padded = sizes.outputs.next_multiple_of(lanes);
        let row = sizes.segments * sizes.taps * sizes.channels;
        let mut weights = Vec::with_capacity(padded * row.next_multiple_of(QUAD));
        for first in (0..padded).step_by(PANEL_BLOCKS * lanes) {
            let last = (first + PANEL_BLOCKS * lanes).min(padded);
            for pixel in 0..sizes.segments * sizes.taps {
                for channel in (0..sizes.channels).step_by(QUAD) {
                    for output in first..last {
                        weights.extend((channel..channel + QUAD).map(|channel| {
                            let inside = output < sizes.outputs && channel < sizes.channels;
                            let at = output * row + pixel * sizes.channels + channel;
                            if inside { values[at] } else { 0 }
                        }));
                    }
                }
            }
        }
        let mut starts = vec![0i32; padded];
        for (start, row) in starts.iter_mut().zip(values.chunks_exact(row)) {
            let sum: i32 = row.iter().map(|&w| i32::from(w)).sum();
            *start = sum.wrapping_mul(-i32::from(layout.offset));
        }
        Packed { layout, sizes, weights, starts }
    }

    /// Bytes of one prepared pixel or row.
    fn pixel_bytes(&self) -> usize {
        self.sizes.channels.next_multiple_of(QUAD)
    }

    /// Outputs of a whole panel: tasks that split outputs take multiples of it.
    pub(super) fn panel_outputs(&self) -> usize {
        PANEL_BLOCKS * self.layout.lanes
    }

    /// Each panel of the outputs from `first` on, `scales.len()` of them, with its first output
    /// counted from there.
    fn panels<'a>(
        &'a self,
        first: usize,
        scales: &'a [f32],
        biases: &'a [f32],
    ) -> impl Iterator<Item = (usize, Panel<'a>)> {
        let (lanes, outputs) = (self.layout.lanes, self.panel_outputs());
        let column = self.sizes.segments * self.sizes.taps * self.pixel_bytes();
        let last = first + scales.len();
        (first..last).step_by(outputs).map(move |start| {
            let end = (start + outputs).min(last);
            let padded = start + (end - start).next_multiple_of(lanes);
            let panel = Panel {
                weights: &self.weights[start * column..padded * column],
                starts: &self.starts[start..padded],
                scales: &scales[start - first..end - first],
                biases: &biases[start - first..end - first],
            };
            (start - first, panel)
        })
    }
}

/// Bytes that a product prepares for all its rows at once.
pub(super) fn prepared_bytes(op: &Op) -> usize {
    match *op {
        Op::Linear { rows: 1, inputs, .. } => inputs.next_multiple_of(QUAD),
        Op::Convolution { height, width, inputs, kernel, .. } => {
            (height + kernel - 1) * (width + kernel - 1) * inputs.next_multiple_of(QUAD)
        }
        _ => 0,
    }
}

/// The weight behind an operand.
pub(super) fn weight_of(operand: &Operand) -> Option<usize> {
    match operand.place {
        Place::Weight(WeightId(id)) => Some(id as usize),
        Place::Arena(_) => None,
    }
}

/// Scales and biases of a product's outputs.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) scales: &'a [f32],
    pub(super) biases: &'a [f32],
}

/// Prepares rows of a linear layer: `scratch` takes them, each filled up to whole quads.
pub(super) fn prepare_rows(isa: Isa, packed: &Packed, q: &[i8], scratch: &mut [u8]) {
    let (channels, bytes) = (packed.sizes.channels, packed.pixel_bytes());
    let rows = q.len() / channels;
    kernels::offset_pixels(isa, q, channels, packed.layout.offset, &mut scratch[..rows * bytes]);
}

/// Prepared rows by the outputs from `first` on; `y` has `ends.scales.len()` columns.
pub(super) fn multiply_rows(
    isa: Isa,
    packed: &Packed,
    prepared: &[u8],
    scales: &[f32],
    first: usize,
    ends: Ends<'_>,
    y: &mut [f32],
) {
    let stride = packed.pixel_bytes();
    let path = Path { segments: 1, segment_stride: 0, quads: stride / QUAD };
    let rows = Rows { bytes: prepared, stride, count: scales.len(), path };
    let columns = ends.scales.len();
    for (start, panel) in packed.panels(first, ends.scales, ends.biases) {
        isa.multiply(rows, panel, scales, 1, &mut y[start..], columns);
    }
}

/// Bytes of one row of a prepared picture: its pixels and a border of zeros on both sides.
pub(super) fn picture_row_bytes(packed: &Packed, shape: ConvolutionShape) -> usize {
    (shape.width + shape.kernel - 1) * packed.pixel_bytes()
}

/// Prepares a picture with its border; `prepared` takes it.
pub(super) fn prepare_picture(
    isa: Isa,
    share: Share,
    packed: &Packed,
    q: &[i8],
    shape: ConvolutionShape,
    prepared: &mut [u8],
) {
    let bytes = picture_row_bytes(packed, shape);
    let rows = shape.height + shape.kernel - 1;
    let share = share.rows(rows, bytes / 16);
    let tasks = prepared[..rows * bytes].par_chunks_mut(share * bytes).enumerate();
    tasks.for_each(|(task, prepared)| {
        for (row, prepared) in prepared.chunks_exact_mut(bytes).enumerate() {
            prepare_picture_row(isa, packed, q, shape, task * share + row, prepared);
        }
    });
}

/// Prepares row `row` of a picture with its border, the border's own rows included; `scratch` is
/// that row.
fn prepare_picture_row(
    isa: Isa,
    packed: &Packed,
    q: &[i8],
    shape: ConvolutionShape,
    row: usize,
    scratch: &mut [u8],
) {
    let (reach, bytes, offset) = (shape.kernel / 2, packed.pixel_bytes(), packed.layout.offset);
    let source = row.checked_sub(reach).filter(|&row| row < shape.height);
    let Some(source) = source else {
        scratch.fill(offset);
        return;
    };
    let (border, rest) = scratch.split_at_mut(reach * bytes);
    let (inside, other) = rest.split_at_mut(shape.width * bytes);
    border.fill(offset);
    other.fill(offset);
    let row = shape.width * shape.inputs;
    let q = &q[source * row..(source + 1) * row];
    kernels::offset_pixels(isa, q, shape.inputs, offset, inside);
}

/// Rows of a prepared picture convolved, as many as `y` holds; `prepared` begins at the row of the
/// border above the first.
pub(super) fn convolve(
    isa: Isa,
    packed: &Packed,
    prepared: &[u8],
    scale: f32,
    ends: Ends<'_>,
    shape: ConvolutionShape,
    y: &mut [f32],
) {
    let (stride, row_bytes) = (packed.pixel_bytes(), picture_row_bytes(packed, shape));
    let quads = shape.kernel * stride / QUAD;
    let path = Path { segments: shape.kernel, segment_stride: row_bytes, quads };
    let outputs = ends.scales.len();
    for (start, panel) in packed.panels(0, ends.scales, ends.biases) {
        for (row, y) in y.chunks_exact_mut(shape.width * outputs).enumerate() {
            let bytes = &prepared[row * row_bytes..];
            let rows = Rows { bytes, stride, count: shape.width, path };
            isa.multiply(rows, panel, &[scale], 0, &mut y[start..], outputs);
        }
    }
}
