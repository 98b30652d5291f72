//! A source for a session that goes on where another one ended.

use super::{DriveError, Source};
use crate::event::Action;

/// First the actions that were given and never came to be, then those of a source that counts its
/// frames from 0.
pub struct GoingOn<S> {
    first_frame: u64,
    waiting: Vec<Action>,
    source: S,
}

impl<S: Source> GoingOn<S> {
    /// Goes on at `first_frame`.
    pub fn new(first_frame: u64, waiting: &[Action], source: S) -> GoingOn<S> {
        GoingOn { first_frame, waiting: waiting.to_vec(), source }
    }
}

impl<S: Source> Source for GoingOn<S> {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        let at = frame.saturating_sub(self.first_frame);
        let waited = usize::try_from(at).ok().and_then(|at| self.waiting.get(at));
        match waited {
            Some(&action) => Ok(Some(action)),
            None => self.source.next(at - self.waiting.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TapeActions;
    use super::*;

    #[test]
    fn what_waited_comes_first_and_the_source_counts_from_zero() {
        let source = TapeActions::new(&[Action(7), Action(8)], 2);
        let mut going_on = GoingOn::new(10, &[Action(1)], source);
        let actions: Vec<_> = (10..14).map(|f| going_on.next(f).expect("no error")).collect();
        assert_eq!(actions, [Some(Action(1)), Some(Action(7)), Some(Action(8)), None]);
    }
}
