//! Any frame of a tape can be made again, in any order, with the bits of a replay.

mod common;

use common::{engine, some_actions, tiny_model, tiny_start};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use worldtape::drift::{Rewind, RewindError};
use worldtape::engine::cpu::CpuEngine;
use worldtape::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use worldtape::event::{Action, Outcome};

const FRAMES: u64 = 200;

/// An engine that counts the frames it makes.
struct Counting {
    engine: CpuEngine,
    made: Arc<AtomicU64>,
}

impl Engine for Counting {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        self.engine.reset(start)
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.engine.make(frame, action, observer)
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.engine.save(bytes)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.engine.load(bytes)
    }
}

/// A rewind over the tiny world and its count of frames made.
fn rewind(kept_bytes_max: usize) -> (Rewind, Arc<AtomicU64>) {
    let made = Arc::new(AtomicU64::new(0));
    let counting = Counting { engine: engine(&tiny_model(2)), made: Arc::clone(&made) };
    let (start, actions) = (tiny_start(5, 0), some_actions(FRAMES));
    let rewind = Rewind::within(Box::new(counting), &start, &actions, kept_bytes_max);
    (rewind.expect("starts"), made)
}

/// Every frame's outcome and picture, made in order by an engine alone.
fn plain() -> Vec<(Outcome, Vec<u8>)> {
    let mut engine = engine(&tiny_model(2));
    engine.reset(&tiny_start(5, 0)).expect("starts");
    let frames = (0..).zip(some_actions(FRAMES));
    let outcome = |(frame, action)| {
        let made = engine.step(frame, action).expect("finite");
        let picture = worldtape::drive::picture_digest(made.picture);
        (Outcome { picture, state_sum: made.state_sum }, made.picture.to_vec())
    };
    frames.map(outcome).collect()
}

/// Bytes of one state of the tiny world, its window full.
fn state_bytes() -> usize {
    let mut engine = engine(&tiny_model(2));
    engine.reset(&tiny_start(5, 0)).expect("starts");
    for (frame, action) in (0..40).zip(some_actions(40)) {
        engine.step(frame, action).expect("finite");
    }
    let mut bytes = Vec::new();
    engine.save(&mut bytes).expect("saved");
    bytes.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn frames_in_any_order_are_those_of_a_replay(
        states in 0_usize..8,
        frames in prop::collection::vec(0..FRAMES, 1..12),
    ) {
        let plain = plain();
        let (mut rewind, made) = rewind(states * state_bytes());
        for frame in frames {
            let before = made.load(Ordering::Relaxed);
            let to_make = rewind.frames_to_make(frame);
            let seen = rewind.see(frame).expect("on the tape");
            prop_assert_eq!(seen.frame, frame);
            prop_assert_eq!(&(seen.outcome, seen.picture.to_vec()), &plain[frame as usize]);
            prop_assert_eq!(made.load(Ordering::Relaxed) - before, to_make);
        }
    }
}

#[test]
fn a_walk_makes_each_frame_once_and_a_step_back_one_interval_at_most() {
    let (mut rewind, made) = rewind(usize::MAX);
    for frame in 0..FRAMES {
        rewind.see(frame).expect("on the tape");
    }
    assert_eq!(made.load(Ordering::Relaxed), FRAMES);
    assert!(rewind.outcomes().iter().all(Option::is_some));
    for frame in (0..FRAMES).rev() {
        assert!(rewind.frames_to_make(frame) <= 35, "frame {frame}");
    }
}

#[test]
fn fewer_states_are_kept_where_there_is_less_room_and_seeks_grow_no_more_than_they_must() {
    let (mut rewind, _) = rewind(4 * state_bytes());
    rewind.see(FRAMES - 1).expect("on the tape");
    // 200 frames with room for 4 states: every 70 frames.
    let longest = (0..FRAMES).map(|frame| rewind.frames_to_make(frame)).max();
    assert_eq!(longest, Some(70));
}

#[test]
fn an_engine_lent_out_does_not_disturb_what_is_seen_after() {
    let plain = plain();
    let (mut rewind, _) = rewind(usize::MAX);
    rewind.see(60).expect("on the tape");
    let (engine, action) = rewind.engine_before(50).expect("on the tape");
    let made = engine.step(50, action).expect("finite");
    assert_eq!((made.state_sum, made.picture), (plain[50].0.state_sum, &plain[50].1[..]));
    rewind.engine_before(10).expect("on the tape").0.reset(&tiny_start(6, 1)).expect("starts");
    assert_eq!(rewind.see(51).expect("on the tape").outcome, plain[51].0);
}

#[test]
fn from_a_mark_the_next_frames_are_near_and_the_same() {
    let plain = plain();
    let (mut rewind, made) = rewind(usize::MAX);
    for frame in 1..100 {
        rewind.mark(frame - 1).expect("on the tape");
        // Whatever is done with the engine in between.
        for _ in 0..2 {
            let before = made.load(Ordering::Relaxed);
            let (engine, action) = rewind.engine_before(frame).expect("on the tape");
            let made_now = engine.step(frame, action).expect("finite");
            assert_eq!(made_now.state_sum, plain[frame as usize].0.state_sum, "frame {frame}");
            assert!(made.load(Ordering::Relaxed) - before <= 2, "frame {frame}");
        }
    }
    rewind.mark(150).expect("on the tape");
    assert_eq!((rewind.frames_to_make(160), rewind.frames_to_make(148)), (11, 9));
}

#[test]
fn a_frame_that_is_not_on_the_tape_is_refused_and_nothing_is_lost() {
    let (mut rewind, _) = rewind(usize::MAX);
    let refused = rewind.see(FRAMES).map(|seen| seen.frame);
    assert!(matches!(refused, Err(RewindError::NoSuchFrame { frame: FRAMES, frames: FRAMES })));
    rewind.see(FRAMES - 1).expect("on the tape");
}
