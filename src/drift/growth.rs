//! How the error of one frame grows from op to op, against an engine that is close and never equal.

use super::ops::producers;
use super::taps::{Tapped, tap_name};
use crate::program::{Dtype, Model, Node, Op};
use serde::Serialize;
use std::collections::BTreeMap;

/// The error of what one op wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// The tap's name.
    pub name: String,
    /// The op's kind.
    pub op: String,
    /// Root of the mean square difference, over the root of the other side's mean square; 0 where
    /// both are zeros.
    pub relative_error: f64,
    /// The largest of those of its inputs.
    pub input_error: f64,
}

impl Growth {
    /// What the op itself adds.
    pub fn jump(&self) -> f64 {
        self.relative_error - self.input_error
    }
}

/// The error of every op of a frame, in the order in which they ran. Both sides began with the same
/// memory and all of their bytes are kept.
///
/// What our side quantises is multiplied by its scale again. Sums of bits and copies into the
/// memory are left out: they have no error of their own.
pub fn growth(model: &Model, ours: &Tapped, theirs: &Tapped) -> Vec<Growth> {
    let nodes = &model.frame.nodes;
    let mut errors: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let inputs = producers(model, index).into_iter();
        let inputs = inputs.filter_map(|input| errors.get(&input));
        let input_error = inputs.fold(0.0, |most: f64, error| most.max(*error));
        for output in 0..node.writes.len() {
            let name = tap_name(node, output);
            let Some(pair) = values(node, output, &name, ours, theirs) else { continue };
            let relative_error = relative_error(&pair[0], &pair[1]);
            errors.insert((index, output), relative_error);
            let op = node.op.kind().to_owned();
            found.push(Growth { name, op, relative_error, input_error });
        }
    }
    found
}

/// The values of one output on both sides.
fn values(
    node: &Node,
    output: usize,
    name: &str,
    ours: &Tapped,
    theirs: &Tapped,
) -> Option<[Vec<f64>; 2]> {
    let (left, right) = (ours.kept.get(name)?, theirs.kept.get(name)?);
    let pair = match (&node.op, node.writes[output].dtype) {
        (Op::Remember { .. }, _) | (_, Dtype::U64) => return None,
        (Op::Quantise { .. }, Dtype::F32) => return None, // the scale, which is in the values
        (Op::Quantise { columns, .. }, _) => {
            let scales = floats(ours.kept.get(&tap_name(node, 1))?);
            let scaled = left.iter().enumerate().map(|(i, q)| {
                f64::from(q.cast_signed()) * scales.get(i / columns).copied().unwrap_or(0.0)
            });
            [scaled.collect(), floats(right)]
        }
        (_, Dtype::U8 | Dtype::I8) => [left, right].map(|bytes| integers(bytes)),
        (_, Dtype::F32) => [left, right].map(|bytes| floats(bytes)),
    };
    (pair[0].len() == pair[1].len()).then_some(pair)
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    let word = |word: &[u8]| f32::from_le_bytes(std::array::from_fn(|i| word[i]));
    bytes.chunks_exact(4).map(|bytes| f64::from(word(bytes))).collect()
}

fn integers(bytes: &[u8]) -> Vec<f64> {
    bytes.iter().map(|byte| f64::from(*byte)).collect()
}

fn relative_error(ours: &[f64], theirs: &[f64]) -> f64 {
    let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let error = squares(&mut ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs));
    let whole = squares(&mut theirs.iter().copied());
    match (error == 0.0, whole == 0.0) {
        (true, _) => 0.0,
        (false, true) => f64::INFINITY,
        (false, false) => (error / whole).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_relative_to_the_other_side() {
        assert_eq!(relative_error(&[1.0, 2.0], &[1.0, 2.0]), 0.0);
        assert_eq!(relative_error(&[0.0; 3], &[0.0; 3]), 0.0);
        assert_eq!(relative_error(&[3.0, 4.0 + 0.5], &[3.0, 4.0]), 0.1);
        assert_eq!(relative_error(&[1.0], &[0.0]), f64::INFINITY);
    }
}
