//! Sharing rows out among threads: what a row becomes never depends on the split.

/// Fewest elements that are worth a second thread.
const ELEMENTS_PER_TASK: usize = 8192;

/// How small a piece of work is worth handing to another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    elements_per_task: usize,
}

impl Share {
    /// What pays on the processors that were measured.
    pub const USUAL: Share = Share { elements_per_task: ELEMENTS_PER_TASK };

    /// Every row may go to another thread: slow, and the hardest test of [`Share`]'s promise.
    pub const FINEST: Share = Share { elements_per_task: 1 };

    /// Rows of one task: an even share for each thread, but enough to be worth handing over. `cost`
    /// is the work of one row, in elements.
    pub(super) fn rows(self, rows: usize, cost: usize) -> usize {
        let worth = self.elements_per_task.div_ceil(cost.max(1));
        rows.div_ceil(rayon::current_num_threads()).max(worth).min(rows).max(1)
    }
}
