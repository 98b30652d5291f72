//! Replay: the tape as the source of actions, and as what every outcome is held against.

use super::{DriveError, Flow, Made, Sink, Source};
use crate::event::{Action, Outcome};

/// The actions of a tape, for as many frames as have outcomes to be held against.
#[derive(Clone, Debug)]
pub struct TapeActions {
    actions: Vec<Action>,
}

impl TapeActions {
    /// The first `frames` of `actions`.
    pub fn new(actions: &[Action], frames: usize) -> TapeActions {
        TapeActions { actions: actions[..frames.min(actions.len())].to_vec() }
    }
}

impl Source for TapeActions {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        Ok(usize::try_from(frame).ok().and_then(|frame| self.actions.get(frame).copied()))
    }
}

/// What a replay found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Frames held against the tape.
    pub frames: u64,
    /// First frame whose state sum differs: where the drift starts.
    pub first_state_drift: Option<u64>,
    /// First frame whose picture differs; it can come much later.
    pub first_picture_drift: Option<u64>,
    /// Frames that differ in either.
    pub differing: u64,
}

impl Verdict {
    /// The first frame that differs in any way.
    pub fn first_drift(&self) -> Option<u64> {
        [self.first_state_drift, self.first_picture_drift].into_iter().flatten().min()
    }
}

/// A sink that holds every outcome against the tape's.
#[derive(Debug)]
pub struct Verifier<'a> {
    expected: &'a [Outcome],
    until_drift: bool,
    verdict: Verdict,
}

impl<'a> Verifier<'a> {
    /// Holds outcomes against `expected`, to the end or until the first that differs.
    pub fn new(expected: &'a [Outcome], until_drift: bool) -> Verifier<'a> {
        Verifier { expected, until_drift, verdict: Verdict::default() }
    }

    /// What was found so far.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl Sink for Verifier<'_> {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        Ok(())
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        let Some(expected) = usize::try_from(made.frame).ok().and_then(|n| self.expected.get(n))
        else {
            return Ok(Flow::Stop); // nothing to hold this frame against
        };
        let verdict = &mut self.verdict;
        verdict.frames += 1;
        if *expected == made.outcome {
            return Ok(Flow::Continue);
        }
        verdict.differing += 1;
        if expected.state_sum != made.outcome.state_sum {
            verdict.first_state_drift.get_or_insert(made.frame);
        }
        if expected.picture != made.outcome.picture {
            verdict.first_picture_drift.get_or_insert(made.frame);
        }
        Ok(if self.until_drift { Flow::Stop } else { Flow::Continue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Digest;

    fn made(frame: u64, state_sum: u64, picture: u8) -> Made<'static> {
        let outcome = Outcome { picture: Digest([picture; 32]), state_sum };
        Made { frame, action: Action::NONE, outcome, picture: &[], computed_us: 0, at_us: 0 }
    }

    #[test]
    fn state_and_picture_drift_are_told_apart() {
        let expected = [Outcome::default(); 4];
        let mut verifier = Verifier::new(&expected, false);
        for (frame, sum, picture) in [(0, 0, 0), (1, 7, 0), (2, 0, 0), (3, 7, 1)] {
            assert_eq!(verifier.made(&made(frame, sum, picture)).expect("kept"), Flow::Continue);
        }
        let verdict = verifier.verdict();
        assert_eq!((verdict.frames, verdict.differing), (4, 2));
        assert_eq!(verdict.first_state_drift, Some(1));
        assert_eq!(verdict.first_picture_drift, Some(3));
        assert_eq!(verdict.first_drift(), Some(1));
    }

    #[test]
    fn a_replay_may_stop_at_the_first_drift() {
        let expected = [Outcome { state_sum: 1, ..Default::default() }];
        let mut verifier = Verifier::new(&expected, true);
        assert_eq!(verifier.made(&made(0, 0, 0)).expect("kept"), Flow::Stop);
    }
}
