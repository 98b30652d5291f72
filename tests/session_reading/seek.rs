//! One frame of a closed tape, found through its index: the same as the whole tape has, or an error.

use super::{INFO, config, machine, outcome, write_small};
use std::io::Cursor;
use worldtape::event::Action;
use worldtape::measure::Stopwatch;
use worldtape::session::{Encoder, FrameAt, FramesBatch, Seeker, SessionError, Tape};

/// Frames of ten hours at the game's 35 a second.
const TEN_HOURS: u64 = 10 * 3600 * 35;

fn small() -> Vec<u8> {
    let mut bytes = Vec::new();
    write_small(&mut bytes).expect("written");
    bytes
}

fn frame_of(tape: &Tape, frame: usize) -> FrameAt {
    let (action, outcome) = (tape.actions[frame], tape.outcomes[frame]);
    FrameAt { frame: frame as u64, action, outcome }
}

/// A closed tape of `frames`, each action one block ahead of its outcome wherever a block ends.
fn long(frames: u64) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), INFO, &config(), &machine()).expect("begun");
    let mut batch = FramesBatch::new();
    for frame in 0..frames {
        batch.push_action(frame, Action((frame % 4) as u16), frame * 28_571);
        if batch.is_full() {
            encoder.seal_frames(&mut batch).expect("sealed");
        }
        batch.push_outcome(frame, outcome(frame), frame * 28_571 + 13_000);
    }
    encoder.seal_frames(&mut batch).expect("sealed");
    encoder.finish().expect("closed").1
}

#[test]
fn every_frame_is_found_as_the_whole_tape_has_it() {
    for bytes in [small(), long(1000)] {
        let tape = Tape::read(&bytes).expect("whole");
        let mut seeker = Seeker::open(Cursor::new(&bytes)).expect("closed");
        let frames = tape.outcomes.len();
        assert_eq!(seeker.frames(), frames as u64);
        assert_eq!(seeker.play_root(), tape.play_root.digest());
        for frame in (0..frames).rev().chain(0..frames) {
            assert_eq!(seeker.frame(frame as u64), Ok(frame_of(&tape, frame)));
        }
        let frame = frames as u64;
        assert_eq!(seeker.frame(frame), Err(SessionError::NoFrame { frame, frames: frame }));
    }
}

#[test]
fn a_changed_byte_gives_an_error_or_the_same_frame() {
    let whole = small();
    let tape = Tape::read(&whole).expect("whole");
    let (mut refused, mut same) = (0, 0);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let Ok(mut seeker) = Seeker::open(Cursor::new(&bytes)) else {
            refused += 1;
            continue;
        };
        for frame in 0..tape.outcomes.len() {
            match seeker.frame(frame as u64) {
                Ok(found) => assert_eq!(found, frame_of(&tape, frame), "byte {at}"),
                Err(_) => refused += 1,
            }
            same += 1;
        }
    }
    assert!(refused > 100 && same > 100, "{refused} refused, {same} looked at");
}

#[test]
fn a_tape_that_is_cut_anywhere_is_not_opened_at_its_end() {
    let whole = small();
    for length in 0..whole.len() {
        assert!(Seeker::open(Cursor::new(&whole[..length])).is_err(), "{length} bytes");
    }
    let cut = whole.len() as u64 - 1;
    let refused = Seeker::open(Cursor::new(&whole[..cut as usize])).err();
    assert_eq!(refused, Some(SessionError::NotClosed { bytes: cut }));
}

/// The promise is 50 ms; the test allows what a busy machine may add, and prints what it took.
#[test]
fn ten_hours_open_and_seek_without_being_read() {
    let bytes = long(TEN_HOURS);
    let (watch, mut slowest_ns) = (Stopwatch::start(), 0);
    for number in 0..50u64 {
        let frame = number * 9_973 * 2_531 % TEN_HOURS;
        let start_ns = watch.now_ns();
        let found = Seeker::open(Cursor::new(&bytes)).expect("closed").frame(frame);
        slowest_ns = slowest_ns.max(watch.now_ns() - start_ns);
        let expected =
            FrameAt { frame, action: Action((frame % 4) as u16), outcome: outcome(frame) };
        assert_eq!(found, Ok(expected));
    }
    println!("{} bytes, {TEN_HOURS} frames: {slowest_ns} ns at most", bytes.len());
    assert!(slowest_ns < 500_000_000, "{slowest_ns} ns");
}
