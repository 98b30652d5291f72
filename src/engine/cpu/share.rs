//! Sharing rows out among threads: what a row becomes never depends on the split.

/// Fewest elements that are worth a second thread.
const ELEMENTS_PER_TASK: usize = 8192;

/// Rows of one task: an even share for each thread, but enough to be worth handing over. `cost` is
/// the work of one row, in elements.
pub(super) fn rows_of_a_task(rows: usize, cost: usize) -> usize {
    let worth = ELEMENTS_PER_TASK.div_ceil(cost.max(1));
    rows.div_ceil(rayon::current_num_threads()).max(worth).min(rows).max(1)
}
