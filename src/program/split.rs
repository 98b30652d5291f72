//! Which ops work row by row, and which runs of them can share one walk over the rows.

use super::buffer::{BufferId, Operand, Place};
use super::model::Node;
use super::op::Op;
use std::ops::Range;

/// Most different arena operands of one group that are walked row by row.
pub const SPLIT_OPERANDS_MAX: usize = 24;

/// Most different arena operands of one group that every row may read whole.
pub const WHOLE_OPERANDS_MAX: usize = 32;

/// How an op may be cut into rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows that it may be cut into, or any divisor of that; for an op that treats every element
    /// alike, its elements.
    pub rows: usize,
    /// Bit `i` is set where every row needs the whole of read `i`.
    pub whole_reads: u8,
}

impl Op {
    /// How the op may be cut into rows; `None` for one that has to be run whole.
    pub fn split(&self) -> Option<Split> {
        let (rows, whole_reads) = match *self {
            Op::Add { count }
            | Op::Silu { count }
            | Op::Gelu { count }
            | Op::Euler { count, .. }
            | Op::MixNoise { count, .. } => (count, 0),
            Op::LayerNorm { rows, .. } | Op::SplitHeads { rows, .. } => (rows, 0),
            Op::Quantise { rows, .. } if rows > 1 => (rows, 0),
            Op::Linear { rows, .. } if rows > 1 => (rows, 0b11100),
            Op::Convolution { height, .. } => (height, 0b11111),
            Op::Modulate { rows, .. } | Op::ScaleShift { rows, .. } => (rows, 0b110),
            Op::GatedAdd { rows, .. } => (rows, 0b100),
            Op::PixelNorm { rows, .. } => (rows, 0b10),
            Op::Attention { tokens, .. } => (tokens, 0b110),
            Op::TemporalAttention { tokens, .. } => (tokens, 0b111000),
            Op::Noise { .. }
            | Op::Buttons { .. }
            | Op::TimeEmbedding { .. }
            | Op::Permute { .. }
            | Op::Quantise { .. }
            | Op::Linear { .. }
            | Op::Remember { .. }
            | Op::ToPicture { .. }
            | Op::BitSum { .. }
            | Op::TotalSum { .. } => return None,
        };
        Some(Split { rows, whole_reads })
    }
}

/// A run of nodes. Where `rows` is not 0, each node can be cut into that many equal parts, and part
/// `i` of each reads, of what the group writes, only parts `i`: a thread may take some of the rows
/// through all nodes before another thread has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The nodes, by index.
    pub nodes: Range<usize>,
    /// Equal parts, or 0 for a single node that is run whole.
    pub rows: usize,
}

/// Groups all nodes of a program, in order: as many as can walk together do.
pub fn groups(nodes: &[Node]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Option<Open> = None;
    for (index, node) in nodes.iter().enumerate() {
        let Some(split) = node.op.split() else {
            open = None;
            groups.push(Group { nodes: index..index + 1, rows: 0 });
            continue;
        };
        if let Some(group) = open.as_mut()
            && group.takes(node, split)
        {
            groups.last_mut().expect("the open group").nodes.end = index + 1;
            continue;
        }
        let rows = split.rows;
        let mut fresh = Open {
            rows,
            ready: false,
            ring: None,
            split: Vec::new(),
            whole: Vec::new(),
            written: Vec::new(),
        };
        assert!(fresh.takes(node, split), "{}: a node fits a group of its own", node.name);
        groups.push(Group { nodes: index..index + 1, rows });
        open = Some(fresh);
    }
    groups
}

/// A group that may take more nodes.
struct Open {
    rows: usize,
    /// Does it hold an op that an engine may make ready for all rows at once?
    ready: bool,
    /// The ring of keys that its attention over time reads.
    ring: Option<Place>,
    split: Vec<Operand>,
    whole: Vec<Operand>,
    written: Vec<BufferId>,
}

impl Open {
    /// Engines have one room for what is made ready, and follow one ring, for each group.
    fn leaves_room(&self, node: &Node) -> bool {
        let ring = ring_of(node);
        let same_ring = self.ring.is_none() || ring.is_none() || ring == self.ring;
        same_ring && !(self.ready && is_made_ready(&node.op))
    }

    /// Takes the node if it can walk with the others.
    fn takes(&mut self, node: &Node, split: Split) -> bool {
        if !split.rows.is_multiple_of(self.rows) || !self.leaves_room(node) {
            return false;
        }
        let (mut rows, mut whole) = (self.split.clone(), self.whole.clone());
        for (i, operand) in node.reads.iter().enumerate() {
            let Some(buffer) = buffer_of(operand) else { continue };
            if split.whole_reads >> i & 1 == 1 {
                if self.written.contains(&buffer) || rows.iter().any(|other| other.meets(operand)) {
                    return false;
                }
                add(&mut whole, operand);
            } else {
                let apart = |other: &Operand| other == operand || !other.meets(operand);
                if !rows.iter().all(apart) || whole.iter().any(|other| other.meets(operand)) {
                    return false;
                }
                add(&mut rows, operand);
            }
        }
        for operand in &node.writes {
            if rows.iter().chain(&whole).any(|other| other.meets(operand)) {
                return false;
            }
            add(&mut rows, operand);
        }
        if rows.len() > SPLIT_OPERANDS_MAX || whole.len() > WHOLE_OPERANDS_MAX {
            return false;
        }
        (self.split, self.whole) = (rows, whole);
        self.ready |= is_made_ready(&node.op);
        self.ring = self.ring.or(ring_of(node));
        self.written.extend(node.writes.iter().filter_map(buffer_of));
        true
    }
}

/// Ops whose operands an engine may lay out anew for all rows before the first row runs.
fn is_made_ready(op: &Op) -> bool {
    matches!(op, Op::Attention { .. } | Op::Convolution { .. })
}

/// The ring of keys that attention over time reads.
fn ring_of(node: &Node) -> Option<Place> {
    matches!(node.op, Op::TemporalAttention { .. }).then(|| node.reads[3].place)
}

fn add(list: &mut Vec<Operand>, operand: &Operand) {
    if !list.contains(operand) {
        list.push(*operand);
    }
}

fn buffer_of(operand: &Operand) -> Option<BufferId> {
    match operand.place {
        Place::Arena(id) => Some(id),
        Place::Weight(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dtype, ModelBuilder};
    use super::*;

    #[test]
    fn rows_walk_together_until_one_needs_them_all() {
        let mut model = ModelBuilder::default();
        let x = model.resident("x", Dtype::F32, 48 * 8);
        let mut program = model.program();
        let norm = Op::LayerNorm { rows: 48, columns: 8, epsilon: 1e-5 };
        let [a] = program.node("norm", norm.clone(), &[x]);
        let [b] = program.node("silu", Op::Silu { count: 48 * 8 }, &[a]);
        let attention = Op::Attention { tokens: 48, heads: 1, head_width: 8, scale: 1.0 };
        let [c] = program.node("over all", attention, &[x, a, b]);
        let [d] = program.node("norm again", norm, &[c]);
        let [_, _] = program.node("in one", Op::Quantise { rows: 1, columns: 48 * 8 }, &[d]);
        let groups = program.finish(None).groups;
        let found: Vec<_> = groups.into_iter().map(|group| (group.nodes, group.rows)).collect();
        assert_eq!(found, [(0..2, 48), (2..4, 48), (4..5, 0)]);
    }

    #[test]
    fn other_numbers_of_rows_walk_apart_unless_one_divides_the_other() {
        let mut model = ModelBuilder::default();
        let x = model.resident("x", Dtype::F32, 12 * 8);
        let mut program = model.program();
        let norm = |rows, columns| Op::LayerNorm { rows, columns, epsilon: 1e-5 };
        let [a] = program.node("12 rows", norm(12, 8), &[x]);
        let [b] = program.node("24 rows", norm(24, 4), &[a]);
        let [_] = program.node("8 rows", norm(8, 12), &[b]);
        let groups = program.finish(None).groups;
        let found: Vec<_> = groups.into_iter().map(|group| (group.nodes, group.rows)).collect();
        assert_eq!(found, [(0..2, 12), (2..3, 8)]);
    }

    #[test]
    fn a_group_makes_one_op_ready_and_follows_one_ring() {
        let mut model = ModelBuilder::default();
        let count = 4 * 8;
        let [q, k, v, w] = ["q", "k", "v", "w"].map(|name| model.resident(name, Dtype::F32, count));
        let rings = ["a", "b"].map(|name| model.resident(name, Dtype::F32, 3 * count));
        let bias = model.weight("bias", || super::super::WeightData::F32(vec![0.0; 4]));
        let mut program = model.program();
        let attention = Op::Attention { tokens: 4, heads: 1, head_width: 8, scale: 1.0 };
        let [_] = program.node("first", attention.clone(), &[q, k, v]);
        let [_] = program.node("second", attention, &[q, w, v]);
        let time =
            Op::TemporalAttention { tokens: 4, heads: 1, head_width: 8, window: 3, scale: 1.0 };
        let [a, b] = rings;
        let [_] = program.node("ring a", time.clone(), &[q, k, v, a, b, bias]);
        let [_] = program.node("ring b", time, &[q, k, v, b, a, bias]);
        let groups = program.finish(None).groups;
        let found: Vec<_> = groups.into_iter().map(|group| group.nodes).collect();
        assert_eq!(found, [0..1, 1..2, 2..3, 3..4]);
    }
}
