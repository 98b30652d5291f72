//! `record --continue`: a session goes on in a new tape that begins with the old one's frames.

use crate::command::{Place, Ran};
use worldtape::event::Action;
use worldtape::session::{Ending, Kind, PlayRoot, Resume, Tape};

const REPLAY: &str = "replay --world tiny.safetensors";

/// The actions of 70 frames that are not those of `walk.txt`.
const OTHER: &str = "30 left\n40 right+attack\n";

/// Goes on from a tape with a script, to `new.wtape`.
fn go_on(place: &Place, tape: &str, script: &str, output: &str) -> Ran {
    place.run(&format!(
        "record --continue {tape} --actions {script} -o {output} --world tiny.safetensors"
    ))
}

fn read(place: &Place, name: &str) -> Tape {
    Tape::read(&place.read(name)).expect("a tape")
}

/// `new` replays clean as a whole, begins with the frames of `source` and says so.
#[track_caller]
fn assert_goes_on(place: &Place, source: &str, new: &str) -> Tape {
    let (before, after) = (read(place, source), read(place, new));
    let frames = before.outcomes.len();
    assert_eq!(after.ending, Ending::Closed);
    assert_eq!(after.outcomes[..frames], before.outcomes);
    assert!(after.actions.starts_with(&before.actions), "what waited is played first");
    assert!(after.action_us.starts_with(&before.action_us));
    assert!(after.action_us.is_sorted() && after.outcome_us.is_sorted());
    assert_eq!(after.actions.len(), after.outcomes.len());
    assert_eq!(after.config, before.config);
    assert_ne!(after.uuid, before.uuid);
    assert_eq!(after.machines.len(), before.machines.len() + 1);
    let resume = after.resumes.last().expect("where it was resumed from");
    assert_eq!((resume.source_uuid, resume.source_frame), (before.uuid, frames as u64));
    assert_eq!(resume.source_root, before.play_root.digest());
    let shown = place.run(&format!("inspect {new} --verify")).fine();
    let uuid = place.run(&format!("inspect {source} --json")).json()["uuid"].clone();
    let uuid = uuid.as_str().expect("a text");
    let root = before.play_root.short();
    let line = format!("resumed    after {frames} frames of tape {uuid}, play root {root}\n");
    assert!(shown.contains(&line), "{shown}");
    for threads in ["1", "3"] {
        place.run_with("RAYON_NUM_THREADS", threads, &format!("{REPLAY} {new}")).exits(0);
    }
    after
}

#[test]
fn a_closed_session_goes_on_in_a_new_tape() {
    let place = Place::with_tape();
    place.write("other.txt", OTHER);
    let before = place.read("walk.wtape");
    let said = go_on(&place, "walk.wtape", "other.txt", "new.wtape").fine();
    assert!(said.starts_with("recorded new.wtape: 140 frames, "), "{said}");
    assert_eq!(place.read("walk.wtape"), before, "the original is never touched");
    let tape = assert_goes_on(&place, "walk.wtape", "new.wtape");
    assert_eq!(tape.actions[70..], [[Action(4); 30].to_vec(), [Action(24); 40].to_vec()].concat());
}

#[test]
fn a_cut_session_goes_on_as_if_it_had_never_been_cut() {
    let place = Place::with_tape();
    let (bytes, whole) = (place.read("walk.wtape"), read(&place, "walk.wtape"));
    let frames = |number| {
        let mut blocks = whole.blocks.iter().filter(|block| block.kind == Kind::Frames);
        *blocks.nth(number).expect("two blocks")
    };
    // At the end of the first block, inside the second, and with everything but the footer: then
    // 64 actions are on the tape, the last one without an outcome, or all.
    let (first_end, second) = (frames(1).offset as usize, frames(1));
    for end in [first_end, first_end + 100, first_end + second.len as usize - 1] {
        place.write("cut.wtape", &bytes[..end]);
        place.write("rest.txt", "6 wait\n");
        go_on(&place, "cut.wtape", "rest.txt", "new.wtape").fine();
        let tape = assert_goes_on(&place, "cut.wtape", "new.wtape");
        assert_eq!(tape.play_root, whole.play_root, "cut at {end}");
        assert_eq!(tape.outcomes, whole.outcomes, "cut at {end}");
        std::fs::remove_file(place.path("new.wtape")).expect("taken away");
    }
    place.write("cut.wtape", &bytes[..bytes.len() - 1]);
    go_on(&place, "cut.wtape", "walk.txt", "new.wtape").fine();
    assert_goes_on(&place, "cut.wtape", "new.wtape");
}

#[test]
fn the_blocks_of_the_source_are_copied_payload_by_payload() {
    let place = Place::with_tape();
    go_on(&place, "walk.wtape", "walk.txt", "new.wtape").fine();
    let payloads = |name: &str| {
        let (bytes, tape) = (place.read(name), read(&place, name));
        let payload = |block: &worldtape::session::BlockInfo| {
            let end = (block.offset + block.len) as usize;
            (block.kind, bytes[block.offset as usize + 84..end].to_vec())
        };
        tape.blocks.iter().map(payload).collect::<Vec<_>>()
    };
    let (source, new) = (payloads("walk.wtape"), payloads("new.wtape"));
    let copied = source.len() - 2;
    assert_eq!(new[..copied], source[..copied]);
    let kinds: Vec<Kind> = new[copied..].iter().map(|payload| payload.0).collect();
    assert_eq!(kinds[..3], [Kind::Machine, Kind::Resume, Kind::Frames]);
}

#[test]
fn a_session_goes_on_twice_and_from_a_recovered_tape() {
    let place = Place::with_tape();
    place.write("other.txt", OTHER);
    place.write("short.txt", "1 attack\n");
    go_on(&place, "walk.wtape", "short.txt", "one.wtape").fine();
    go_on(&place, "one.wtape", "other.txt", "two.wtape").fine();
    assert_goes_on(&place, "walk.wtape", "one.wtape");
    let tape = assert_goes_on(&place, "one.wtape", "two.wtape");
    assert_eq!((tape.outcomes.len(), tape.resumes.len()), (141, 2));
    let whole = place.read("two.wtape");
    let last = tape.blocks.iter().rfind(|block| block.kind == Kind::Frames).expect("frames");
    place.write("cut.wtape", &whole[..last.offset as usize + 100]);
    place.run("recover cut.wtape -o out.wtape").exits(4);
    go_on(&place, "out.wtape", "short.txt", "three.wtape").fine();
    assert_goes_on(&place, "out.wtape", "three.wtape");
}

#[test]
fn a_tape_that_drifts_is_not_gone_on_from() {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| tape.outcomes[33].state_sum ^= 1);
    let ran = go_on(&place, "drift.wtape", "walk.txt", "new.wtape").exits(3);
    let line = "drift.wtape: DRIFT in frame 33: it does not come out again here, so nothing can go \
        on from it; nothing was written";
    assert_eq!((ran.complaint(), ran.out.as_str()), (line, ""));
    assert!(!place.path("new.wtape").exists());
}

#[test]
fn a_damaged_tape_is_to_be_recovered_first() {
    let place = Place::with_tape();
    let mut bytes = place.read("walk.wtape");
    let blocks = read(&place, "walk.wtape").blocks;
    let offset = blocks[4].offset;
    bytes[offset as usize + 100] ^= 1;
    place.write("bad.wtape", &bytes);
    let ran = go_on(&place, "bad.wtape", "walk.txt", "new.wtape").exits(4);
    let line = ran.complaint();
    let start = format!("bad.wtape is damaged at byte {offset}; make a whole tape of it with ");
    assert!(line.starts_with(&start), "{line}");
    place.write("bad.wtape", &bytes[..blocks[3].offset as usize + 100]);
    let ran = go_on(&place, "bad.wtape", "walk.txt", "new.wtape").exits(1);
    let line = "bad.wtape ends before its first frame is whole: there is nothing to go on from";
    assert_eq!(ran.complaint(), line);
    go_on(&place, "walk.txt", "walk.txt", "new.wtape").exits(1).complaint();
    go_on(&place, "none.wtape", "walk.txt", "new.wtape").exits(1).complaint();
    assert!(!place.path("new.wtape").exists());
}

#[test]
fn what_the_tape_decides_cannot_be_asked_for_and_nothing_is_written_over() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    let words = "record --continue walk.wtape --actions walk.txt -o new.wtape";
    for option in ["--seed 1", "--seed 0", "--start 1", "--passes 2"] {
        let ran = place.run(&format!("{words} {option}")).exits(2);
        assert!(ran.err.contains("cannot be used with"), "{option}: {ran:?}");
        place.run(&format!("play --continue walk.wtape {option}")).exits(2);
    }
    place.run("play --continue walk.wtape --no-record").exits(2);
    let line = "walk.wtape exists and is not written over; choose another name with -o";
    let ran = go_on(&place, "walk.wtape", "walk.txt", "walk.wtape").exits(1);
    assert_eq!(ran.complaint(), line);
    place.altered("x.wtape", |tape| tape.config.world_digest.0[0] ^= 1);
    let ran = go_on(&place, "x.wtape", "walk.txt", "new.wtape").exits(1);
    assert!(ran.complaint().starts_with("x.wtape: the tape was recorded with world tiny ("));
    assert!(!place.path("new.wtape").exists());
    assert_eq!(place.read("walk.wtape"), whole);
}

#[test]
fn settings_of_the_source_go_with_it() {
    let place = Place::new();
    let words = "record --actions walk.txt --world tiny.safetensors --seed 9 --start 1 --passes 3";
    place.run(words).fine();
    go_on(&place, "walk.wtape", "walk.txt", "new.wtape").fine();
    let config = assert_goes_on(&place, "walk.wtape", "new.wtape").config;
    assert_eq!((config.seed, config.prompt, config.passes), (9, 1, 3));
}

#[test]
fn a_tape_that_goes_on_from_another_play_than_it_says_is_named() {
    let place = Place::with_tape();
    let root_after = |tape: &Tape, frames: usize| {
        let mut root = PlayRoot::new(&tape.config);
        let played = tape.actions.iter().zip(&tape.outcomes).take(frames);
        played.for_each(|(action, outcome)| root.fold(*action, outcome));
        root.digest()
    };
    for (frames, of, exit) in [(10, 10, 0), (10, 11, 4), (71, 70, 4)] {
        let name = format!("after-{frames}-{of}.wtape");
        place.altered(&name, |tape| {
            let source_root = root_after(tape, of);
            let source_frame = frames;
            tape.resumes.push(Resume { source_uuid: [1; 16], source_frame, source_root });
        });
        let ran = place.run(&format!("inspect --verify {name}")).exits(exit);
        if exit == 4 {
            let line = ran.complaint();
            assert!(line.contains("it goes on from another play"), "{line}");
        }
        place.run(&format!("inspect {name}")).fine();
    }
}
