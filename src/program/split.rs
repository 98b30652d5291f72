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
    /// Rows that it may be cut into.
    pub rows: SplitRows,
    /// Bit `i` is set where every row needs the whole of read `i`.
    pub whole_reads: u8,
}

/// Numbers of rows that an op may be cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRows {
    /// This many, or a divisor of it.
    Exactly(usize),
    /// Any divisor of this many elements.
    Elements(usize),
}

impl SplitRows {
    /// Can the op be cut into `rows` equal parts?
    fn allows(self, rows: usize) -> bool {
        let (SplitRows::Exactly(most) | SplitRows::Elements(most)) = self;
        most.is_multiple_of(rows)
    }

    /// The most rows it can be cut into.
    pub fn most(self) -> usize {
        let (SplitRows::Exactly(most) | SplitRows::Elements(most)) = self;
        most
    }
}

impl Op {
    /// How the op may be cut into rows; `None` for one that has to be run whole.
    pub fn split(&self) -> Option<Split> {
        use SplitRows::{Elements, Exactly};
        let (rows, whole_reads) = match *self {
            Op::Add { count }
            | Op::Silu { count }
            | Op::Gelu { count }
            | Op::Euler { count, .. }
            | Op::MixNoise { count, .. } => (Elements(count), 0),
            Op::LayerNorm { rows, .. } | Op::SplitHeads { rows, .. } => (Exactly(rows), 0),
            Op::Quantise { rows, .. } if rows > 1 => (Exactly(rows), 0),
            Op::Linear { rows, .. } if rows > 1 => (Exactly(rows), 0b11100),
            Op::Convolution { height, .. } => (Exactly(height), 0b11111),
            Op::Modulate { rows, .. } | Op::ScaleShift { rows, .. } => (Exactly(rows), 0b110),
            Op::GatedAdd { rows, .. } => (Exactly(rows), 0b100),
            Op::PixelNorm { rows, .. } => (Exactly(rows), 0b10),
            Op::Attention { tokens, .. } => (Exactly(tokens), 0b110),
            Op::TemporalAttention { tokens, .. } => (Exactly(tokens), 0b111000),
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
        let rows = split.rows.most();
        let mut fresh = Open { rows, split: Vec::new(), whole: Vec::new(), written: Vec::new() };
        assert!(fresh.takes(node, split), "{}: a node fits a group of its own", node.name);
        groups.push(Group { nodes: index..index + 1, rows });
        open = Some(fresh);
    }
    groups
}

/// A group that may take more nodes.
struct Open {
    rows: usize,
    split: Vec<Operand>,
    whole: Vec<Operand>,
    written: Vec<BufferId>,
}

impl Open {
    /// Takes the node if it can walk with the others.
    fn takes(&mut self, node: &Node, split: Split) -> bool {
        if !split.rows.allows(self.rows) {
            return false;
        }
        let (mut rows, mut whole) = (self.split.clone(), self.whole.clone());
        for (i, operand) in node.reads.iter().enumerate() {
            let Some(buffer) = buffer_of(operand) else { continue };
            if split.whole_reads >> i & 1 == 1 {
                if self.written.contains(&buffer) || rows.iter().any(|other| meets(other, operand))
                {
                    return false;
                }
                add(&mut whole, operand);
            } else {
                let apart = |other: &Operand| other == operand || !meets(other, operand);
                if !rows.iter().all(apart) || whole.iter().any(|other| meets(other, operand)) {
                    return false;
                }
                add(&mut rows, operand);
            }
        }
        for operand in &node.writes {
            if rows.iter().chain(&whole).any(|other| meets(other, operand)) {
                return false;
            }
            add(&mut rows, operand);
        }
        if rows.len() > SPLIT_OPERANDS_MAX || whole.len() > WHOLE_OPERANDS_MAX {
            return false;
        }
        (self.split, self.whole) = (rows, whole);
        self.written.extend(node.writes.iter().filter_map(buffer_of));
        true
    }
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

/// Do two operands share an element?
fn meets(a: &Operand, b: &Operand) -> bool {
    a.place == b.place && a.offset < b.offset + b.len && b.offset < a.offset + a.len
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
}
