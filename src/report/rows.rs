//! What is held against what: one row of the timeline each.

use super::{Of, Report};
use crate::drift::{Divergence, Mark, Play, compare, marks};
use crate::event::{Action, Outcome};

/// Two lists of outcomes held against each other.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Whose frames the left ones are.
    pub(super) of: Of,
    /// What the left ones are.
    pub left: String,
    /// What the right ones are.
    pub right: String,
    /// What was recorded.
    pub(super) expected: &'a [Outcome],
    /// What it is held against.
    pub(super) made: &'a [Outcome],
    /// Actions of the right side, where they may be others.
    pub(super) actions: Option<&'a [Action]>,
    /// May it be the same? Not where another arithmetic was computed.
    pub is_exact: bool,
    /// Where they part.
    pub found: Divergence,
}

impl Row<'_> {
    /// The first frame that differs in any way.
    pub fn first_drift(&self) -> Option<u64> {
        [self.found.first_action, self.found.first_drift()].into_iter().flatten().min()
    }

    /// The verdict on each of the longer side's frames.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let made: Vec<Option<Outcome>> = self.made.iter().copied().map(Some).collect();
        let mut marks = marks(self.expected, &made);
        let frames = self.expected.len().max(self.made.len());
        marks.resize(frames, Mark::Unknown);
        marks
    }
}

impl Report<'_> {
    /// What is held against what: the two tapes first, then each run against its tape.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let tapes = self.other.as_ref().map(|other| {
            let (left, right) = (self.tape.tape, other.tape);
            Row {
                of: Of::Tape,
                left: self.tape.name.clone(),
                right: other.name.clone(),
                expected: &left.outcomes,
                made: &right.outcomes,
                actions: Some(&right.actions),
                is_exact: true,
                found: compare(
                    Play { actions: &left.actions, outcomes: &left.outcomes },
                    Play { actions: &right.actions, outcomes: &right.outcomes },
                ),
            }
        });
        tapes.into_iter().chain(self.runs.iter().map(|run| self.row_of(run))).collect()
    }

    /// A run against its tape.
    fn row_of<'a>(&'a self, run: &'a super::Run) -> Row<'a> {
        let tape = self.tape_of(run.of);
        let (actions, expected) = (&tape.tape.actions, &tape.tape.outcomes);
        let left = Play { actions, outcomes: expected };
        let right = Play { actions, outcomes: &run.outcomes };
        Row {
            of: run.of,
            left: self.tape_name(run.of).to_owned(),
            right: run.label.clone(),
            expected,
            made: &run.outcomes,
            actions: None,
            is_exact: run.is_exact,
            found: compare(left, right),
        }
    }

    /// The row that pictures are chosen by: the first that drifts, one of the same arithmetic
    /// before one of another.
    pub fn drifting<'r, 'a>(rows: &'r [Row<'a>]) -> Option<&'r Row<'a>> {
        let drifts = |row: &&Row<'a>| row.first_drift().is_some();
        let exact = rows.iter().filter(|row| row.is_exact).find(drifts);
        exact.or_else(|| rows.iter().find(drifts))
    }

    /// Is frame `frame` of the run at `index` the picture that its tape recorded?
    pub(super) fn is_recorded(&self, index: usize, frame: u64) -> bool {
        let run = &self.runs[index];
        let recorded = self.tape_of(run.of).tape.outcomes.get(frame as usize);
        let made = run.outcomes.get(frame as usize);
        matches!((recorded, made), (Some(recorded), Some(made)) if recorded.picture == made.picture)
    }

    /// The name of the tape that a run is of, where there are two; `the tape` where there is one.
    pub(super) fn tape_name(&self, of: Of) -> &str {
        if self.other.is_some() { &self.tape_of(of).name } else { "the tape" }
    }
}
