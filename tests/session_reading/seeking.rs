//! A tape opened by its ends: the frames are those of the tape, and damage on the way is named.

use super::*;
use std::io::Cursor;
use worldtape::session::Seeker;

#[test]
fn every_frame_is_found() {
    for bytes in [small(), long()] {
        let whole = read(&bytes);
        let mut seeker = Seeker::open(Cursor::new(&bytes)).expect("a closed tape");
        assert_eq!((seeker.config(), seeker.frames()), (&config(), whole.outcomes.len() as u64));
        assert_eq!(seeker.play_root(), whole.play_root.digest());
        for (frame, &outcome) in (0..).zip(&whole.outcomes) {
            assert_eq!(seeker.outcome(frame), Ok(Some(outcome)), "frame {frame}");
        }
        assert_eq!(seeker.outcome(seeker.frames()), Ok(None));
    }
}

#[test]
fn a_tape_that_is_not_closed_does_not_open() {
    let bytes = long();
    for end in (0..bytes.len()).step_by(7) {
        assert!(Seeker::open(Cursor::new(&bytes[..end])).is_err(), "cut at {end}");
    }
}

#[test]
fn a_changed_byte_gives_the_same_frame_or_an_error() {
    let bytes = long();
    let whole = read(&bytes);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0xff;
        let Ok(mut seeker) = Seeker::open(Cursor::new(&flipped)) else {
            continue;
        };
        for frame in [0, 63, 64, 300, 599] {
            if let Ok(found) = seeker.outcome(frame) {
                assert_eq!(found, Some(whole.outcomes[frame as usize]), "byte {at}, frame {frame}");
            }
        }
    }
}
