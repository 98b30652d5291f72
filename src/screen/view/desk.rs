//! Between the thread that makes frames and the one that shows them: what is wanted, what was made,
//! and the verdict on each frame.

use super::album::{Album, Print};
use super::orders::{Order, Way};
use super::player::Landmarks;
use crate::clock::pause;
use crate::drift::{Mark, mark};
use crate::drive::Verdict;
use crate::event::Outcome;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Most bytes of pictures that are kept, all sides together. Why 768 MiB: 21,845 pictures of the
/// shipped world, so that no seek in a play of ten minutes needs the engine twice.
pub const PICTURE_BYTES_MAX: usize = 768 << 20;

/// Most orders that wait. More are not obeyed: a viewer that is this far behind is stuck.
const ORDERS_MAX: usize = 64;

/// What the viewer wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// The frame that it stands on.
    pub frame: u64,
    /// How many after it will be wanted next.
    pub ahead: u64,
}

/// One side: a play, and what it is held against.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Frames that it has.
    pub frames: u64,
    /// What the tape says came of each; `None` where no tape tells, for another arithmetic never
    /// gives the same bits.
    pub expected: Option<Vec<Outcome>>,
}

/// A frame put on the desk.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// Which side made it: 0, or 1 where there are two.
    pub side: usize,
    /// Its number.
    pub frame: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// RGB u8 rows.
    pub pixels: &'a [u8],
    /// Frames still to be made to the one that it was made for.
    pub left: u64,
}

struct Kept {
    side: Side,
    album: Album,
    marks: Vec<Mark>,
    verdict: Verdict,
}

#[derive(Default)]
struct State {
    sides: Vec<Kept>,
    /// Where two tapes differ, told by themselves.
    between: Vec<Mark>,
    want: Want,
    left: u64,
    orders: VecDeque<Order>,
    /// How often something changed that is seen.
    changes: u64,
    trouble: Option<String>,
    is_closed: bool,
}

/// Shared by both threads.
pub struct Desk {
    state: Mutex<State>,
    notes: Vec<u64>,
    /// For who makes frames.
    wanted: Condvar,
    /// For who shows them.
    news: Condvar,
}

impl Desk {
    /// A desk for one or two sides of pictures of `picture_bytes`; `between` marks what is known to
    /// differ between their tapes, `notes` are the frames that have one, in order.
    pub fn new(
        sides: Vec<Side>,
        between: Vec<Mark>,
        notes: Vec<u64>,
        picture_bytes: usize,
    ) -> Desk {
        let prints_max = PICTURE_BYTES_MAX / (sides.len() * picture_bytes).max(1);
        let kept = |side: Side| Kept {
            marks: vec![Mark::Unknown; side.frames as usize],
            album: Album::new(prints_max),
            verdict: Verdict::default(),
            side,
        };
        let sides = sides.into_iter().map(kept).collect();
        let state = State { sides, between, ..State::default() };
        let (wanted, news) = (Condvar::new(), Condvar::new());
        Desk { state: Mutex::new(state), notes, wanted, news }
    }

    /// What is wanted; `None` once the desk is closed.
    pub fn want(&self) -> Option<Want> {
        let state = self.state();
        (!state.is_closed).then_some(state.want)
    }

    /// Waits a little, or until something else than `want` is wanted.
    pub fn rest(&self, want: Want) {
        let state = self.state();
        if state.want == want && !state.is_closed {
            // Why no loop: who waits looks at the desk and comes back.
            drop(self.wanted.wait_timeout(state, pause(0, u64::MAX)));
        }
    }

    /// The first frame of what is wanted, and then of what will be, that `side` has not made.
    pub fn missing(&self, side: usize, want: Want) -> Option<u64> {
        let state = self.state();
        let kept = &state.sides[side];
        let ahead = want.ahead.min(kept.album.reach());
        let end = want.frame.saturating_add(ahead + 1).min(kept.side.frames);
        (want.frame..end).find(|frame| !kept.album.holds(*frame))
    }

    /// The first frame from `frame` on that `side` has never made.
    pub fn unmade(&self, side: usize, frame: u64) -> Option<u64> {
        let state = self.state();
        let marks = state.sides[side].marks.get(frame as usize..)?;
        let next = marks.iter().position(|mark| *mark == Mark::Unknown)?;
        Some(frame + next as u64)
    }

    /// Takes a frame that was made.
    pub fn put(&self, put: &Put<'_>) {
        let mut guard = self.state();
        let state = &mut *guard;
        let kept = &mut state.sides[put.side];
        kept.judge(put);
        kept.album.put(put.frame, put.outcome, put.pixels, state.want.frame);
        let is_wanted = put.frame + put.left == state.want.frame;
        if is_wanted {
            state.left = put.left;
        }
        state.changes += 1;
        drop(guard);
        if is_wanted {
            self.news.notify_one();
        }
    }

    /// Says what is in the way of making frames.
    pub fn complain(&self, trouble: String) {
        let mut state = self.state();
        state.trouble.get_or_insert(trouble);
        state.changes += 1;
        drop(state);
        self.news.notify_one();
    }

    /// What was in the way first, if anything was.
    pub fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// What was found of `side` so far.
    pub fn verdict(&self, side: usize) -> Verdict {
        self.state().sides[side].verdict
    }

    /// Ends both threads.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.wanted.notify_all();
        self.news.notify_all();
    }

    /// Closes the desk when it is dropped.
    pub(super) fn close_on_drop(&self) -> CloseOnDrop<'_> {
        CloseOnDrop(self)
    }

    /// Puts an order down for the viewer.
    pub(super) fn order(&self, order: Order) {
        let mut state = self.state();
        if state.orders.len() == ORDERS_MAX {
            state.orders.pop_front();
        }
        state.orders.push_back(order);
        drop(state);
        self.news.notify_one();
    }

    /// Waits for orders or a frame that is wanted, until `due_us` or a little, from `now_us` on;
    /// takes the orders. `false` once the desk is closed.
    pub(super) fn wait(&self, now_us: u64, due_us: u64, orders: &mut Vec<Order>) -> bool {
        let mut state = self.state();
        if state.orders.is_empty() && !state.is_closed {
            let waited = self.news.wait_timeout(state, pause(now_us, due_us));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        orders.extend(state.orders.drain(..));
        !state.is_closed
    }

    /// Says what the viewer wants.
    pub fn ask(&self, want: Want) {
        let mut state = self.state();
        if state.want != want {
            state.left = if state.want.frame == want.frame { state.left } else { 0 };
            state.want = want;
            drop(state);
            self.wanted.notify_one();
        }
    }

    /// Looks at the print of a frame.
    pub(super) fn look(&self, side: usize, frame: u64) -> Option<Print> {
        self.state().sides.get(side)?.album.get(frame).cloned()
    }

    /// What the tape says came of a frame.
    pub(super) fn expected(&self, side: usize, frame: u64) -> Option<Outcome> {
        let state = self.state();
        let expected = state.sides.get(side)?.side.expected.as_ref()?;
        expected.get(frame as usize).copied()
    }

    /// The marks of every strip that there is, for `show` to look at.
    pub(super) fn with_strips<T>(&self, show: impl FnOnce(&[&[Mark]]) -> T) -> T {
        let state = self.state();
        show(&state.strips())
    }

    /// Frames still to be made until the one that is wanted can be seen; 0 where nobody knows.
    pub(super) fn left(&self) -> u64 {
        self.state().left
    }

    /// Grows with everything that is seen.
    pub(super) fn changes(&self) -> u64 {
        self.state().changes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends both threads where one ends in any way.
pub(super) struct CloseOnDrop<'a>(&'a Desk);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Kept {
    /// Holds a frame against the tape, the first time that it is made.
    fn judge(&mut self, put: &Put<'_>) {
        let frame = put.frame as usize;
        let Some(expected) = self.side.expected.as_ref().and_then(|all| all.get(frame)) else {
            return;
        };
        if self.marks[frame] != Mark::Unknown {
            return;
        }
        self.marks[frame] = mark(expected, Some(&put.outcome));
        let verdict = &mut self.verdict;
        verdict.frames += 1;
        verdict.differing += u64::from(self.marks[frame] != Mark::Same);
        let first = |first: &mut Option<u64>, differs: bool| {
            if differs {
                *first = Some(first.map_or(put.frame, |first| first.min(put.frame)));
            }
        };
        first(&mut verdict.first_state_drift, expected.state_sum != put.outcome.state_sum);
        first(&mut verdict.first_picture_drift, expected.picture != put.outcome.picture);
    }
}

impl State {
    fn strips(&self) -> Vec<&[Mark]> {
        let sides = self.sides.iter().filter(|kept| kept.side.expected.is_some());
        let strips = sides.map(|kept| &kept.marks[..]).chain([&self.between[..]]);
        strips.filter(|marks| !marks.is_empty()).collect()
    }
}

impl Landmarks for Desk {
    fn difference(&self, frame: u64, way: Way) -> Option<u64> {
        let state = self.state();
        let strips = state.strips();
        let begins = |frame: &u64| {
            let frame = *frame as usize;
            strips.iter().any(|marks| {
                let before = frame.checked_sub(1).and_then(|before| marks.get(before));
                let mark = marks.get(frame).filter(|mark| **mark > Mark::Same);
                mark.is_some() && before != mark
            })
        };
        let frames = strips.iter().map(|marks| marks.len()).max().unwrap_or(0) as u64;
        match way {
            Way::Next => (frame + 1..frames).find(begins),
            Way::Previous => (0..frame.min(frames)).rev().find(begins),
        }
    }

    fn note(&self, frame: u64, way: Way) -> Option<u64> {
        match way {
            Way::Next => self.notes.iter().copied().find(|note| *note > frame),
            Way::Previous => self.notes.iter().rev().copied().find(|note| *note < frame),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(expected: Option<Vec<Outcome>>) -> Desk {
        let frames = 10;
        Desk::new(vec![Side { frames, expected }], Vec::new(), vec![3, 7], 3)
    }

    fn put(desk: &Desk, frame: u64, state_sum: u64) {
        let outcome = Outcome { state_sum, ..Outcome::default() };
        desk.put(&Put { side: 0, frame, outcome, pixels: &[0; 3], left: 0 });
    }

    #[test]
    fn the_verdict_is_the_same_in_whatever_order_frames_are_made() {
        let desk = desk(Some(vec![Outcome::default(); 10]));
        for (frame, state_sum) in [(8, 1), (2, 0), (5, 1), (5, 1), (6, 1), (0, 0)] {
            put(&desk, frame, state_sum);
        }
        let verdict = desk.verdict(0);
        assert_eq!((verdict.frames, verdict.differing), (5, 3));
        assert_eq!((verdict.first_state_drift, verdict.first_picture_drift), (Some(5), None));
        let next: Vec<_> = [0, 5, 8].map(|frame| desk.difference(frame, Way::Next)).to_vec();
        assert_eq!(next, [Some(5), Some(8), None], "5 and 6 are one difference");
        assert_eq!(desk.difference(8, Way::Previous), Some(5));
        assert_eq!((desk.note(3, Way::Next), desk.note(3, Way::Previous)), (Some(7), None));
        assert_eq!(desk.unmade(0, 0), Some(1));
    }

    #[test]
    fn another_arithmetic_has_pictures_and_no_verdict() {
        let desk = desk(None);
        put(&desk, 4, 9);
        assert!(desk.look(0, 4).is_some());
        assert_eq!(desk.verdict(0), Verdict::default());
        assert_eq!(desk.with_strips(|strips| strips.len()), 0);
    }

    #[test]
    fn of_too_many_orders_the_newest_are_kept() {
        let desk = desk(None);
        (0..100).for_each(|frames| desk.order(Order::Step(frames)));
        desk.order(Order::Quit);
        let mut orders = Vec::new();
        assert!(desk.wait(0, 0, &mut orders));
        assert_eq!((orders.len(), orders.last()), (ORDERS_MAX, Some(&Order::Quit)));
        desk.close();
        assert!(!desk.wait(0, u64::MAX, &mut orders));
        assert_eq!(desk.want(), None);
    }
}
