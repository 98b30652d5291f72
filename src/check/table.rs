//! The table of ops and sizes: an op belongs here once for each size that may matter to an engine.

use crate::exact::{KEYS_MAX, PRODUCTS_MAX};
use crate::program::{Dtype, Op};

/// One op at one size.
#[derive(Clone, Debug)]
pub struct Row {
    /// The op with its sizes.
    pub op: Op,
    /// Frames in memory before the op runs.
    pub remembered: u64,
}

impl Row {
    /// Type and length of the operands, rings as the frames they hold.
    pub fn operands(&self) -> Vec<(Dtype, usize)> {
        let mut reads = self.op.signature().reads;
        if let Some((count, window)) = self.ring() {
            let len = self.remembered.min(window as u64) as usize * count;
            match self.op {
                Op::Remember { .. } => reads.push((Dtype::F32, len)),
                _ => (reads[3].1, reads[4].1) = (len, len),
            }
        }
        reads
    }

    /// Elements of a frame in the op's ring, and the frames it can hold.
    pub fn ring(&self) -> Option<(usize, usize)> {
        match self.op {
            Op::Remember { count, window } => Some((count, window)),
            Op::TemporalAttention { tokens, heads, head_width, window, .. } => {
                Some((tokens * heads * head_width, window))
            }
            _ => None,
        }
    }
}

/// All rows.
pub fn rows() -> Vec<Row> {
    let plain = [elements(), by_rows(), products(), spatial(), others()].concat();
    let mut rows: Vec<Row> = plain.into_iter().map(|op| Row { op, remembered: 0 }).collect();
    rows.extend(temporal());
    rows
}

/// Ops that treat every element alike: one, a few, odd counts, and enough for many threads.
fn elements() -> Vec<Op> {
    let mut ops = Vec::new();
    for count in [1, 2, 7, 16, 31, 33, 100, 1023, 25_001] {
        ops.push(Op::Add { count });
        ops.push(Op::Silu { count });
        ops.push(Op::Gelu { count });
        let step = -0.35;
        ops.push(Op::Euler { count, step });
        let time = 0.65;
        ops.push(Op::MixNoise { count, time });
        ops.push(Op::ToPicture { count });
        let first_index = u32::MAX - 5;
        ops.push(Op::BitSum { count, first_index });
        let draw = count as u32;
        ops.push(Op::Noise { draw, count });
    }
    for count in [1, 2, 9, 65] {
        ops.push(Op::TotalSum { count });
    }
    ops
}

/// Ops that treat every row alike, with rows that no number of threads divides.
fn by_rows() -> Vec<Op> {
    let sizes = [
        (1, 1),
        (1, 7),
        (3, 1),
        (2, 31),
        (5, 32),
        (13, 33),
        (7, 64),
        (11, 255),
        (1, 9001),
        (37, 1111),
        (8209, 3),
    ];
    let mut ops = Vec::new();
    for (rows, columns) in sizes {
        let epsilon = 1e-5;
        ops.push(Op::Quantise { rows, columns });
        ops.push(Op::LayerNorm { rows, columns, epsilon });
        ops.push(Op::PixelNorm { rows, columns, epsilon });
        ops.push(Op::Modulate { rows, columns });
        ops.push(Op::GatedAdd { rows, columns });
        ops.push(Op::ScaleShift { rows, columns });
    }
    for (rows, heads, head_width) in [(1, 1, 1), (3, 2, 5), (7, 3, 14), (13, 5, 33), (129, 4, 32)] {
        ops.push(Op::SplitHeads { rows, heads, head_width, length: 1.2 });
    }
    ops
}

/// Integer products, up to the longest sum that fits 32 bits.
fn products() -> Vec<Op> {
    let mut ops = Vec::new();
    let linear = [
        (1, 1, 1),
        (1, 3, 5),
        (1, 64, 17),
        (2, 63, 16),
        (3, 65, 7),
        (5, 128, 33),
        (17, 31, 15),
        (6, 4, 130),
        (4, 64, 64),
        (7, 36, 80),
        (9, 16, 127),
        (12, 100, 48),
        (14, 5, 65),
        (13, 257, 130),
        (1, 2049, 129),
        (1, PRODUCTS_MAX, 3),
        (2, PRODUCTS_MAX, 1),
    ];
    for (rows, inputs, outputs) in linear {
        ops.push(Op::Linear { rows, inputs, outputs });
    }
    let convolutions = [
        (1, 1, 1, 1, 1),
        (1, 1, 3, 2, 3),
        (1, 2, 4, 1, 3),
        (2, 1, 5, 3, 3),
        (2, 2, 16, 17, 3),
        (3, 3, 7, 9, 3),
        (4, 8, 12, 9, 1),
        (5, 3, 64, 16, 3),
        (9, 17, 21, 33, 3),
        (7, 5, 3, 4, 5),
        (3, 3, PRODUCTS_MAX / 9, 2, 3),
        (1, 2, PRODUCTS_MAX, 2, 1),
    ];
    for (height, width, inputs, outputs, kernel) in convolutions {
        ops.push(Op::Convolution { height, width, inputs, outputs, kernel });
    }
    ops
}

/// Attention within a frame, up to the most keys.
fn spatial() -> Vec<Op> {
    let sizes = [
        (1, 1, 1),
        (2, 1, 3),
        (3, 2, 5),
        (7, 3, 14),
        (32, 2, 16),
        (33, 3, 32),
        (65, 1, 33),
        (130, 2, 7),
        (1, 2, 16),
        (15, 1, 48),
        (KEYS_MAX, 1, 2),
        (KEYS_MAX, 1, 16),
    ];
    let op = |(tokens, heads, head_width)| Op::Attention { tokens, heads, head_width, scale: 0.37 };
    sizes.map(op).to_vec()
}

/// Buttons, times, orders of axes.
fn others() -> Vec<Op> {
    let mut ops = Vec::new();
    for count in [1, 5, 16] {
        ops.push(Op::Buttons { count });
    }
    for (time, features) in [(0.0, 2), (0.15, 22), (0.65, 64), (1.0, 33 * 2)] {
        ops.push(Op::TimeEmbedding { time, features });
    }
    let orders = [
        ([1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5]),
        ([5, 2, 2, 4, 2, 1], [1, 3, 0, 2, 4, 5]),
        ([2, 4, 5, 2, 2, 1], [2, 0, 3, 1, 4, 5]),
        ([2, 3, 4, 5, 6, 7], [5, 4, 3, 2, 1, 0]),
        ([7, 33, 1, 1, 1, 1], [1, 0, 2, 3, 4, 5]),
        ([1, 3, 1, 5, 1, 17], [2, 5, 0, 1, 4, 3]),
        ([3, 1, 2, 31, 4, 29], [0, 3, 1, 5, 2, 4]),
    ];
    for (shape, axes) in orders {
        ops.push(Op::Permute { shape, axes });
    }
    ops
}

/// Attention over time and its memory: empty, partly full, full, wrapped, after years of play.
fn temporal() -> Vec<Row> {
    let fillings = [
        (1, 0),
        (1, 1),
        (1, 9),
        (5, 0),
        (5, 3),
        (5, 5),
        (5, 12),
        (15, 9),
        (15, 20),
        (16, 40),
        (31, 1_000_000_007),
        (KEYS_MAX - 1, 2_999),
    ];
    let mut rows = Vec::new();
    for (window, remembered) in fillings {
        for (tokens, heads, head_width) in [(1, 1, 3), (7, 3, 14), (33, 2, 16)] {
            if window * tokens > 8_000 {
                continue;
            }
            let op = Op::TemporalAttention { tokens, heads, head_width, window, scale: 0.37 };
            rows.push(Row { op, remembered });
        }
        for count in [1, 77] {
            let op = Op::Remember { count, window };
            rows.push(Row { op, remembered });
        }
    }
    // Enough work that the tokens are shared out among threads.
    let op =
        Op::TemporalAttention { tokens: 301, heads: 1, head_width: 9, window: 12, scale: 0.37 };
    rows.push(Row { op, remembered: 29 });
    rows
}
