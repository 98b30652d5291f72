//! Sinks that fail, and records that are refused.

use super::*;
use std::io;
use worldtape::session::rewrite;

/// A disk with room for so many bytes.
struct FullDisk {
    taken: Vec<u8>,
    room: usize,
}

impl Write for &mut FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room - self.taken.len());
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_at_any_byte_leaves_the_front_of_the_tape() {
    let bytes = small();
    for room in 0..bytes.len() {
        let mut disk = FullDisk { taken: Vec::new(), room };
        let error = write_small(&mut disk).expect_err("no room");
        let full = matches!(error, SessionError::Write { kind: io::ErrorKind::StorageFull, .. });
        assert!(full, "{error}");
        assert_eq!(disk.taken, bytes[..room]);
    }
}

#[test]
fn a_failed_encoder_stays_failed_and_a_refused_record_does_not_fail_it() {
    let mut disk = FullDisk { taken: Vec::new(), room: 2000 };
    let mut encoder = Encoder::new(&mut disk, INFO, &config(), &machine()).expect("room");
    let offset = encoder.offset();
    let long = Note { frame: 0, text: "x".repeat(40_000) };
    let refused = encoder.note(&long).expect_err("too long");
    assert!(matches!(refused, SessionError::TooLong { what: "note bytes", .. }), "{refused}");
    assert_eq!(encoder.offset(), offset);
    let noise: Vec<u8> = (0..100).flat_map(|i: u64| outcome(i).picture.0).collect();
    let state = |state| Checkpoint { frame: 0, state_digest: Digest::default(), state };
    let failed = encoder.checkpoint(state(noise)).expect_err("no room");
    assert!(matches!(failed, SessionError::Write { .. }), "{failed}");
    let stays = SessionError::WriterFailed { offset };
    let mut batch = FramesBatch::new();
    batch.push_action(0, Action::NONE, 0);
    assert_eq!(encoder.seal_frames(&mut batch), Err(stays.clone()));
    assert_eq!(encoder.checkpoint(state(Vec::new())), Err(stays.clone()));
    assert_eq!(encoder.finish().map(|_| ()), Err(stays));
}

#[test]
fn records_outside_their_limits_are_refused_by_the_writer() {
    let mut bad = config();
    bad.noise_levels.pop();
    let refused = Encoder::new(io::sink(), INFO, &bad, &machine()).map(|_| ());
    let what = "noise level count";
    assert_eq!(refused, Err(SessionError::Field { what, offset: 0, expected: 2, found: 1 }));
    let mut tape = read(&small());
    tape.outcomes.push(outcome(3));
    tape.outcome_us.push(70);
    let ahead = SessionError::OutcomesAhead { offset: 0, actions: 3, outcomes: 4 };
    assert_eq!(rewrite(&tape, io::sink()).map(|_| ()), Err(ahead));
    tape.machines.clear();
    tape.outcomes.pop();
    tape.outcome_us.pop();
    let none = SessionError::NoMachine { frames: 3 };
    assert_eq!(rewrite(&tape, io::sink()).map(|_| ()), Err(none));
}
