//! State sums, one block each.

use super::{Launch, Site};
use crate::program::Op;
use bytemuck::{Pod, Zeroable};

/// Threads of the one block.
const THREADS: u32 = 1024;

/// The struct of that name in sums.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Sum {
    x: u64,
    y: u64,
    first_refused: u64,
    count: u32,
    first_index: u32,
    node: u32,
    reserved: u32,
}

impl Site<'_> {
    pub(super) fn sum(&self) -> Launch {
        let (kernel, count, first_index) = match self.node().op {
            Op::BitSum { count, first_index } => ("bit_sum", count, first_index),
            Op::TotalSum { count } => ("total_sum", count, 0),
            ref other => panic!("{} is no sum", other.kind()),
        };
        let sum = Sum {
            x: self.read(0),
            y: self.write(0),
            first_refused: self.refused(),
            count: count as u32,
            first_index,
            node: self.index as u32,
            reserved: 0,
        };
        self.launch(kernel, 1, THREADS, &sum)
    }
}
