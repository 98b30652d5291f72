//! What every op comes to, row by row, written from `exact` alone: one arm an op.

use super::value::{Moment, Value};
use crate::exact::{self, NotFinite};
use crate::program::{Op, RANK};

type Values = Result<Vec<Value>, NotFinite>;

/// The outputs of an op. Operands are as `Op::signature` has them, but that a ring comes as the
/// frames it holds, oldest first.
///
/// # Errors
/// [`NotFinite`] where the op refuses a value.
///
/// # Panics
/// Where the operands are not those of the op: a bug of the caller.
pub fn outputs(op: &Op, reads: &[Value], at: &Moment) -> Values {
    let x = |operand: usize, i: usize| reads[operand].f32()[i];
    let each = |count: usize, value: &dyn Fn(usize) -> f32| one((0..count).map(value).collect());
    match *op {
        Op::Noise { draw, count } => {
            each(count, &|i| exact::normal_deviates(at.seed, draw, at.frame, (i / 4) as u32)[i % 4])
        }
        Op::Buttons { count } => each(count, &|i| if at.action.holds(i) { 1.0 } else { 0.0 }),
        Op::TimeEmbedding { time, features } => {
            let mut y = vec![0.0; features];
            exact::time_embedding(time, &mut y);
            one(y)
        }
        Op::Add { count } => each(count, &|i| x(0, i) + x(1, i)),
        Op::Silu { count } => each(count, &|i| exact::silu(x(0, i))),
        Op::Gelu { count } => each(count, &|i| exact::gelu_tanh(x(0, i))),
        Op::Euler { count, step } => each(count, &|i| exact::euler(x(0, i), x(1, i), step)),
        Op::MixNoise { count, time } => each(count, &|i| exact::mix_noise(x(0, i), x(1, i), time)),
        Op::Permute { shape, axes } => permute(reads, shape, axes),
        Op::ToPicture { .. } => to_picture(reads),
        Op::BitSum { first_index, .. } => bit_sum(reads, first_index),
        Op::TotalSum { .. } => total_sum(reads),
        Op::Quantise { columns, .. } => quantise(reads, columns),
        Op::Linear { inputs, .. } => linear(reads, inputs),
        Op::Convolution { .. } => convolution(op, reads),
        Op::Remember { count, window } => remember(reads, count, window, at.remembered),
        Op::Attention { .. } => attention(op, reads),
        Op::TemporalAttention { .. } => temporal_attention(op, reads, at.remembered),
        _ => rows(op, reads),
    }
}

/// Ops that treat rows alike.
fn rows(op: &Op, reads: &[Value]) -> Values {
    let x = |operand: usize, i: usize| reads[operand].f32()[i];
    match *op {
        Op::LayerNorm { columns, epsilon, .. } => {
            by_rows(reads, columns, &|row, y| exact::layer_norm(row, epsilon, y))
        }
        Op::PixelNorm { columns, epsilon, .. } => by_rows(reads, columns, &|row, y| {
            exact::pixel_norm(row, reads[1].f32(), epsilon, y);
        }),
        Op::Modulate { rows, columns } => one((0..rows * columns)
            .map(|i| exact::modulate(x(0, i), x(1, i % columns), x(2, i % columns)))
            .collect()),
        Op::GatedAdd { rows, columns } => {
            one((0..rows * columns).map(|i| x(2, i % columns).mul_add(x(1, i), x(0, i))).collect())
        }
        Op::ScaleShift { rows, columns } => one((0..rows * columns)
            .map(|i| x(0, i).mul_add(x(1, i % columns), x(2, i % columns)))
            .collect()),
        Op::SplitHeads { rows, heads, head_width, length } => {
            split_heads(reads, [rows, heads, head_width], length)
        }
        ref other => panic!("{} has no definition here: add its arm", other.kind()),
    }
}

fn one(y: Vec<f32>) -> Values {
    Ok(vec![Value::F32(y)])
}

fn by_rows(reads: &[Value], columns: usize, row_of: &dyn Fn(&[f32], &mut [f32])) -> Values {
    let x = reads[0].f32();
    let mut y = vec![0.0; x.len()];
    for (x, y) in x.chunks(columns).zip(y.chunks_mut(columns)) {
        row_of(x, y);
    }
    one(y)
}

/// Axis `i` of the output is axis `axes[i]` of the input.
fn permute(reads: &[Value], shape: [usize; RANK], axes: [usize; RANK]) -> Values {
    let place = |mut index: usize| {
        let mut at = [0; RANK];
        for axis in (0..RANK).rev() {
            let size = shape[axes[axis]];
            (at[axes[axis]], index) = (index % size, index / size);
        }
        (0..RANK).fold(0, |place, axis| place * shape[axis] + at[axis])
    };
    let x = reads[0].f32();
    one((0..x.len()).map(|i| x[place(i)]).collect())
}

fn finite(x: &[f32]) -> Result<(), NotFinite> {
    match x.iter().all(|x| x.is_finite()) {
        true => Ok(()),
        false => Err(NotFinite),
    }
}

fn to_picture(reads: &[Value]) -> Values {
    let x = reads[0].f32();
    finite(x)?;
    Ok(vec![Value::U8(x.iter().map(|&x| exact::to_u8(x)).collect())])
}

fn bit_sum(reads: &[Value], first_index: u32) -> Values {
    let x = reads[0].f32();
    finite(x)?;
    Ok(vec![Value::U64(vec![exact::bit_sum(first_index, x)])])
}

fn total_sum(reads: &[Value]) -> Values {
    let Value::U64(parts) = &reads[0] else {
        panic!("sums wanted");
    };
    let total = parts.iter().fold(0u64, |total, &part| total.wrapping_add(part));
    Ok(vec![Value::U64(vec![total])])
}

fn quantise(reads: &[Value], columns: usize) -> Values {
    let x = reads[0].f32();
    let (mut q, mut scales) = (vec![0; x.len()], Vec::new());
    for (x, q) in x.chunks(columns).zip(q.chunks_mut(columns)) {
        scales.push(exact::quantise(x, q)?);
    }
    Ok(vec![Value::I8(q), Value::F32(scales)])
}

fn linear(reads: &[Value], inputs: usize) -> Values {
    let (q, weight) = (reads[0].i8(), reads[2].i8());
    let [scale, weight_scale, bias] = [1, 3, 4].map(|i| reads[i].f32());
    let mut y = Vec::new();
    for (row, &scale) in q.chunks(inputs).zip(scale) {
        for (output, weight) in weight.chunks(inputs).enumerate() {
            let sum = exact::dot(row, weight);
            y.push(exact::dequantise(sum, scale, weight_scale[output], bias[output]));
        }
    }
    one(y)
}

/// The window around every pixel is laid out whole, with zeros outside the picture.
fn convolution(op: &Op, reads: &[Value]) -> Values {
    let &Op::Convolution { height, width, inputs, outputs, kernel } = op else {
        panic!("a convolution, not {}", op.kind());
    };
    let (q, weight) = (reads[0].i8(), reads[2].i8());
    let [scale, weight_scale, bias] = [1, 3, 4].map(|i| reads[i].f32());
    let mut y = Vec::new();
    for pixel in 0..height * width {
        let mut window = vec![0; kernel * kernel * inputs];
        for (tap, values) in window.chunks_mut(inputs).enumerate() {
            let row = (pixel / width + tap / kernel).checked_sub(kernel / 2);
            let column = (pixel % width + tap % kernel).checked_sub(kernel / 2);
            if let (Some(row), Some(column)) = (row, column)
                && row < height
                && column < width
            {
                values.copy_from_slice(&q[(row * width + column) * inputs..][..inputs]);
            }
        }
        for output in 0..outputs {
            let sum = exact::dot(&window, &weight[output * window.len()..][..window.len()]);
            y.push(exact::dequantise(sum, scale[0], weight_scale[output], bias[output]));
        }
    }
    one(y)
}

fn split_heads(reads: &[Value], [rows, heads, head_width]: [usize; 3], length: f32) -> Values {
    let (qkv, width) = (reads[0].f32(), heads * head_width);
    let part = |which: usize| {
        let mut y = vec![0.0; rows * width];
        for (i, y) in y.chunks_mut(head_width).enumerate() {
            let start = i / heads * 3 * width + which * width + i % heads * head_width;
            let x = &qkv[start..start + head_width];
            match which {
                2 => y.copy_from_slice(x),
                _ => exact::to_length(x, length, y),
            }
        }
        Value::F32(y)
    };
    Ok(vec![part(0), part(1), part(2)])
}

fn attention(op: &Op, reads: &[Value]) -> Values {
    let &Op::Attention { tokens, heads, head_width, scale } = op else {
        panic!("an attention, not {}", op.kind());
    };
    let [q, k, v] = [0, 1, 2].map(|i| reads[i].f32());
    let mut y = vec![0.0; q.len()];
    for (i, (q, y)) in q.chunks(head_width).zip(y.chunks_mut(head_width)).enumerate() {
        let row = |token: usize| (token * heads + i % heads) * head_width;
        let mut logits = vec![0.0; tokens];
        exact::attend(
            q,
            |j| &k[row(j)..][..head_width],
            |j| &v[row(j)..][..head_width],
            |_| 0.0,
            scale,
            &mut logits,
            y,
        );
    }
    one(y)
}

/// Past frames come oldest first; a key's bias is that of its age, 0 for this frame's own.
fn temporal_attention(op: &Op, reads: &[Value], remembered: u64) -> Values {
    let &Op::TemporalAttention { heads, head_width, window, scale, .. } = op else {
        panic!("a temporal attention, not {}", op.kind());
    };
    let [q, k, v, past_k, past_v, bias] = std::array::from_fn(|i| reads[i].f32());
    let held = remembered.min(window as u64) as usize;
    let row = |past: &'_ [f32], now: &'_ [f32], j: usize, i: usize| -> Vec<f32> {
        let frame = if j < held { &past[j * now.len()..][..now.len()] } else { now };
        frame[i * head_width..][..head_width].to_vec()
    };
    let mut y = vec![0.0; q.len()];
    for (i, (q, y)) in q.chunks(head_width).zip(y.chunks_mut(head_width)).enumerate() {
        let keys: Vec<_> = (0..=held).map(|j| row(past_k, k, j, i)).collect();
        let values: Vec<_> = (0..=held).map(|j| row(past_v, v, j, i)).collect();
        let bias = &bias[i % heads * (window + 1)..][..window + 1];
        exact::attend(
            q,
            |j| &keys[j][..],
            |j| &values[j][..],
            |j| bias[held - j],
            scale,
            &mut vec![0.0; held + 1],
            y,
        );
    }
    one(y)
}

/// Frame `n` of the session lies in slot `n % window`; slots never written are zeros.
fn remember(reads: &[Value], count: usize, window: usize, remembered: u64) -> Values {
    let (x, past) = (reads[0].f32(), reads[1].f32());
    let held = remembered.min(window as u64);
    let mut ring = vec![0.0; window * count];
    let frames = past.chunks(count).chain([x]);
    for (frame, values) in (remembered - held..).zip(frames) {
        let slot = (frame % window as u64) as usize;
        ring[slot * count..][..count].copy_from_slice(values);
    }
    one(ring)
}
