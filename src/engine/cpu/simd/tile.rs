//! The tile of integer products, written once: rows by blocks of outputs, in registers.

/// How a product walks the bytes of one row of activations: `segments` runs of `quads` quads of
/// four bytes, `segment_stride` bytes from run to run. A linear layer has one segment; a
/// convolution
/// has one for each row of its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::cpu) struct Path {
    pub(in crate::engine::cpu) segments: usize,
    pub(in crate::engine::cpu) segment_stride: usize,
    pub(in crate::engine::cpu) quads: usize,
}

/// One panel of a packed weight: up to four blocks of outputs, and what ends their sums.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::cpu) struct Panel<'a> {
    /// For each group: each block's lanes of four bytes.
    pub(in crate::engine::cpu) weights: &'a [i8],
    /// What each accumulator starts from.
    pub(in crate::engine::cpu) starts: &'a [i32],
    /// Weight scale of each output; as many as there are outputs.
    pub(in crate::engine::cpu) scales: &'a [f32],
    /// Bias of each output.
    pub(in crate::engine::cpu) biases: &'a [f32],
}

/// Rows of activations: where they start, how far apart they are, how each is walked.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::cpu) struct Rows<'a> {
    pub(in crate::engine::cpu) bytes: &'a [u8],
    pub(in crate::engine::cpu) stride: usize,
    pub(in crate::engine::cpu) count: usize,
    pub(in crate::engine::cpu) path: Path,
}

impl Rows<'_> {
    /// Every byte that `count` rows touch is there.
    pub(in crate::engine::cpu) fn assert_in_bounds(&self) {
        let Path { segments, segment_stride, quads } = self.path;
        assert!(self.count > 0 && segments > 0, "no rows or no segments");
        let last = (self.count - 1).checked_mul(self.stride);
        let segment = (segments - 1).checked_mul(segment_stride);
        let reach = quads.checked_mul(4).zip(segment).and_then(|(run, at)| at.checked_add(run));
        let needed = last.zip(reach).and_then(|(last, reach)| last.checked_add(reach));
        assert!(needed.is_some_and(|needed| needed <= self.bytes.len()), "{self:?}");
    }
}

/// Makes `multiply`: rows by one panel, for an instruction set whose primitives are in scope:
/// `Int`, `LANES`, `load_weights`, `splat`, `load_starts`, `dot`, `finish`.
macro_rules! tiles {
    ($features:literal) => {
        use super::tile::{Panel, Rows};

        /// Most rows of one tile.
        const ROWS_MAX: usize = 6;

        /// Multiplies `rows` by `panel`. Row `r` has scale `scales[r * scale_step]` and goes to
        /// `y[r * y_stride..]`, one value for each output of the panel.
        #[target_feature(enable = $features)]
        pub(in crate::engine::cpu) fn multiply(
            rows: Rows<'_>,
            panel: Panel<'_>,
            scales: &[f32],
            scale_step: usize,
            y: &mut [f32],
            y_stride: usize,
        ) {
            let outputs = panel.scales.len();
            let blocks = outputs.div_ceil(LANES);
            rows.assert_in_bounds();
            assert!((1..=4).contains(&blocks), "{blocks} blocks");
            let quads = rows.path.segments.checked_mul(rows.path.quads);
            let weights = quads.and_then(|quads| quads.checked_mul(blocks * LANES * 4));
            assert_eq!(Some(panel.weights.len()), weights, "bytes of a panel");
            assert!(panel.starts.len() >= blocks * LANES, "starts are padded");
            assert_eq!(panel.biases.len(), outputs);
            let last = |step: usize| (rows.count - 1).checked_mul(step);
            assert!(last(scale_step).is_some_and(|at| at < scales.len()), "a scale for each row");
            let end = last(y_stride).and_then(|at| at.checked_add(outputs));
            assert!(end.is_some_and(|end| end <= y.len()), "a place for each row");
            let mut row = 0;
            while row < rows.count {
                let left = rows.count - row;
                let height = if left == 8 || left == 7 { 4 } else { left.min(ROWS_MAX) };
                // SAFETY: the asserts above keep every row, weight, start and output in bounds for
                // `rows.count` rows, and this tile stays within them.
                unsafe {
                    let job = Job {
                        act: rows.bytes.as_ptr().add(row * rows.stride),
                        stride: rows.stride,
                        path: rows.path,
                        panel: &panel,
                        scales: scales.as_ptr().add(row * scale_step),
                        scale_step,
                        y: y.as_mut_ptr().add(row * y_stride),
                        y_stride,
                    };
                    match blocks {
                        1 => heights::<1>(height, &job),
                        2 => heights::<2>(height, &job),
                        3 => heights::<3>(height, &job),
                        _ => heights::<4>(height, &job),
                    }
                }
                row += height;
            }
        }

        /// One tile's pointers; valid for as many rows as its height.
        struct Job<'a> {
            act: *const u8,
            stride: usize,
            path: super::tile::Path,
            panel: &'a Panel<'a>,
            scales: *const f32,
            scale_step: usize,
            y: *mut f32,
            y_stride: usize,
        }

        /// # Safety
        /// Every pointer of `job` is valid for `height` rows.
        #[target_feature(enable = $features)]
        unsafe fn heights<const BLOCKS: usize>(height: usize, job: &Job<'_>) {
            // SAFETY: the caller's promise is passed on with the same height.
            unsafe {
                match height {
                    1 => tile::<1, BLOCKS>(job),
                    2 => tile::<2, BLOCKS>(job),
                    3 => tile::<3, BLOCKS>(job),
                    4 => tile::<4, BLOCKS>(job),
                    5 => tile::<5, BLOCKS>(job),
                    _ => tile::<6, BLOCKS>(job),
                }
            }
        }

        /// # Safety
        /// Every pointer of `job` is valid for `ROWS` rows, its panel has `BLOCKS` blocks.
        #[target_feature(enable = $features)]
        unsafe fn tile<const ROWS: usize, const BLOCKS: usize>(job: &Job<'_>) {
            let mut sums = [[load_starts(&job.panel.starts[..LANES]); BLOCKS]; ROWS];
            for block in 1..BLOCKS {
                let start = load_starts(&job.panel.starts[block * LANES..(block + 1) * LANES]);
                for row in 0..ROWS {
                    sums[row][block] = start;
                }
            }
            let mut weights = job.panel.weights.as_ptr();
            for segment in 0..job.path.segments {
                // SAFETY: within the walk's reach, which the caller promised.
                let mut act = unsafe { job.act.add(segment * job.path.segment_stride) };
                for _ in 0..job.path.quads {
                    // SAFETY: the panel has `BLOCKS * LANES` quads of four bytes for each step of
                    // the walk, and each row has four bytes here.
                    unsafe {
                        let loaded: [Int; BLOCKS] = std::array::from_fn(|block| {
                            load_weights(weights.add(block * LANES * 4))
                        });
                        for row in 0..ROWS {
                            let four = act.add(row * job.stride).cast::<i32>().read_unaligned();
                            let values = splat(four);
                            for block in 0..BLOCKS {
                                sums[row][block] = dot(sums[row][block], values, loaded[block]);
                            }
                        }
                        weights = weights.add(BLOCKS * LANES * 4);
                        act = act.add(4);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                // SAFETY: `row` is below `ROWS`.
                let (scale, y) = unsafe {
                    (*job.scales.add(row * job.scale_step), job.y.add(row * job.y_stride))
                };
                for (block, &sum) in sums.iter().enumerate() {
                    let first = block * LANES;
                    let count = (job.panel.scales.len() - first).min(LANES);
                    let (scales, biases) = (
                        &job.panel.scales[first..first + count],
                        &job.panel.biases[first..first + count],
                    );
                    // SAFETY: `y` has a place for each output of the panel.
                    let y = unsafe { std::slice::from_raw_parts_mut(y.add(first), count) };
                    finish(sum, scale, scales, biases, y);
                }
            }
        }
    };
}

pub(in crate::engine::cpu) use tiles;
