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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::picture_digest;
    use crate::engine::{Description, Engine, EngineError, Frame, Observer, Start};
    use crate::event::{Action, Outcome};
    use crate::screen::view::Side as Expected;
    use std::sync::{Arc, Mutex};

    /// An engine whose picture is the frame's number and whose state is the sum of all numbers; it
    /// writes down what it makes and fails at a frame.
    struct Counting {
        made: Arc<Mutex<Vec<u64>>>,
        sum: u64,
        fails_at: u64,
        picture: [u8; 3],
    }

    impl Engine for Counting {
        fn describe(&self) -> Description {
            Description::default()
        }

        fn reset(&mut self, _: &Start) -> Result<(), EngineError> {
            self.sum = 0;
            Ok(())
        }

        fn make(
            &mut self,
            frame: u64,
            _: Action,
            _: Option<&mut dyn Observer>,
        ) -> Result<Frame<'_>, EngineError> {
            if frame == self.fails_at {
                return Err(EngineError::NotFinite { frame, op: "norm".to_owned() });
            }
            self.made.lock().expect("no panic while held").push(frame);
            self.sum += frame;
            self.picture = [frame as u8; 3];
            Ok(Frame { picture: &self.picture, state_sum: self.sum })
        }

        fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
            bytes.extend(self.sum.to_le_bytes());
            Ok(())
        }

        fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
            self.sum = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            Ok(())
        }
    }

    /// What the engine makes of each of `frames` frames.
    fn outcomes(frames: u64) -> Vec<Outcome> {
        let sums = (0..frames).scan(0, |sum, frame| {
            *sum += frame;
            Some(*sum)
        });
        let outcome = |(frame, state_sum): (u64, u64)| Outcome {
            picture: picture_digest(&[frame as u8; 3]),
            state_sum,
        };
        (0..frames).zip(sums).map(outcome).collect()
    }

    struct Studio {
        maker: Maker,
        desk: Desk,
        made: Arc<Mutex<Vec<u64>>>,
    }

    const FRAMES: u64 = 100;

    fn studio(count: usize, is_replayed: bool, fails_at: u64) -> Studio {
        let made = Arc::new(Mutex::new(Vec::new()));
        let side = |_| {
            let made = Arc::clone(&made);
            let engine = Counting { made, sum: 0, fails_at, picture: [0; 3] };
            let start = Start { seed: 0, latents: Vec::new(), actions: Vec::new(), noise: None };
            let actions = [Action::NONE; FRAMES as usize];
            Side::new(Rewind::new(Box::new(engine), &start, &actions).expect("starts"), is_replayed)
        };
        let maker = Maker::new((0..count).map(side).collect());
        let expected = Expected { frames: FRAMES, expected: Some(outcomes(FRAMES)) };
        let desk = Desk::new(vec![expected; count], Vec::new(), Vec::new(), 3);
        Studio { maker, desk, made }
    }

    impl Studio {
        /// Makes `count` frames, or as many as there are to make.
        fn make(&mut self, count: usize) {
            for _ in 0..count {
                let want = self.desk.want().expect("open");
                let Some((side, frame)) = self.maker.next(&self.desk, want) else { return };
                self.maker.make(&self.desk, side, frame);
            }
        }

        fn made(&self) -> Vec<u64> {
            std::mem::take(&mut *self.made.lock().expect("no panic while held"))
        }

        fn wants(&self, frame: u64, ahead: u64) {
            self.desk.ask(Want { frame, ahead });
        }
    }

    #[test]
    fn what_is_wanted_comes_first_and_then_all_the_others_once() {
        let mut studio = studio(1, true, u64::MAX);
        studio.make(3);
        assert_eq!(studio.made(), [0, 1, 2]);
        studio.wants(9, 2);
        studio.make(9);
        assert_eq!(studio.made(), [3, 4, 5, 6, 7, 8, 9, 10, 11]);
        studio.make(1000);
        assert_eq!(studio.made(), (12..FRAMES).collect::<Vec<_>>());
        let verdict = studio.desk.verdict(0);
        assert_eq!((verdict.frames, verdict.differing), (FRAMES, 0));
        studio.wants(3, 50);
        studio.make(1000);
        assert_eq!(studio.made(), [0; 0], "pictures that were made are kept");
    }

    #[test]
    fn a_long_way_ends_where_somebody_wants_to_be_elsewhere() {
        let mut studio = studio(1, false, u64::MAX);
        studio.wants(90, 0);
        studio.make(20);
        studio.wants(5, 0);
        studio.make(1000);
        assert_eq!(studio.made(), (0..20).collect::<Vec<_>>(), "frame 5 was on the way");
        studio.make(1000);
        assert_eq!(studio.made(), [0; 0], "nothing is made that nobody looks at");
        studio.wants(60, 0);
        studio.make(1000);
        assert_eq!(studio.made(), (20..=60).collect::<Vec<_>>());
    }

    #[test]
    fn two_sides_go_side_by_side() {
        let mut studio = studio(2, true, u64::MAX);
        studio.make(6);
        assert_eq!(studio.made(), [0, 0, 1, 1, 2, 2]);
        studio.make(1000);
        assert_eq!([0, 1].map(|side| studio.desk.verdict(side).frames), [FRAMES; 2]);
    }

    #[test]
    fn a_frame_that_cannot_be_made_is_told_and_those_before_it_are_seen() {
        let mut studio = studio(1, true, 40);
        studio.make(1000);
        assert_eq!(studio.made(), (0..40).collect::<Vec<_>>());
        let trouble = studio.desk.trouble().expect("told");
        assert!(
            trouble.starts_with("frame 40 cannot be made again: frame 40: op norm"),
            "{trouble}"
        );
        studio.wants(70, 0);
        studio.make(1000);
        assert_eq!(studio.made(), [0; 0], "nothing comes after it");
        studio.wants(12, 0);
        assert_eq!(studio.desk.missing(0, studio.desk.want().expect("open")), None);
    }

    #[test]
    fn a_closed_desk_ends_the_work() {
        let mut studio = studio(1, true, u64::MAX);
        studio.desk.close();
        studio.maker.work(&studio.desk, &AtomicBool::new(false));
        studio.maker.work(&self::studio(1, true, 0).desk, &AtomicBool::new(true));
        assert_eq!(studio.made(), [0; 0]);
    }
}
