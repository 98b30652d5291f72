//! The memory that ops read and write, and each op's own disjoint parts of it.

use crate::program::{ALIGNMENT, OPERANDS_MAX};
use crate::program::{Node, Operand, Place, Program, Weight, WeightData, WeightId};
use std::ops::Range;

/// One cache line: what the arena is made of, so that every buffer is aligned.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; ALIGNMENT]);

/// Bytes that hold every buffer of a model's programs.
pub(super) struct Arena {
    lines: Vec<Line>,
}

/// What one op may touch.
pub(super) struct Bound<'a> {
    /// What it reads; the first of them are in use.
    pub(super) reads: [&'a [u8]; OPERANDS_MAX],
    /// What it writes; the first of them are in use.
    pub(super) writes: [&'a mut [u8]; OPERANDS_MAX],
}

impl Arena {
    /// An arena of zeros.
    pub(super) fn new(bytes: usize) -> Arena {
        Arena { lines: vec![Line([0; ALIGNMENT]); bytes.div_ceil(ALIGNMENT)] }
    }

    /// Bytes of a range.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[range]
    }

    /// Bytes of a range, to write.
    pub(super) fn bytes_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[range]
    }

    /// All of it, to write.
    pub(super) fn all_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }

    /// `len` floats from byte `offset` on, to write.
    pub(super) fn floats(&mut self, offset: usize, len: usize) -> &mut [f32] {
        bytemuck::cast_slice_mut(self.bytes_mut(offset..offset + 4 * len))
    }

    /// The operands of one node. What a node writes overlaps nothing else of it: the planner keeps
    /// buffers that are alive together apart, and the builder gives a node distinct buffers.
    pub(super) fn bind<'a>(
        &'a mut self,
        program: &Program,
        node: &Node,
        weights: &'a [Weight],
    ) -> Bound<'a> {
        let (reads, writes) = (&node.reads, &node.writes);
        let range = |list: &[Operand], i: usize| {
            list.get(i).and_then(|operand| program.byte_range(operand)).unwrap_or(0..0)
        };
        let ranges: [Range<usize>; 2 * OPERANDS_MAX] = std::array::from_fn(|i| {
            if i < OPERANDS_MAX { range(reads, i) } else { range(writes, i - OPERANDS_MAX) }
        });
        let arena: &mut [u8] = bytemuck::cast_slice_mut(&mut self.lines);
        let parts = arena
            .get_disjoint_mut(ranges)
            .unwrap_or_else(|error| panic!("operands of {} overlap: {error}", node.name));
        let mut bound =
            Bound { reads: [&[]; OPERANDS_MAX], writes: std::array::from_fn(|_| &mut [][..]) };
        for (i, part) in parts.into_iter().enumerate() {
            if i >= OPERANDS_MAX {
                bound.writes[i - OPERANDS_MAX] = part;
                continue;
            }
            bound.reads[i] = match reads.get(i).map(|operand| (operand, operand.place)) {
                Some((operand, Place::Weight(_))) => weight_bytes(weights, operand),
                _ => part,
            };
        }
        bound
    }
}

/// Bytes of a weight operand.
pub(super) fn weight_bytes<'a>(weights: &'a [Weight], operand: &Operand) -> &'a [u8] {
    let Place::Weight(WeightId(id)) = operand.place else {
        unreachable!("{operand:?} is no weight")
    };
    let bytes: &[u8] = match &weights[id as usize].data {
        WeightData::I8(values) => bytemuck::cast_slice(values),
        WeightData::F32(values) => bytemuck::cast_slice(values),
    };
    let width = operand.dtype.bytes();
    &bytes[operand.offset * width..(operand.offset + operand.len) * width]
}
