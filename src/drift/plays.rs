//! Two plays frame by frame, without a model: where they part and whether they meet again.

use crate::event::{Action, Outcome};
use serde::Serialize;

/// A play as its tape tells it: frame `n` has element `n` of both.
#[derive(Clone, Copy, Debug)]
pub struct Play<'a> {
    /// What the player did; never fewer than outcomes.
    pub actions: &'a [Action],
    /// What came of it.
    pub outcomes: &'a [Outcome],
}

/// How two plays differ in the frames that both finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Frames that both finished.
    pub frames: u64,
    /// First frame whose action differs: from there on the plays are not of the same game.
    pub first_action: Option<u64>,
    /// First frame whose state sum differs: where the drift starts.
    pub first_state: Option<u64>,
    /// First frame whose picture differs; it can come much later.
    pub first_picture: Option<u64>,
    /// Frames whose state sum or picture differs.
    pub differing: u64,
    /// First frame after a difference whose state sum and picture are the same again.
    pub first_meeting: Option<u64>,
    /// First frame from which on state sums and pictures are the same to the end, after a
    /// difference.
    pub same_again_from: Option<u64>,
}

impl Divergence {
    /// The first frame that differs in state or picture.
    pub fn first_drift(&self) -> Option<u64> {
        [self.first_state, self.first_picture].into_iter().flatten().min()
    }

    /// Do all frames that both finished agree, actions included?
    pub fn is_same(&self) -> bool {
        self.first_action.is_none() && self.differing == 0
    }
}

/// Holds two plays against each other, as far as both go.
pub fn compare(left: Play<'_>, right: Play<'_>) -> Divergence {
    let mut found = Divergence::default();
    let outcomes = left.outcomes.iter().zip(right.outcomes);
    for (frame, (ours, theirs)) in (0..).zip(outcomes) {
        found.frames += 1;
        found.told(frame, ours, theirs);
    }
    let actions = left.actions.iter().zip(right.actions);
    let parted = actions.take(found.frames as usize).position(|(ours, theirs)| ours != theirs);
    found.first_action = parted.map(|frame| frame as u64);
    found
}

impl Divergence {
    fn told(&mut self, frame: u64, ours: &Outcome, theirs: &Outcome) {
        if ours == theirs {
            if self.differing > 0 {
                self.first_meeting.get_or_insert(frame);
                self.same_again_from.get_or_insert(frame);
            }
            return;
        }
        self.differing += 1;
        self.same_again_from = None;
        if ours.state_sum != theirs.state_sum {
            self.first_state.get_or_insert(frame);
        }
        if ours.picture != theirs.picture {
            self.first_picture.get_or_insert(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Digest;

    fn outcomes(of: &[(u8, u64)]) -> Vec<Outcome> {
        let outcome = |&(picture, state_sum): &(u8, u64)| Outcome {
            picture: Digest([picture; 32]),
            state_sum,
        };
        of.iter().map(outcome).collect()
    }

    fn found(left: &[(u8, u64)], right: &[(u8, u64)]) -> Divergence {
        let (left, right) = (outcomes(left), outcomes(right));
        let actions = [Action::NONE; 9];
        let play = |outcomes| Play { actions: &actions, outcomes };
        compare(play(&left), play(&right))
    }

    #[test]
    fn plays_that_agree_as_far_as_both_go_are_the_same() {
        let found = found(&[(0, 0), (1, 1)], &[(0, 0), (1, 1), (2, 2)]);
        assert_eq!(found, Divergence { frames: 2, ..Divergence::default() });
        assert!(found.is_same());
    }

    #[test]
    fn plays_may_part_meet_and_part_again() {
        let left = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)];
        let right = [(0, 0), (1, 9), (9, 9), (3, 3), (4, 9), (5, 5)];
        let found = found(&left, &right);
        assert_eq!((found.first_state, found.first_picture), (Some(1), Some(2)));
        assert_eq!((found.differing, found.first_drift()), (3, Some(1)));
        assert_eq!((found.first_meeting, found.same_again_from), (Some(3), Some(5)));
        assert!(!found.is_same());
    }

    #[test]
    fn another_action_is_named_where_it_is_given() {
        let outcomes = outcomes(&[(0, 0), (1, 1)]);
        let actions = [[Action(1), Action(2), Action(3)], [Action(1), Action(4), Action(5)]];
        let [left, right] = &actions;
        let play = |actions| Play { actions, outcomes: &outcomes };
        assert_eq!(compare(play(left), play(right)).first_action, Some(1));
        let [left, right] = &actions.map(|actions| [actions[0], Action(0), actions[2]]);
        assert_eq!(compare(play(left), play(right)).first_action, None, "no frame 2 was finished");
    }
}
