//! The frames of the next FRAMES block, gathered in columns as they happen.

use super::limits::FRAMES_PER_BLOCK_MAX;
use super::v1;
use crate::event::{Action, Outcome};

/// Gathers actions and outcomes until they are sealed with [`Encoder::seal_frames`].
///
/// One batch serves one encoder from its first frame to its last and allocates only when made. An
/// action comes before its outcome, so a batch may hold more actions than outcomes.
///
/// [`Encoder::seal_frames`]: super::Encoder::seal_frames
pub struct FramesBatch {
    columns: v1::Frames,
    actions: Column,
    outcomes: Column,
}

/// Where a column is: the next frame, and the time that a reader has summed up to.
#[derive(Default)]
struct Column {
    next_frame: u64,
    read_us: u64,
}

impl Column {
    /// Takes `frame` at `at_us` and gives its delta.
    ///
    /// The delta is from the time a reader knows, so that what one saturated delta loses, the next
    /// ones make up for.
    fn step(&mut self, frame: u64, at_us: u64) -> u32 {
        assert_eq!(frame, self.next_frame, "frames come one after another");
        self.next_frame += 1;
        let delta_us = u32::try_from(at_us.saturating_sub(self.read_us)).unwrap_or(u32::MAX);
        self.read_us += u64::from(delta_us);
        delta_us
    }
}

impl FramesBatch {
    /// An empty batch that begins at frame 0.
    pub fn new() -> FramesBatch {
        let columns = v1::Frames {
            actions: Vec::with_capacity(FRAMES_PER_BLOCK_MAX),
            action_delta_us: Vec::with_capacity(FRAMES_PER_BLOCK_MAX),
            picture_digests: Vec::with_capacity(FRAMES_PER_BLOCK_MAX),
            state_sums: Vec::with_capacity(FRAMES_PER_BLOCK_MAX),
            outcome_delta_us: Vec::with_capacity(FRAMES_PER_BLOCK_MAX),
            ..v1::Frames::default()
        };
        FramesBatch { columns, actions: Column::default(), outcomes: Column::default() }
    }

    /// An empty batch that goes on after the frames of a tape that end at these numbers and times.
    pub(super) fn after(actions: (u64, u64), outcomes: (u64, u64)) -> FramesBatch {
        let column = |(next_frame, read_us)| Column { next_frame, read_us };
        let mut batch = FramesBatch::new();
        (batch.actions, batch.outcomes) = (column(actions), column(outcomes));
        batch.clear();
        batch
    }

    /// Adds the action of `frame`, taken `at_us` microseconds after the start of the session.
    ///
    /// # Panics
    /// If `frame` is not the next one, or the batch [is full](Self::is_full).
    pub fn push_action(&mut self, frame: u64, action: Action, at_us: u64) {
        assert!(self.columns.actions.len() < FRAMES_PER_BLOCK_MAX, "frame {frame}: full batch");
        let delta_us = self.actions.step(frame, at_us);
        self.columns.actions.push(action.0);
        self.columns.action_delta_us.push(delta_us);
    }

    /// Adds the outcome of `frame`, known `at_us` microseconds after the start of the session.
    ///
    /// # Panics
    /// If `frame` is not the next one, has no action yet, or the batch [is full](Self::is_full).
    pub fn push_outcome(&mut self, frame: u64, outcome: Outcome, at_us: u64) {
        assert!(frame < self.actions.next_frame, "frame {frame} has no action yet");
        assert!(self.columns.state_sums.len() < FRAMES_PER_BLOCK_MAX, "frame {frame}: full batch");
        let delta_us = self.outcomes.step(frame, at_us);
        self.columns.picture_digests.push(outcome.picture.0);
        self.columns.state_sums.push(outcome.state_sum);
        self.columns.outcome_delta_us.push(delta_us);
    }

    /// Must the batch be sealed before anything is added?
    pub fn is_full(&self) -> bool {
        self.columns.actions.len() == FRAMES_PER_BLOCK_MAX
            || self.columns.state_sums.len() == FRAMES_PER_BLOCK_MAX
    }

    /// Is there nothing to seal?
    pub fn is_empty(&self) -> bool {
        self.columns.actions.is_empty() && self.columns.state_sums.is_empty()
    }

    /// What a FRAMES block holds of it.
    pub(super) fn columns(&self) -> &v1::Frames {
        &self.columns
    }

    /// Empties the batch; the next block goes on where this one ended.
    pub(super) fn clear(&mut self) {
        let columns = &mut self.columns;
        columns.actions.clear();
        columns.action_delta_us.clear();
        columns.picture_digests.clear();
        columns.state_sums.clear();
        columns.outcome_delta_us.clear();
        columns.first_action_frame = self.actions.next_frame;
        columns.first_outcome_frame = self.outcomes.next_frame;
    }
}

impl Default for FramesBatch {
    fn default() -> Self {
        FramesBatch::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturated_delta_is_made_up_for_and_a_clock_that_steps_back_stands_still() {
        let mut batch = FramesBatch::new();
        let long_us = u64::from(u32::MAX) + 10;
        for (frame, at_us) in [5, 3, long_us + 5, long_us + 6].into_iter().enumerate() {
            batch.push_action(frame as u64, Action::NONE, at_us);
        }
        assert_eq!(batch.columns().action_delta_us, [5, 0, u32::MAX, 11]);
    }

    #[test]
    #[should_panic(expected = "frame 0 has no action yet")]
    fn an_outcome_without_its_action_is_a_bug() {
        FramesBatch::new().push_outcome(0, Outcome::default(), 0);
    }
}
