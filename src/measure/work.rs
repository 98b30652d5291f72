//! What an op has to do, counted from its sizes: the other axis of a roofline.

use crate::program::{Model, Node, Op, Operand, Place};
use serde::Serialize;
use std::ops::AddAssign;

/// Work of an op, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Two for each multiply-add of a product or an attention, those with padding included; other
    /// ops are counted by their bytes alone.
    pub operations: u64,
    /// Bytes of weights read, each once.
    pub weight_bytes: u64,
    /// Bytes of buffers read, each once.
    pub read_bytes: u64,
    /// Bytes of buffers written.
    pub written_bytes: u64,
}

impl Work {
    /// All bytes that an op must touch.
    pub fn bytes(&self) -> u64 {
        self.weight_bytes + self.read_bytes + self.written_bytes
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Work) {
        self.operations += other.operations;
        self.weight_bytes += other.weight_bytes;
        self.read_bytes += other.read_bytes;
        self.written_bytes += other.written_bytes;
    }
}

/// The work of one node of a program.
pub fn work_of(model: &Model, node: &Node) -> Work {
    let bytes = |operand: &Operand| (operand.len * operand.dtype.bytes()) as u64;
    let mut work = Work { operations: 2 * multiply_adds(&node.op), ..Work::default() };
    for operand in &node.reads {
        match (operand.place, model.weight(operand)) {
            (Place::Weight(_), Some(weight)) => {
                work.weight_bytes += (operand.len * weight.data.dtype().bytes()) as u64;
            }
            _ => work.read_bytes += bytes(operand),
        }
    }
    work.written_bytes = match node.op {
        // One slot of the ring that it is given whole.
        Op::Remember { count, .. } => 4 * count as u64,
        _ => node.writes.iter().map(bytes).sum(),
    };
    work
}

fn multiply_adds(op: &Op) -> u64 {
    let count = match *op {
        Op::Linear { rows, inputs, outputs } => rows * inputs * outputs,
        Op::Convolution { height, width, inputs, outputs, kernel } => {
            height * width * kernel * kernel * inputs * outputs
        }
        Op::Attention { tokens, heads, head_width, .. } => 2 * tokens * tokens * heads * head_width,
        Op::TemporalAttention { tokens, heads, head_width, window, .. } => {
            2 * tokens * (window + 1) * heads * head_width
        }
        _ => 0,
    };
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiply_add_is_counted_for_each_input_of_each_output() {
        assert_eq!(multiply_adds(&Op::Linear { rows: 2, inputs: 3, outputs: 5 }), 30);
        let op = Op::Convolution { height: 4, width: 5, inputs: 2, outputs: 3, kernel: 3 };
        assert_eq!(multiply_adds(&op), 4 * 5 * 9 * 6);
        assert_eq!(multiply_adds(&Op::Add { count: 9 }), 0);
    }
}
