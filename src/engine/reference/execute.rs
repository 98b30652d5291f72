//! One arm an op: what it computes, said in tensor operations of the float library.

use super::attention;
use super::values::{Buffers, Values};
use crate::engine::{newest_slot, slots_oldest_first};
use crate::event::Action;
use crate::exact;
use crate::program::{Node, Op, Operand, Place, WeightId};
use candle_core::shape::ShapeWithOneHole;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::rms_norm;

/// Logarithm of the period of the slowest time feature.
const LN_10000: f64 = 9.210_340_371_976_184;

/// What ops need to know beside their operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) seed: u64,
    /// Frames in memory before this one, all of the session.
    pub(super) remembered: u64,
    pub(super) frame: u64,
    pub(super) action: Action,
}

/// The operands of one node.
pub(super) struct Operands<'a> {
    pub(super) node: &'a Node,
    pub(super) buffers: &'a Buffers,
    pub(super) weights: &'a [Tensor],
}

impl Operands<'_> {
    /// Read `i` as a tensor of that shape.
    fn tensor(&self, i: usize, shape: impl ShapeWithOneHole) -> Result<Tensor> {
        let operand = &self.node.reads[i];
        let flat = match operand.place {
            Place::Weight(WeightId(id)) => {
                self.weights[id as usize].narrow(0, operand.offset, operand.len)?
            }
            Place::Arena(_) => {
                Tensor::from_slice(self.buffers.floats(operand), operand.len, &Device::Cpu)?
            }
        };
        flat.reshape(shape)
    }

    /// Read `i` as it lies.
    fn flat(&self, i: usize) -> Result<Tensor> {
        self.tensor(i, self.node.reads[i].len)
    }

    /// Read `i`, which is no weight, as floats.
    fn floats(&self, i: usize) -> &[f32] {
        self.buffers.floats(&self.node.reads[i])
    }
}

impl Step {
    /// What a node's op makes of its operands, one for each write.
    pub(super) fn outputs(&self, x: &Operands<'_>) -> Result<Vec<Values>> {
        let y = match x.node.op {
            Op::Noise { draw, count } => return floats(self.noise(draw, count)),
            Op::Buttons { count } => return floats(self.buttons(count)),
            Op::TimeEmbedding { time, features } => time_embedding(time, features),
            Op::Add { .. } => x.flat(0)? + x.flat(1)?,
            Op::Silu { .. } => x.flat(0)?.silu(),
            Op::Gelu { .. } => x.flat(0)?.gelu(),
            Op::Permute { shape, axes } => x.tensor(0, shape.to_vec())?.permute(axes),
            Op::Quantise { rows, .. } => {
                let scales = Values::Floats(vec![1.0; rows]);
                return Ok(vec![Values::Floats(x.floats(0).to_vec()), scales]);
            }
            Op::Linear { inputs, .. } => linear(x, inputs),
            Op::Convolution { height, width, inputs, kernel, .. } => {
                convolution(x, [height, width, inputs], kernel)
            }
            Op::LayerNorm { columns, epsilon, .. } => {
                layer_norm(&x.tensor(0, ((), columns))?, epsilon)
            }
            Op::Modulate { columns, .. } => {
                scale_shift(x, columns, &(x.flat(2)? + 1.0)?, &x.flat(1)?)
            }
            Op::GatedAdd { columns, .. } => {
                let gated = x.tensor(1, ((), columns))?.broadcast_mul(&x.flat(2)?)?;
                x.tensor(0, ((), columns))? + gated
            }
            Op::PixelNorm { columns, epsilon, .. } => {
                rms_norm(&x.tensor(0, ((), columns))?, &x.flat(1)?, epsilon)
            }
            Op::SplitHeads { rows, heads, length, .. } => {
                return split_heads(&x.tensor(0, (rows, 3 * heads, ()))?, heads, length);
            }
            Op::Attention { tokens, heads, scale, .. } => over_tokens(x, [tokens, heads], scale),
            Op::TemporalAttention { tokens, heads, window, scale, .. } => {
                self.over_time(x, [window, tokens, heads], scale)
            }
            Op::Remember { count, window } => return floats(self.remember(x, count, window)),
            Op::Euler { step, .. } => x.flat(0)? + (x.flat(1)? * f64::from(step))?,
            Op::MixNoise { time, .. } => {
                let time = f64::from(time);
                (x.flat(0)? * (1.0 - time))? + (x.flat(1)? * time)?
            }
            Op::ScaleShift { columns, .. } => scale_shift(x, columns, &x.flat(1)?, &x.flat(2)?),
            Op::ToPicture { .. } => {
                let colours = x.floats(0).iter().map(|&x| exact::to_u8(x));
                return Ok(vec![Values::Colours(colours.collect())]);
            }
            Op::BitSum { first_index, .. } => {
                return sum(exact::bit_sum(first_index, x.floats(0)));
            }
            Op::TotalSum { .. } => {
                let parts = x.buffers.sums(&x.node.reads[0]).iter();
                return sum(parts.fold(0, |total, part| total.wrapping_add(*part)));
            }
        };
        floats(values(&y?)?)
    }

    fn noise(&self, draw: u32, count: usize) -> Vec<f32> {
        let fours = 0..count.div_ceil(4) as u32;
        let deviates =
            fours.flat_map(|four| exact::normal_deviates(self.seed, draw, self.frame, four));
        deviates.take(count).collect()
    }

    fn buttons(&self, count: usize) -> Vec<f32> {
        let held = (0..count).map(|button| self.action.holds(button));
        held.map(|held| f32::from(u8::from(held))).collect()
    }

    /// The ring with this frame in its slot.
    fn remember(&self, x: &Operands<'_>, count: usize, window: usize) -> Vec<f32> {
        let mut ring = x.buffers.floats(&x.node.writes[0]).to_vec();
        let start = newest_slot(self.remembered, window) * count;
        ring[start..start + count].copy_from_slice(x.floats(0));
        ring
    }

    fn over_time(&self, x: &Operands<'_>, shape: [usize; 3], scale: f32) -> Result<Tensor> {
        let [window, tokens, heads] = shape;
        let frames = |i, count| x.tensor(i, (count, tokens, heads, ()));
        let all = |past, now| Tensor::cat(&[frames(past, window)?, frames(now, 1)?], 0);
        let held = slots_oldest_first(self.remembered, window).map(|slot| slot as u32);
        let rows: Vec<u32> = held.chain([window as u32]).collect(); // this frame last
        let bias = x.tensor(5, (heads, window + 1))?;
        attention::over_time([frames(0, 1)?, all(3, 1)?, all(4, 2)?], &bias, &rows, scale)
    }
}

fn floats(values: Vec<f32>) -> Result<Vec<Values>> {
    Ok(vec![Values::Floats(values)])
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

fn sum(sum: u64) -> Result<Vec<Values>> {
    Ok(vec![Values::Sums(vec![sum])])
}

fn split_heads(x: &Tensor, heads: usize, length: f32) -> Result<Vec<Values>> {
    let parts = attention::split(x, heads, length)?;
    let parts = parts.iter().map(|part| Ok(Values::Floats(values(part)?)));
    parts.collect()
}

fn over_tokens(x: &Operands<'_>, [tokens, heads]: [usize; 2], scale: f32) -> Result<Tensor> {
    let [q, k, v] = [0, 1, 2].map(|i| x.tensor(i, (tokens, heads, ())));
    attention::over_tokens([q?, k?, v?], scale)
}

/// Rows of read 0 times `scale` plus `shift`.
fn scale_shift(x: &Operands<'_>, columns: usize, scale: &Tensor, shift: &Tensor) -> Result<Tensor> {
    let rows = x.tensor(0, ((), columns))?;
    rows.broadcast_mul(scale)?.broadcast_add(shift)
}

/// `x W^T + b`; the scales are in the weights already.
fn linear(x: &Operands<'_>, inputs: usize) -> Result<Tensor> {
    let (rows, weight) = (x.tensor(0, ((), inputs))?, x.tensor(2, ((), inputs))?);
    rows.matmul(&weight.t()?)?.broadcast_add(&x.flat(4)?)
}

/// Pixels of channels in, pixels of channels out; the library wants channels of pixels.
fn convolution(x: &Operands<'_>, picture: [usize; 3], kernel: usize) -> Result<Tensor> {
    let [height, width, inputs] = picture;
    let pixels = x.tensor(0, (1, height, width, inputs))?;
    let weight = x.tensor(2, ((), kernel, kernel, inputs))?;
    let channels_first = |x: Tensor| x.permute([0, 3, 1, 2])?.contiguous();
    let (pixels, weight) = (channels_first(pixels)?, channels_first(weight)?);
    let y = pixels.conv2d(&weight, kernel / 2, 1, 1, 1)?;
    y.permute([0, 2, 3, 1])?.broadcast_add(&x.flat(4)?)
}

fn layer_norm(rows: &Tensor, epsilon: f32) -> Result<Tensor> {
    let centred = rows.broadcast_sub(&rows.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + f64::from(epsilon))?.sqrt()?)
}

/// `[cos(1000 t f), sin(1000 t f)]` with `f = exp(-ln(10000) i / half)`.
fn time_embedding(time: f32, features: usize) -> Result<Tensor> {
    let half = features / 2;
    let index = Tensor::arange(0u32, half as u32, &Device::Cpu)?.to_dtype(DType::F32)?;
    let frequencies = (index * (-LN_10000 / half as f64))?.exp()?;
    let angles = (frequencies * (1000.0 * f64::from(time)))?;
    Tensor::cat(&[angles.cos()?, angles.sin()?], 0)
}
