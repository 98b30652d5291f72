//! `recover`: what is whole is copied, what is lost is listed, the original is never touched.

use crate::command::{Place, Ran};
use worldtape::session::{BlockInfo, Ending, HEADER_BYTES, Kind, Tape};

/// A way to get a tape wrong.
type Fault = fn(&mut Tape);

const REPLAY: &str = "replay --world tiny.safetensors";

/// Recovers `bad.wtape` of these bytes to `out.wtape`, which must not be there yet.
fn recovered(place: &Place, bytes: &[u8]) -> Ran {
    place.write("bad.wtape", bytes);
    let ran = place.run("recover bad.wtape -o out.wtape --json");
    assert_eq!(place.read("bad.wtape"), bytes, "the original is never touched");
    ran
}

fn read(place: &Place, name: &str) -> Tape {
    Tape::read(&place.read(name)).expect("a tape")
}

/// `out.wtape` replays clean and is a front of `walk.wtape` of `frames` frames. It is taken away.
#[track_caller]
fn assert_front(place: &Place, frames: usize) {
    let (out, whole) = (read(place, "out.wtape"), read(place, "walk.wtape"));
    assert_eq!((&out.ending, out.outcomes.len()), (&Ending::Closed, frames));
    assert!(whole.outcomes.starts_with(&out.outcomes));
    assert!(whole.actions.starts_with(&out.actions));
    place.run("inspect out.wtape --verify").fine();
    let said = place.run(&format!("{REPLAY} out.wtape --json")).exits(0).json();
    assert_eq!(said["play_root"], out.play_root.digest().to_string());
    std::fs::remove_file(place.path("out.wtape")).expect("taken away");
}

/// The block of `walk.wtape` of this kind and number among its kind.
fn block(place: &Place, kind: Kind, number: usize) -> BlockInfo {
    let blocks = read(place, "walk.wtape").blocks;
    *blocks.iter().filter(|block| block.kind == kind).nth(number).expect("such a block")
}

#[test]
fn a_tape_cut_at_many_places_is_recovered_to_its_last_whole_block() {
    let place = Place::with_tape();
    let (whole, tape) = (place.read("walk.wtape"), read(&place, "walk.wtape"));
    let seams = tape.blocks.iter().map(|block| (block.offset + block.len) as usize);
    for end in (1..whole.len()).step_by(271).chain(seams) {
        let ran = recovered(&place, &whole[..end]);
        let kept = tape.blocks.iter().filter(|block| block.offset + block.len <= end as u64);
        let frames: usize = kept.clone().map(|block| block.frame_count as usize).sum();
        let is_seam = kept.clone().next_back().is_some_and(|b| b.offset + b.len == end as u64);
        if kept.count() < 3 || frames == 0 && !is_seam {
            let ran = ran.exits(1);
            assert!(ran.complaint().starts_with("nothing of bad.wtape can be recovered: "));
            assert!(!place.path("out.wtape").exists(), "cut at {end}");
            continue;
        }
        let said = ran.json();
        assert_eq!(said["frames"], frames, "cut at {end}");
        match ran.code {
            Some(0) => assert_eq!(said["state"], "unclosed", "cut at {end}"),
            code => assert_eq!((code, &said["state"]), (Some(4), &"lossy".into()), "cut at {end}"),
        }
        assert_front(&place, frames);
    }
}

#[test]
fn a_whole_tape_is_copied_as_it_is_and_said_to_be_whole() {
    let place = Place::with_tape();
    let said = place.run("recover walk.wtape -o out.wtape").fine();
    let root = read(&place, "walk.wtape").play_root.short();
    let line = format!("walk.wtape is whole; out.wtape holds 70 frames, play root {root}\n");
    assert_eq!(said, line);
    assert_eq!(place.read("out.wtape"), place.read("walk.wtape"));
}

#[test]
fn an_unclosed_tape_is_closed_and_nothing_of_it_is_lost() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    let end = block(&place, Kind::Index, 0).offset as usize;
    recovered(&place, &whole[..end]).exits(0);
    let out = place.read("out.wtape");
    assert!(out.starts_with(&whole[..end]), "every byte of its blocks is the same");
    let shown = place.run("inspect out.wtape").fine();
    let note = "note       frame 70: recovered: the tape was not closed; nothing of it is lost";
    assert!(shown.contains(note), "{shown}");
    assert_front(&place, 70);
    let said = place.run("recover bad.wtape -o out.wtape").fine();
    assert!(said.starts_with("bad.wtape was not closed, nothing is lost; out.wtape holds 70"));
}

#[test]
fn damage_in_the_middle_lists_the_frames_that_are_lost_and_those_of_no_use() {
    let place = Place::with_tape();
    let mut bytes = place.read("walk.wtape");
    let (first, second) = (block(&place, Kind::Frames, 0), block(&place, Kind::Frames, 1));
    bytes[(second.offset + 90) as usize] ^= 1;
    let ran = recovered(&place, &bytes).exits(4);
    let line = "bad.wtape: frames 63 to 69 lost; recovered through frame 62";
    assert_eq!(ran.complaint(), line);
    let said = ran.json();
    assert_eq!((&said["state"], &said["is_end_unknown"]), (&"lossy".into(), &false.into()));
    let loss = &said["losses"][0];
    assert_eq!((&loss["offset"], &loss["why"]), (&second.offset.into(), &"damaged".into()));
    assert_eq!((&loss["block"], &loss["frame_count"]), (&"FRAMES".into(), &7.into()));
    let why: Vec<_> = said["losses"].as_array().expect("a list").iter().collect();
    assert_eq!(why.len(), 3, "{said}");
    assert_eq!((&why[2]["block"], &why[2]["why"]), (&"END".into(), &"stranded".into()));
    let shown = place.run("inspect out.wtape").fine();
    let note = "note       frame 63: recovered: frames 63 to 69 lost; recovered through frame 62";
    assert!(shown.contains(note), "{shown}");
    assert_front(&place, 63);

    bytes = place.read("walk.wtape");
    bytes[first.offset as usize + 90] ^= 1;
    let ran = recovered(&place, &bytes).exits(1);
    let start = "nothing of bad.wtape can be recovered: no frame is whole (damaged at byte ";
    assert!(ran.complaint().starts_with(start), "{ran:?}");
    assert!(!place.path("out.wtape").exists());
}

#[test]
fn a_damaged_copy_of_config_or_header_is_made_again_to_the_same_bytes() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    let copies = [0, 1].map(|number| block(&place, Kind::Config, number));
    let ranges = copies.map(|block| block.offset as usize..(block.offset + block.len) as usize);
    for range in ranges.into_iter().chain([8..20, HEADER_BYTES - 4..HEADER_BYTES]) {
        let mut bytes = whole.clone();
        bytes[range].fill(0xee);
        let ran = recovered(&place, &bytes).exits(0);
        assert_eq!(ran.json()["state"], "mended");
        let end = block(&place, Kind::Index, 0).offset as usize;
        assert_eq!(place.read("out.wtape")[..end], whole[..end]);
        assert_front(&place, 70);
    }
}

#[test]
fn what_is_empty_or_no_tape_or_newer_recovers_nothing() {
    let place = Place::with_tape();
    let mut newer = place.read("walk.wtape");
    newer[16] = 2;
    let crc = crc32c::crc32c(&newer[..HEADER_BYTES - 4]);
    newer[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    let headless = place.read("walk.wtape").split_off(700);
    let files = [
        (&b""[..], "nothing of bad.wtape can be recovered: not a tape: no tape magic at byte 8"),
        (b"hello, this is text, and it is longer than the header of a tape", "nothing of bad."),
        (&[0; 8192], "nothing of bad.wtape can be recovered: not a tape: "),
        (&headless, "nothing of bad.wtape can be recovered: not a tape: "),
        (&newer, "bad.wtape needs another worldtape: tape of version 2.0, this build reads 1.x"),
    ];
    for (bytes, line) in files {
        let ran = recovered(&place, bytes).exits(1);
        assert!(ran.complaint().starts_with(line), "{ran:?}");
        assert!(!place.path("out.wtape").exists());
    }
    place.run("recover none.wtape -o out.wtape").exits(1).complaint();
    place.run("recover . -o out.wtape").exits(1).complaint();
    place.run("recover walk.wtape").exits(2);
    assert!(!place.path("out.wtape").exists());
}

#[test]
fn neither_another_file_nor_the_tape_itself_is_written_over() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("kept.wtape", "mine");
    std::os::unix::fs::symlink("walk.wtape", place.path("link.wtape")).expect("a link");
    for output in ["kept.wtape", "walk.wtape", "./walk.wtape", "link.wtape"] {
        let ran = place.run(&format!("recover walk.wtape -o {output}")).exits(1);
        let line = format!("{output} exists and is not written over; choose another name with -o");
        assert_eq!(ran.complaint(), line);
    }
    assert_eq!((place.read("kept.wtape"), place.read("walk.wtape")), (b"mine".to_vec(), whole));
    let ran = place.run("recover walk.wtape -o none/out.wtape").exits(1);
    assert!(ran.complaint().ends_with("there is no such folder; make it first"), "{ran:?}");
}

#[test]
fn a_full_disk_leaves_no_half_of_a_tape() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 100]);
    for file in ["walk", "cut"] {
        let script = r#"trap '' XFSZ; ulimit -f 2; exec "$worldtape" recover"#;
        let ran = place.shell(&format!("{script} {file}.wtape -o out.wtape")).exits(1);
        let line = ran.complaint();
        assert!(line.starts_with("tape out.wtape: "), "{line}");
        assert!(line.ends_with("File too large (os error 27)"), "{line}");
        assert!(!place.path("out.wtape").exists());
    }
    assert_eq!(place.read("walk.wtape"), whole);
}

#[test]
fn a_recovered_tape_is_recovered_to_the_same_bytes() {
    let place = Place::with_tape();
    let mut bytes = place.read("walk.wtape");
    bytes[(block(&place, Kind::Frames, 1).offset + 90) as usize] ^= 1;
    recovered(&place, &bytes).exits(4);
    place.run("recover out.wtape -o again.wtape").fine();
    assert_eq!(place.read("out.wtape"), place.read("again.wtape"));
    place.run("recover bad.wtape -o twice.wtape").exits(4);
    assert_eq!(place.read("out.wtape"), place.read("twice.wtape"));
}

#[test]
fn a_recovery_that_altered_a_frame_would_drift() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    recovered(&place, &whole[..whole.len() - 100]);
    std::fs::rename(place.path("out.wtape"), place.path("walk.wtape")).expect("renamed");
    let planted: [(&str, Fault); 4] = [
        ("an action", |tape| tape.actions[40].0 ^= 4),
        ("a picture", |tape| tape.outcomes[40].picture.0[0] ^= 1),
        ("a state", |tape| tape.outcomes[40].state_sum ^= 1),
        ("a frame left out", |tape| {
            tape.actions.remove(40);
            tape.outcomes.remove(40);
            tape.action_us.remove(40);
            tape.outcome_us.remove(40);
        }),
    ];
    for (number, (fault, plant)) in planted.into_iter().enumerate() {
        let name = format!("wrong-{number}.wtape");
        place.altered(&name, plant);
        let ran = place.run(&format!("{REPLAY} {name} --json"));
        assert_eq!(ran.code, Some(3), "{fault}");
        let verdict = ran.json();
        let first = [&verdict["first_state_drift"], &verdict["first_picture_drift"]];
        let first = first.iter().filter_map(|frame| frame.as_u64()).min();
        assert!(first.is_some_and(|frame| frame >= 40), "{fault}: {first:?}");
    }
}

#[test]
fn what_is_recovered_replays_on_any_number_of_threads() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    recovered(&place, &whole[..whole.len() - 400]);
    for threads in ["1", "2", "7"] {
        let words = format!("{REPLAY} out.wtape");
        place.run_with("RAYON_NUM_THREADS", threads, &words).exits(0);
    }
}
