//! Sharing rows out among threads: what a row becomes never depends on the split.

use rayon::prelude::*;

/// Fewest elements that are worth a second thread.
const ELEMENTS_PER_TASK: usize = 8192;

/// Splits `y` and the inputs, which have as many rows of their own widths, among the threads and
/// calls `work(first row, inputs, y)` on each part. `cost` is the work of one row of `y`, in elements.
/// What a row becomes never depends on the split.
pub(super) fn by_rows<const N: usize>(
    columns: usize,
    cost: usize,
    inputs: [&[f32]; N],
    y: &mut [f32],
    work: impl Fn(usize, [&[f32]; N], &mut [f32]) + Sync,
) {
    let rows = y.len() / columns;
    let share = rows_of_a_task(rows, cost);
    y.par_chunks_mut(share * columns).enumerate().for_each(|(task, y)| {
        let first = task * share;
        let rows = y.len() / columns;
        let parts = inputs.map(|x| &x[first * columns..(first + rows) * columns]);
        work(first, parts, y);
    });
}

/// Rows of one task: an even share for each thread, but enough to be worth handing over.
pub(super) fn rows_of_a_task(rows: usize, cost: usize) -> usize {
    let worth = ELEMENTS_PER_TASK.div_ceil(cost.max(1));
    rows.div_ceil(rayon::current_num_threads()).max(worth).min(rows).max(1)
}
