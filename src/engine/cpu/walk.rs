//! One walk over the rows of a group: each thread takes some rows through all of its nodes.

use super::arena::weight_bytes;
use super::kernels;
use super::products::Packed;
use super::step::{Leaf, Step};
use super::turned::TurnedRing;
use crate::exact::NotFinite;
use crate::program::{Model, OPERANDS_MAX, Op, Operand, Place, Program, Weight};
use crate::program::{SPLIT_OPERANDS_MAX, WHOLE_OPERANDS_MAX};
use std::mem::take;
use std::ops::Range;

/// Where a node's read comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// The rows' own part of a split operand.
    Split(usize),
    /// All of a whole operand.
    Whole(usize),
    /// All of a weight.
    Weight(Operand),
    /// The rows' own part of a weight.
    WeightRows(Operand),
}

/// One node as a walk runs it.
struct WalkNode {
    index: usize,
    reads: Vec<Source>,
    writes: Vec<usize>,
    weight: Option<usize>,
}

/// A group, bound to places in the arena.
pub(super) struct Walk {
    rows: usize,
    nodes: Vec<WalkNode>,
    /// Bytes of one row of each split operand.
    row_bytes: Vec<usize>,
    /// Every operand's bytes in the arena, in order, and which it is.
    ranges: Vec<(Range<usize>, Source)>,
    /// Scratch bytes of one row.
    row_scratch: usize,
    /// Work of one row, in elements.
    cost: usize,
    /// Index of the ring of turned keys that a node of it reads.
    ring: Option<usize>,
}

/// A part of the rows: what a thread may write, and what it shares.
struct Part<'a> {
    first: usize,
    rows: usize,
    split: [&'a mut [u8]; SPLIT_OPERANDS_MAX],
    scratch: &'a mut [u8],
    ring: &'a mut [f32],
}

/// What every thread of a walk reads.
pub(super) struct Shared<'a> {
    pub(super) step: Step,
    pub(super) ops: &'a [crate::program::Node],
    pub(super) weights: &'a [Weight],
    pub(super) packed: &'a [Option<Packed>],
}

impl Walk {
    /// Binds nodes `nodes` of a program, cut into `rows` parts.
    pub(super) fn new(
        program: &Program,
        nodes: Range<usize>,
        rows: usize,
        rings: &[TurnedRing],
    ) -> Walk {
        let mut walk = Walk {
            rows,
            nodes: Vec::new(),
            row_bytes: Vec::new(),
            ranges: Vec::new(),
            row_scratch: 0,
            cost: 0,
            ring: None,
        };
        for index in nodes {
            let node = &program.nodes[index];
            let split = node.op.split().expect("a walk's ops can be cut into rows");
            let source = |walk: &mut Walk, i: usize, operand: &Operand| {
                let whole = split.whole_reads >> i & 1 == 1;
                match operand.place {
                    Place::Weight(_) if whole => Source::Weight(*operand),
                    Place::Weight(_) => Source::WeightRows(*operand),
                    Place::Arena(_) => walk.place(program, operand, whole),
                }
            };
            let reads: Vec<Source> =
                node.reads.iter().enumerate().map(|(i, o)| source(&mut walk, i, o)).collect();
            let writes =
                node.writes.iter().map(|operand| match walk.place(program, operand, false) {
                    Source::Split(slot) => slot,
                    other => unreachable!("{}: a write at {other:?}", node.name),
                });
            let writes = writes.collect();
            let weight = node.reads.get(2).and_then(super::products::weight_of);
            walk.row_scratch = walk.row_scratch.max(Leaf::row_scratch_bytes(&node.op, rows));
            walk.cost += super::step::cost(&node.op) / rows;
            let ring = node.reads.get(3).map(|operand| operand.place);
            let ring = ring.and_then(|place| rings.iter().position(|ring| ring.is_of(place)));
            walk.ring = walk.ring.or(ring);
            walk.nodes.push(WalkNode { index, reads, writes, weight });
        }
        walk.ranges.sort_by_key(|(range, _)| range.start);
        walk
    }

    /// Finds or adds an operand.
    fn place(&mut self, program: &Program, operand: &Operand, whole: bool) -> Source {
        let range = program.byte_range(operand).expect("in the arena");
        if let Some((_, source)) = self.ranges.iter().find(|(other, _)| *other == range) {
            return *source;
        }
        let source = if whole {
            let others = self.ranges.len() - self.row_bytes.len();
            Source::Whole(others)
        } else {
            self.row_bytes.push(range.len() / self.rows);
            Source::Split(self.row_bytes.len() - 1)
        };
        self.ranges.push((range, source));
        source
    }

    /// Scratch bytes of the whole walk, beside what is prepared before it.
    pub(super) fn scratch_bytes(&self) -> usize {
        self.row_scratch * self.rows
    }

    /// Runs all rows. `prepared` is where activations or keys are made ready for all rows at once.
    ///
    /// # Errors
    /// The index of the node that met a value which is not finite.
    pub(super) fn run(
        &self,
        shared: &Shared<'_>,
        arena: &mut [u8],
        (prepared, scratch): (&mut [u8], &mut [u8]),
        rings: &mut [TurnedRing],
    ) -> Result<(), usize> {
        let mut split: [&mut [u8]; SPLIT_OPERANDS_MAX] = std::array::from_fn(|_| &mut [][..]);
        let mut whole: [&[u8]; WHOLE_OPERANDS_MAX] = [&[]; WHOLE_OPERANDS_MAX];
        let (mut rest, mut at) = (arena, 0);
        for (range, source) in &self.ranges {
            let (_, tail) = take(&mut rest).split_at_mut(range.start - at);
            let (bytes, tail) = tail.split_at_mut(range.len());
            (rest, at) = (tail, range.end);
            match *source {
                Source::Split(slot) => split[slot] = bytes,
                Source::Whole(slot) => whole[slot] = bytes,
                other => unreachable!("{other:?} has no range"),
            }
        }
        let mut ring = self.ring.map(|index| &mut rings[index]);
        for node in &self.nodes {
            let reads = self.reads(shared, node, &split, &whole, 0..self.rows);
            let op = &shared.ops[node.index].op;
            let packed = node.weight.and_then(|id| shared.packed[id].as_ref());
            shared.step.prepare(op, &reads, packed, prepared, ring.as_deref_mut());
        }
        let ring = ring.map_or(&mut [][..], TurnedRing::values_mut);
        let scratch = &mut scratch[..self.scratch_bytes()];
        let part = Part { first: 0, rows: self.rows, split, scratch, ring };
        let share = shared.step.share.rows(self.rows, self.cost);
        self.halve(shared, part, &whole, prepared, share)
    }

    /// Shares rows out by halves until a part is one share.
    fn halve(
        &self,
        shared: &Shared<'_>,
        mut part: Part<'_>,
        whole: &[&[u8]; WHOLE_OPERANDS_MAX],
        prepared: &[u8],
        share: usize,
    ) -> Result<(), usize> {
        if part.rows <= share {
            return self.rows(shared, part, whole, prepared);
        }
        let left_rows = part.rows.div_ceil(share) / 2 * share;
        let mut right_split: [&mut [u8]; SPLIT_OPERANDS_MAX] = std::array::from_fn(|_| &mut [][..]);
        for (slot, row_bytes) in self.row_bytes.iter().enumerate() {
            let bytes = take(&mut part.split[slot]);
            (part.split[slot], right_split[slot]) = bytes.split_at_mut(left_rows * row_bytes);
        }
        let (left_scratch, right_scratch) = part.scratch.split_at_mut(left_rows * self.row_scratch);
        let ring_row = part.ring.len() / part.rows;
        let (left_ring, right_ring) = part.ring.split_at_mut(left_rows * ring_row);
        let right = Part {
            first: part.first + left_rows,
            rows: part.rows - left_rows,
            split: right_split,
            scratch: right_scratch,
            ring: right_ring,
        };
        let left = Part { rows: left_rows, scratch: left_scratch, ring: left_ring, ..part };
        let (left, right) = rayon::join(
            || self.halve(shared, left, whole, prepared, share),
            || self.halve(shared, right, whole, prepared, share),
        );
        // The earlier node is named, whichever thread was first.
        match (left, right) {
            (Err(left), Err(right)) => Err(left.min(right)),
            (left, right) => left.and(right),
        }
    }

    /// Takes one part through all nodes.
    fn rows(
        &self,
        shared: &Shared<'_>,
        mut part: Part<'_>,
        whole: &[&[u8]; WHOLE_OPERANDS_MAX],
        prepared: &[u8],
    ) -> Result<(), usize> {
        for node in &self.nodes {
            let mut writes: [&mut [u8]; OPERANDS_MAX] = std::array::from_fn(|_| &mut [][..]);
            for (write, &slot) in writes.iter_mut().zip(&node.writes) {
                *write = take(&mut part.split[slot]);
            }
            let rows = part.first..part.first + part.rows;
            let reads = self.reads(shared, node, &part.split, whole, rows);
            let leaf = Leaf {
                first: part.first,
                rows: part.rows,
                packed: node.weight.and_then(|id| shared.packed[id].as_ref()),
                prepared,
                scratch: part.scratch,
                ring: part.ring,
            };
            let op = &shared.ops[node.index].op;
            let done = shared.step.rows(op, &reads, &mut writes, leaf);
            done.map_err(|NotFinite| node.index)?;
            for (write, &slot) in writes.into_iter().zip(&node.writes) {
                part.split[slot] = write;
            }
        }
        Ok(())
    }

    fn reads<'a>(
        &self,
        shared: &Shared<'a>,
        node: &WalkNode,
        split: &'a [&mut [u8]; SPLIT_OPERANDS_MAX],
        whole: &[&'a [u8]; WHOLE_OPERANDS_MAX],
        rows: Range<usize>,
    ) -> [&'a [u8]; OPERANDS_MAX] {
        let mut reads: [&[u8]; OPERANDS_MAX] = [&[]; OPERANDS_MAX];
        for (read, source) in reads.iter_mut().zip(&node.reads) {
            *read = match source {
                Source::Split(slot) => &*split[*slot],
                Source::Whole(slot) => whole[*slot],
                Source::Weight(operand) => weight_bytes(shared.weights, operand),
                Source::WeightRows(operand) => {
                    let bytes = weight_bytes(shared.weights, operand);
                    let row = bytes.len() / self.rows;
                    &bytes[rows.start * row..rows.end * row]
                }
            };
        }
        reads
    }
}

/// The walks of one program: one for each group, and one for each node alone, for observers.
pub(super) struct Walks {
    /// By group; `None` where its one node is run whole.
    pub(super) groups: Vec<Option<Walk>>,
    /// By node; `None` where it is run whole.
    pub(super) nodes: Vec<Option<Walk>>,
}

impl Walks {
    /// Binds a program.
    pub(super) fn new(program: &Program, rings: &[TurnedRing]) -> Walks {
        let walk = |nodes: Range<usize>, rows: usize| {
            (rows > 0).then(|| Walk::new(program, nodes, rows, rings))
        };
        let groups = &program.groups;
        let alone = groups
            .iter()
            .flat_map(|group| group.nodes.clone().map(move |node| (node..node + 1, group.rows)));
        Walks {
            groups: groups.iter().map(|group| walk(group.nodes.clone(), group.rows)).collect(),
            nodes: alone.map(|(nodes, rows)| walk(nodes, rows)).collect(),
        }
    }

    /// Most scratch bytes that a walk of these needs.
    pub(super) fn scratch_bytes(&self) -> usize {
        let walks = self.groups.iter().chain(&self.nodes).flatten();
        walks.map(Walk::scratch_bytes).max().unwrap_or(0)
    }
}

/// Bytes that the neediest op of a model prepares for all rows at once.
pub(super) fn prepared_bytes(model: &Model) -> usize {
    let nodes = model.prompt.nodes.iter().chain(&model.frame.nodes);
    let bytes = nodes.map(|node| match node.op {
        Op::Attention { tokens, heads, head_width, .. } => {
            4 * tokens.next_multiple_of(kernels::LANES) * heads * head_width
        }
        ref op => super::products::prepared_bytes(op),
    });
    bytes.max().unwrap_or(0)
}
