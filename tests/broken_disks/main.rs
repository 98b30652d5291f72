//! A disk that fails in any call the program makes on its tape: one line says what happened, and
//! every frame that was said to be durable is on the tape, unaltered.

#[path = "../common/command.rs"]
mod command;
#[path = "../common/fake_disk.rs"]
mod fake_disk;

use command::{Place, Ran};
use fake_disk::Call;
use worldtape::drive::QUEUE_MAX;
use worldtape::session::{Ending, Tape};

const RECORD: &str = "record --actions long.txt --world tiny.safetensors";
/// Three blocks of frames, the first two acknowledged while frames still run.
const FRAMES: usize = 150;
/// More calls than any recording here makes.
const CALLS_MAX: usize = 200;

/// A place with a script, and the tape of it as a healthy disk holds it.
fn place() -> (Place, Tape) {
    let place = Place::new();
    place.write("long.txt", format!("90 forward+right\n{} attack\n", FRAMES - 90));
    place.run(&format!("{RECORD} -o whole.wtape")).fine();
    let whole = Tape::read(&place.read("whole.wtape")).expect("a tape");
    assert_eq!((whole.outcomes.len(), &whole.ending), (FRAMES, &Ending::Closed));
    (place, whole)
}

/// Frames that the program said are durable.
fn acknowledged(ran: &Ran) -> usize {
    let mut said = ran.out.lines().filter_map(|line| line.strip_prefix("durable "));
    said.next_back().map_or(0, |frames| frames.parse().expect("a number"))
}

/// Runs with `fault` in each call in turn, until there is no such call any more, and shows each to
/// `check` with its tape, if there is one.
fn every_call(
    place: &Place,
    fault: &str,
    check: impl Fn(&Ran, &[Call], Option<&[u8]>),
) -> Option<()> {
    let mut most = 0;
    for at in 1..CALLS_MAX {
        let tape = format!("{fault}-{at}.wtape");
        let words = format!("{RECORD} --acknowledge");
        let (ran, calls) = fake_disk::run(place, &tape, (fault, at), &words)?;
        let bytes = std::fs::read(place.path(&tape)).ok();
        if calls.len() < at {
            assert_eq!(ran.code, Some(0), "{ran:?}");
            let written: u64 = calls.iter().map(|call| call.bytes).sum();
            assert_eq!(Some(written), bytes.map(|bytes| bytes.len() as u64), "calls unseen");
            println!("{fault}: {} calls, up to {most} frames acknowledged before one", at - 1);
            return Some(());
        }
        most = most.max(acknowledged(&ran));
        check(&ran, &calls, bytes.as_deref());
    }
    panic!("more than {CALLS_MAX} calls");
}

/// The tape is the front of `whole`, with every frame that was acknowledged.
fn assert_kept(tape: &[u8], whole: &Tape, ran: &Ran) -> Tape {
    let tape = Tape::read(tape).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert!(tape.outcomes.len() >= acknowledged(ran), "{ran:?}");
    assert!(whole.outcomes.starts_with(&tape.outcomes), "{ran:?}");
    assert!(whole.actions.starts_with(&tape.actions), "{ran:?}");
    assert_eq!(tape.config, whole.config);
    tape
}

/// The run ends with one line that names the tape and what the system said. A tape with no frame
/// may be gone; one that is there holds all that was acknowledged.
fn assert_stopped(ran: &Ran, calls: &[Call], tape: Option<&[u8]>, whole: &Tape, says: &str) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let line = ran.complaint();
    assert!(line.contains(".wtape") && line.contains(says), "{line}");
    if let Some(tape) = tape {
        let tape = assert_kept(tape, whole, ran);
        assert!(!matches!(tape.ending, Ending::Damaged { .. }), "{:?}: {ran:?}", tape.ending);
        let safe = line.split("; ").nth(1).and_then(|rest| rest.split(' ').next());
        let safe: usize =
            safe.and_then(|frames| frames.parse().ok()).expect("frames that are safe");
        assert!(safe >= acknowledged(ran) && safe <= tape.outcomes.len(), "{line}");
    } else {
        assert_eq!(acknowledged(ran), 0);
    }
    let failed = calls.iter().position(|call| call.faulty && call.name.ends_with("sync"));
    if let Some(failed) = failed {
        assert!(calls[failed + 1..].is_empty(), "calls after a failed sync: {calls:?}");
    }
}

#[test]
fn a_disk_that_breaks_at_any_call_keeps_what_was_acknowledged() {
    let (place, whole) = place();
    every_call(&place, "EIO", |ran, calls, tape| {
        assert_stopped(ran, calls, tape, &whole, "Input/output error (os error 5)");
    });
}

#[test]
fn a_disk_that_is_full_at_any_call_keeps_what_was_acknowledged() {
    let (place, whole) = place();
    every_call(&place, "ENOSPC", |ran, calls, tape| {
        assert_stopped(ran, calls, tape, &whole, "No space left on device (os error 28)");
    });
}

#[test]
fn a_block_that_is_torn_at_any_call_keeps_what_was_acknowledged() {
    let (place, whole) = place();
    every_call(&place, "TORN", |ran, calls, tape| {
        // The very last call is a sync, which nothing can follow.
        if ran.code == Some(0) {
            assert_eq!(assert_kept(tape.expect("a tape"), &whole, ran).ending, Ending::Closed);
        } else {
            assert_stopped(ran, calls, tape, &whole, "No space left on device (os error 28)");
        }
    });
}

#[test]
fn interrupted_calls_and_short_writes_change_nothing() {
    let (place, whole) = place();
    for fault in ["EINTR", "SHORT"] {
        every_call(&place, fault, |ran, _, tape| {
            assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
            let tape = assert_kept(tape.expect("a tape"), &whole, ran);
            assert_eq!((tape.ending, tape.outcomes), (Ending::Closed, whole.outcomes.clone()));
        });
    }
}

/// Records `frames` frames while the first block of frames takes 1.5 s to become durable; how many
/// records found the queue full.
fn waits_behind_a_stall(place: &Place, frames: u64) -> Option<u64> {
    let script = format!("{frames}.txt");
    place.write(&script, format!("{frames} forward\n"));
    let words = format!("record --actions {script} --world tiny.safetensors --json");
    let (_, calls) = fake_disk::run(place, "healthy.wtape", ("STALL", 0), &words)?;
    let mut syncs = (1..).zip(&calls).filter(|(_, call)| call.name == "fdatasync");
    let (at, _) = syncs.nth(1).expect("the head, then a block");
    let (ran, calls) = fake_disk::run(place, "stalled.wtape", ("STALL", at), &words)?;
    let report = ran.exits(0).json();
    assert!(calls[at - 1].faulty && report["seconds"].as_f64() >= Some(1.4), "{report}");
    let tape = Tape::read(&place.read("stalled.wtape")).expect("a tape");
    assert_eq!((tape.ending, tape.outcomes.len() as u64), (Ending::Closed, frames));
    report["queue_waits"].as_u64()
}

#[test]
fn behind_a_disk_that_stalls_frames_go_on_until_the_queue_is_full_and_waits_are_counted() {
    // Two records a frame, and those of the block that stalls are not in the queue.
    let within = QUEUE_MAX as u64 / 2;
    if let Some(waits) = waits_behind_a_stall(&Place::new(), within) {
        assert_eq!(waits, 0, "{within} frames fit the queue");
    }
    // Frames of the tiny world: all of these are made in far less time than the stall takes.
    if let Some(waits) = waits_behind_a_stall(&Place::new(), 4 * within) {
        assert!(waits > 0, "{} frames do not fit the queue", 4 * within);
    }
}
