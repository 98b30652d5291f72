//! Ops that treat rows or elements alike: walks of one op or of several neighbours.

use super::{Launch, Site, THREADS};
use crate::program::{Op, Program};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// Most ops of one walk.
const STEPS_MAX: usize = 8;

/// A single row of more elements than this is quantised by all blocks, in two launches. Either way
/// gives the same bits; a walk would leave all multiprocessors but one idle.
const LONG_ROW: usize = 8192;

/// Elements that a block takes at once where every element is alike.
const CHUNK: usize = 256;

/// Number of the op in rows.cu.
const SPLIT_HEADS: u32 = 11;

/// The struct of that name in rows.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Step {
    reads: [u64; 3],
    writes: [u64; 3],
    kind: u32,
    count: u32,
    columns: u32,
    inner: u32,
    node: u32,
    constant: f32,
    heads: u32,
    reserved: u32,
}

/// The struct of that name in rows.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Walk {
    steps: [Step; STEPS_MAX],
    first_refused: u64,
    step_count: u32,
    rows: u32,
    is_alike: u32,
    reserved: u32,
}

/// The struct of that name in rows.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct LongRow {
    x: u64,
    q: u64,
    scale: u64,
    most: u64,
    first_refused: u64,
    count: u32,
    node: u32,
}

/// What a walk needs to know of an op.
struct Shape {
    /// Its number in rows.cu.
    kind: u32,
    /// Elements, counted in its first write.
    count: usize,
    /// Elements of its own row, or after how many a vector repeats.
    inner: usize,
    /// Does an element depend on nothing but elements at its own place?
    is_by_element: bool,
    constant: f32,
    heads: usize,
}

/// How the op walks; `None` for one that does not.
fn shape(op: &Op) -> Option<Shape> {
    let element = |kind, count, constant| {
        Some(Shape { kind, count, inner: 1, is_by_element: true, constant, heads: 1 })
    };
    let row = |kind, rows, columns, is_by_element, constant| {
        let count = rows * columns;
        Some(Shape { kind, count, inner: columns, is_by_element, constant, heads: 1 })
    };
    match *op {
        Op::Add { count } => element(0, count, 0.0),
        Op::Silu { count } => element(1, count, 0.0),
        Op::Gelu { count } => element(2, count, 0.0),
        Op::Euler { count, step } => element(3, count, step),
        Op::MixNoise { count, time } => element(4, count, time),
        Op::Modulate { rows, columns } => row(5, rows, columns, true, 0.0),
        Op::GatedAdd { rows, columns } => row(6, rows, columns, true, 0.0),
        Op::ScaleShift { rows, columns } => row(7, rows, columns, true, 0.0),
        Op::LayerNorm { rows, columns, epsilon } => row(8, rows, columns, false, epsilon),
        Op::PixelNorm { rows, columns, epsilon } => row(9, rows, columns, false, epsilon),
        Op::Quantise { rows, columns } if !is_long(rows, columns) => {
            row(10, rows, columns, false, 0.0)
        }
        Op::SplitHeads { rows, heads, head_width, length } => {
            let shape = row(SPLIT_HEADS, rows, heads * head_width, false, length);
            shape.map(|shape| Shape { heads, ..shape })
        }
        _ => None,
    }
}

/// Is this a single row that all blocks quantise together?
pub(super) fn is_long(rows: usize, columns: usize) -> bool {
    rows == 1 && columns > LONG_ROW
}

/// The neighbours from the first of `nodes` on that one walk can take, all of one group.
pub(super) fn run(program: &Program, nodes: Range<usize>) -> Range<usize> {
    let walks =
        nodes.clone().take(STEPS_MAX).take_while(|&i| shape(&program.nodes[i].op).is_some());
    nodes.start..nodes.start + walks.count()
}

impl Site<'_> {
    /// The walk through `nodes`, neighbours of one group, in as many equal parts as all of them can
    /// be cut into.
    pub(super) fn walk(&self, nodes: Range<usize>) -> Launch {
        let shapes: Vec<Shape> = nodes
            .clone()
            .map(|i| shape(&self.program.nodes[i].op).expect("an op that walks"))
            .collect();
        let count = shapes[0].count;
        let is_alike = shapes.iter().all(|shape| shape.is_by_element && shape.count == count);
        let own_rows =
            |shape: &Shape| shape.count / if shape.is_by_element { 1 } else { shape.inner };
        let rows = match is_alike {
            true => count.div_ceil(CHUNK),
            false => shapes.iter().map(own_rows).fold(0, greatest_common_divisor),
        };
        let columns = |shape: &Shape| if is_alike { CHUNK } else { shape.count / rows };
        let mut steps = [Step::zeroed(); STEPS_MAX];
        for ((step, shape), index) in steps.iter_mut().zip(&shapes).zip(nodes) {
            *step = Site { index, ..*self }.step(shape, columns(shape));
        }
        let walk = Walk {
            steps,
            first_refused: self.refused(),
            step_count: shapes.len() as u32,
            rows: rows as u32,
            is_alike: u32::from(is_alike),
            reserved: 0,
        };
        let widest = shapes.iter().map(columns).max().expect("a step");
        let threads = match shapes[..] {
            // A warp for each head of queries, keys and values.
            [Shape { kind: SPLIT_HEADS, heads, .. }] => threads_for_warps(3 * heads),
            _ => threads_for(widest),
        };
        self.launch("walk_rows", rows as u64, threads, &walk)
    }

    fn step(&self, shape: &Shape, columns: usize) -> Step {
        let node = self.node();
        let address = |i: usize, len: usize, of: &dyn Fn(usize) -> u64| {
            if i < len { of(i) } else { 0 }
        };
        Step {
            reads: [0, 1, 2].map(|i| address(i, node.reads.len(), &|i| self.read(i))),
            writes: [0, 1, 2].map(|i| address(i, node.writes.len(), &|i| self.write(i))),
            kind: shape.kind,
            count: shape.count as u32,
            columns: columns as u32,
            inner: shape.inner as u32,
            node: self.index as u32,
            constant: shape.constant,
            heads: shape.heads as u32,
            reserved: 0,
        }
    }

    /// One row that all blocks quantise.
    pub(super) fn quantise_long_row(&self, columns: usize) -> Vec<Launch> {
        let row = LongRow {
            x: self.read(0),
            q: self.write(0),
            scale: self.write(1),
            most: self.at(self.planner.layout.word(self.index)),
            first_refused: self.refused(),
            count: columns as u32,
            node: self.index as u32,
        };
        let kernels = ["largest_magnitude", "quantise_long_row"];
        kernels.map(|kernel| self.launch_items(kernel, columns, &row)).into()
    }
}

/// Threads of a block for rows of so many elements: a few elements a thread, so that short rows
/// leave room for more blocks.
fn threads_for(columns: usize) -> u32 {
    match columns {
        0..=128 => 32,
        129..=256 => 64,
        257..=512 => 128,
        513..=1024 => THREADS,
        _ => 2 * THREADS,
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if a == 0 { b } else { greatest_common_divisor(b % a, a) }
}

/// Threads of a block with so many warps, or as many as a block may have.
fn threads_for_warps(warps: usize) -> u32 {
    32 * warps.clamp(1, 32) as u32
}
