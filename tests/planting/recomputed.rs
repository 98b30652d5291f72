//! Ops computed again from their inputs in a way that exact-1 does not allow.

use super::Fault;
use std::collections::BTreeMap;
use worldtape::exact::reciprocal_sqrt;
use worldtape::program::{Model, Node, Op, Operand, Place, WeightData};

/// What the node would have written.
pub fn output(
    node: &Node,
    model: &Model,
    buffers: &BTreeMap<u32, Vec<u8>>,
    fault: Fault,
) -> Vec<u8> {
    let read = |i: usize| floats(&node.reads[i], model, buffers);
    let values = match (fault, &node.op) {
        (Fault::TowardsZero, Op::Add { .. }) => {
            read(0).iter().zip(read(1)).map(|(a, b)| truncated(f64::from(*a), b)).collect()
        }
        (Fault::TowardsZero, Op::GatedAdd { columns, .. }) => {
            let (h, y, gate) = (read(0), read(1), read(2));
            let product = |i: usize| f64::from(gate[i % columns]) * f64::from(y[i]);
            (0..h.len()).map(|i| truncated(product(i), h[i])).collect()
        }
        (Fault::SumOrder, Op::LayerNorm { columns, epsilon, .. }) => {
            read(0).chunks(*columns).flat_map(|row| layer_norm(row, *epsilon)).collect()
        }
        (Fault::SumOrder, Op::PixelNorm { columns, epsilon, .. }) => {
            let gain = read(1);
            read(0).chunks(*columns).flat_map(|row| pixel_norm(row, &gain, *epsilon)).collect()
        }
        (fault, op) => panic!("{fault:?} of {op:?}"),
    };
    let values: Vec<f32> = values;
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(operand: &Operand, model: &Model, buffers: &BTreeMap<u32, Vec<u8>>) -> Vec<f32> {
    let range = operand.offset..operand.offset + operand.len;
    match operand.place {
        Place::Arena(id) => {
            let bytes = &buffers[&id.0][4 * range.start..4 * range.end];
            let word = |word: &[u8]| f32::from_le_bytes(std::array::from_fn(|i| word[i]));
            bytes.chunks_exact(4).map(word).collect()
        }
        Place::Weight(id) => match &model.weights[id.0 as usize].data {
            WeightData::F32(values) => values[range].to_vec(),
            WeightData::I8(_) => panic!("no float weight"),
        },
    }
}

/// `x + y` rounded towards zero; `x` is a float32 or an exact product of two.
fn truncated(x: f64, y: f32) -> f32 {
    // What the sum in float64 leaves out, exactly (Knuth's two-sum).
    let y = f64::from(y);
    let sum = x + y;
    let y_part = sum - x;
    let left_out = (x - (sum - y_part)) + (y - y_part);
    let nearest = sum as f32;
    let beyond = f64::from(nearest) - sum - left_out;
    // Nearest went away from zero: one step back.
    let is_away = beyond != 0.0 && (beyond > 0.0) == (nearest > 0.0);
    if is_away { f32::from_bits(nearest.to_bits() - 1) } else { nearest }
}

fn layer_norm(row: &[f32], epsilon: f32) -> Vec<f32> {
    let count = row.len() as f32;
    let mean = row.iter().sum::<f32>() / count;
    let centred: Vec<f32> = row.iter().map(|x| x - mean).collect();
    let variance = centred.iter().map(|x| x * x).sum::<f32>() / count;
    let factor = reciprocal_sqrt(variance + epsilon);
    centred.iter().map(|x| x * factor).collect()
}

fn pixel_norm(row: &[f32], gain: &[f32], epsilon: f32) -> Vec<f32> {
    let mean = row.iter().map(|x| x * x).sum::<f32>() / row.len() as f32;
    let factor = reciprocal_sqrt(mean + epsilon);
    row.iter().zip(gain).map(|(x, gain)| x * factor * gain).collect()
}

#[test]
fn sums_are_rounded_towards_zero() {
    assert_eq!(truncated(1.0, f32::EPSILON * 0.75), 1.0);
    assert_eq!(truncated(-1.0, -f32::EPSILON * 0.75), -1.0);
    assert_eq!(truncated(1.0, f32::EPSILON * 1.25), 1.0 + f32::EPSILON);
    assert_eq!(truncated(1.0, -1e-30), 1.0 - f32::EPSILON / 2.0);
    assert_eq!(truncated(0.5, 0.25), 0.75);
}
