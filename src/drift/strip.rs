//! The verdict on every frame, and a long play as a few columns.

use crate::event::Outcome;

/// What is known of one frame, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Not made again.
    Unknown,
    /// Picture and state are the tape's.
    Same,
    /// The state differs, the picture does not show it.
    State,
    /// The picture differs.
    Picture,
}

/// Holds one frame against the tape.
pub fn mark(expected: &Outcome, made: Option<&Outcome>) -> Mark {
    match made {
        None => Mark::Unknown,
        Some(made) if made.picture != expected.picture => Mark::Picture,
        Some(made) if made.state_sum != expected.state_sum => Mark::State,
        Some(_) => Mark::Same,
    }
}

/// Holds every frame against the tape; frames beyond `made` were not made again.
pub fn marks(expected: &[Outcome], made: &[Option<Outcome>]) -> Vec<Mark> {
    let made = made.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    expected.iter().zip(made).map(|(expected, made)| mark(expected, made)).collect()
}

/// The marks in `columns` parts of equal length, each the worst of its part: one frame that
/// drifted is seen however long the play is. Fewer columns where there are fewer frames.
pub fn strip(marks: &[Mark], columns: usize) -> Vec<Mark> {
    let columns = columns.min(marks.len());
    let part = |column: usize| column * marks.len() / columns.max(1);
    let worst = |column| marks[part(column)..part(column + 1)].iter().max().copied();
    (0..columns).filter_map(worst).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Digest;

    #[test]
    fn state_and_picture_are_told_apart() {
        let outcome = |picture, state_sum| Outcome { picture: Digest([picture; 32]), state_sum };
        let expected = [outcome(0, 0), outcome(1, 1), outcome(2, 2), outcome(3, 3)];
        let made = [Some(outcome(0, 0)), Some(outcome(1, 9)), Some(outcome(9, 2))];
        let marks = marks(&expected, &made);
        assert_eq!(marks, [Mark::Same, Mark::State, Mark::Picture, Mark::Unknown]);
    }

    #[test]
    fn one_drifted_frame_is_seen_at_any_width() {
        for at in [0, 1, 499, 999] {
            let mut marks = vec![Mark::Same; 1000];
            marks[at] = Mark::State;
            for columns in [1, 7, 80, 999, 1000, 4000] {
                let strip = strip(&marks, columns);
                assert_eq!(strip.len(), columns.min(1000));
                assert_eq!(strip.iter().filter(|mark| **mark == Mark::State).count(), 1);
            }
        }
        assert_eq!(strip(&[], 80), []);
        assert_eq!(strip(&[Mark::Same], 0), []);
    }
}
