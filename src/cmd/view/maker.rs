//! Makes frames for a viewer: first what it wants to see, then what it will, then all the others,
//! so that each is held against the tape.

use crate::drift::{Rewind, RewindError, Seen};
use crate::screen::view::{Desk, Put, Want};
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes the frames of one side or two, one engine each.
pub(super) struct Maker {
    sides: Vec<Side>,
}

/// One side.
pub(super) struct Side {
    rewind: Rewind,
    /// Is every frame made, whether it is looked at or not?
    is_replayed: bool,
    /// Frames before this one were made, of a side that is replayed.
    replayed: u64,
    /// Frames from here on cannot be made.
    end: u64,
}

impl Side {
    /// A side that is replayed from end to end, or made where it is looked at.
    pub(super) fn new(rewind: Rewind, is_replayed: bool) -> Side {
        let end = rewind.frames();
        Side { rewind, is_replayed, replayed: 0, end }
    }

    /// Makes `frame`, or one that leads to it; says how many are left then.
    fn make(&mut self, frame: u64) -> Result<(Seen<'_>, u64), RewindError> {
        let left = self.rewind.frames_to_make(frame).saturating_sub(1);
        self.rewind.see(frame - left).map(|seen| (seen, left))
    }
}

impl Maker {
    /// A maker for the sides of a desk.
    pub(super) fn new(sides: Vec<Side>) -> Maker {
        Maker { sides }
    }

    /// Makes frames until the desk is closed or `quit` is raised. Between two frames it looks at
    /// what is wanted: a long way ends where somebody wants to be elsewhere.
    pub(super) fn work(&mut self, desk: &Desk, quit: &AtomicBool) {
        while let Some(want) = desk.want().filter(|_| !quit.load(Ordering::Acquire)) {
            match self.next(desk, want) {
                Some((side, frame)) => self.make(desk, side, frame),
                None => desk.rest(want),
            }
        }
    }

    /// The side and the frame to make next.
    fn next(&mut self, desk: &Desk, want: Want) -> Option<(usize, u64)> {
        let missing = |(index, side): (usize, &Side)| {
            let frame = desk.missing(index, want).filter(|frame| *frame < side.end);
            frame.map(|frame| (index, frame))
        };
        let wanted = self.sides.iter().enumerate().filter_map(missing);
        wanted.min_by_key(|(_, frame)| *frame).or_else(|| self.next_replayed(desk))
    }

    /// The same of what nobody looks at: the sides go side by side.
    fn next_replayed(&mut self, desk: &Desk) -> Option<(usize, u64)> {
        for (index, side) in self.sides.iter_mut().enumerate() {
            side.replayed = desk.unmade(index, side.replayed).unwrap_or(side.end);
        }
        let sides = self.sides.iter().enumerate();
        let sides = sides.filter(|(_, side)| side.is_replayed && side.replayed < side.end);
        sides.map(|(index, side)| (index, side.replayed)).min_by_key(|(_, frame)| *frame)
    }

    /// Makes one frame on the way to `frame`, and puts it down.
    fn make(&mut self, desk: &Desk, side: usize, frame: u64) {
        match self.sides[side].make(frame) {
            Ok((seen, left)) => desk.put(&Put {
                side,
                frame: seen.frame,
                outcome: seen.outcome,
                pixels: seen.picture,
                left,
            }),
            Err(error) => {
                // A session that stops at a frame has none after it.
                self.sides[side].end = match &error {
                    RewindError::Engine { frame: failed, .. } => frame.min(*failed),
                    RewindError::NoSuchFrame { frames, .. } => *frames,
                };
                desk.complain(format!("{:#}", anyhow::Error::new(error)));
            }
        }
    }
}
