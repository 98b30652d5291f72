//! Tapes that are none, are cut or damaged, or ask for what this program does not have.

use crate::command::{Place, Ran};
use worldtape::event::Digest;
use worldtape::session::{FOOTER_BYTES, HEADER_BYTES};

fn replay(place: &Place, file: &str) -> Ran {
    place.run(&format!("replay {file} --world tiny.safetensors"))
}

/// Both verbs that read tapes exit with `code` and say `line`, and print no result.
#[track_caller]
fn refused(place: &Place, file: &str, code: i32, line: &str) {
    for ran in [replay(place, file), place.run(&format!("inspect {file}"))] {
        let ran = ran.exits(code);
        assert_eq!(ran.complaint(), line);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn what_is_no_tape_is_refused_by_name() {
    let place = Place::new();
    place.write("empty.wtape", "");
    std::fs::create_dir(place.path("folder.wtape")).expect("made");
    let missing = "cannot open none.wtape: No such file or directory (os error 2)";
    refused(&place, "none.wtape", 1, missing);
    refused(&place, "folder.wtape", 1, "folder.wtape is a folder, not a file");
    refused(&place, "empty.wtape", 1, "empty.wtape is empty, not a tape");
    let text = "walk.txt: not a tape: no tape magic at byte 8 of 43 bytes";
    refused(&place, "walk.txt", 1, text);
    refused(&place, "/dev/zero", 1, "/dev/zero is not a plain file");
}

#[test]
fn a_newer_tape_is_named_as_such() {
    let place = Place::with_tape();
    let mut bytes = place.read("walk.wtape");
    bytes[16] = 2;
    let crc = crc32c::crc32c(&bytes[..HEADER_BYTES - 4]);
    bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    place.write("new.wtape", bytes);
    let line = "new.wtape needs another worldtape: tape of version 2.0, this build reads 1.x";
    refused(&place, "new.wtape", 1, line);
}

#[test]
fn a_cut_tape_is_replayed_as_far_as_it_goes() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 1]);
    let ran = replay(&place, "cut.wtape").exits(4);
    assert!(ran.out.starts_with("cut.wtape: 70 frames replayed, every"), "{ran:?}");
    let offset = whole.len() - FOOTER_BYTES;
    let ending = format!("the tape is cut short at byte {offset}; valid through frame 69");
    assert_eq!(ran.complaint(), format!("cut.wtape: {ending}"));
    let ran = place.run("inspect cut.wtape --verify --json").exits(4);
    assert_eq!(ran.complaint(), format!("cut.wtape: {ending}"));
    assert_eq!(ran.json()["ending"], "cut");
    assert_eq!(ran.json()["ending_detail"], ending);
}

#[test]
fn a_tape_cut_anywhere_is_never_whole_and_never_drift() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    let mut frames_before = 0;
    for length in (9..whole.len()).step_by(181) {
        place.write("cut.wtape", &whole[..length]);
        let ran = replay(&place, "cut.wtape --json").exits(4);
        ran.complaint();
        let frames = if ran.out.is_empty() {
            0
        } else {
            assert_eq!(ran.json()["verdict"], "cut", "{length} bytes");
            ran.json()["frames"].as_u64().expect("a number")
        };
        assert!(frames >= frames_before, "{length} bytes: {frames} frames");
        frames_before = frames;
    }
    assert_eq!(frames_before, 70);
}

#[test]
fn a_changed_byte_is_damage_wherever_it_is() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    let magic = 8..16;
    for offset in (0..whole.len()).step_by(17).chain(magic.clone()) {
        let mut bytes = whole.clone();
        bytes[offset] ^= 1 << (offset % 8);
        place.write("bad.wtape", bytes);
        let code = if magic.contains(&offset) { 1 } else { 4 };
        let ran = place.run("inspect bad.wtape --verify").exits(code);
        ran.complaint();
        if offset % 5 == 0 {
            replay(&place, "bad.wtape").exits(code).complaint();
        }
    }
}

#[test]
fn damage_in_the_second_block_leaves_the_first() {
    let place = Place::with_tape();
    let shown = place.run("inspect walk.wtape --json").json();
    assert_eq!(shown["blocks"]["FRAMES"], 2);
    let whole = place.read("walk.wtape");
    let with_byte_changed = |offset: usize| {
        let mut bytes = whole.clone();
        bytes[offset] = !bytes[offset];
        replay_frames(&place, &bytes)
    };
    let offsets = (HEADER_BYTES..whole.len()).step_by(97);
    let mut frames: Vec<u64> = offsets.map(with_byte_changed).collect();
    assert!(frames.is_sorted(), "{frames:?}");
    frames.dedup();
    // A block is full with 64 actions; the last one's frame was still in the making.
    assert_eq!(frames, [0, 63, 70]);
}

/// Frames that a damaged tape still replays with.
fn replay_frames(place: &Place, bytes: &[u8]) -> u64 {
    place.write("bad.wtape", bytes);
    let ran = replay(place, "bad.wtape --json").exits(4);
    let line = ran.complaint();
    let verdict = ran.json();
    assert_eq!(verdict["verdict"], "damaged");
    let frames = verdict["frames"].as_u64().expect("a number");
    let through = match frames.checked_sub(1) {
        Some(last) => format!("; valid through frame {last}"),
        None => "; no frame is whole".to_owned(),
    };
    assert!(line.ends_with(&through), "{line}");
    frames
}

#[test]
fn damage_in_the_footer_alone_is_damage_behind_the_last_frame() {
    let place = Place::with_tape();
    let mut bytes = place.read("walk.wtape");
    let (last, footer) = (bytes.len() - 1, bytes.len() - FOOTER_BYTES);
    bytes[last] ^= 1;
    assert_eq!(replay_frames(&place, &bytes), 70);
    let line = replay(&place, "bad.wtape").complaint().to_owned();
    let start =
        format!("bad.wtape: the tape is damaged at byte {footer} (Footer at byte {footer}: ");
    assert!(line.starts_with(&start), "{line}");
    let mut bytes = place.read("walk.wtape");
    bytes.extend(b"more");
    assert_eq!(replay_frames(&place, &bytes), 70);
}

#[test]
fn another_world_is_refused_by_name_before_any_frame() {
    let place = Place::with_tape();
    let tiny = place.run("world info tiny.safetensors --json").json();
    let tiny = tiny["digest"].as_str().expect("a text").to_owned();
    let other = Digest([0xab; 32]);
    place.altered("x.wtape", |tape| {
        tape.config.world_digest = other;
        tape.config.world_name = "other".to_owned();
    });
    let ran = replay(&place, "x.wtape").exits(1);
    assert_eq!(
        ran.complaint(),
        format!(
            "x.wtape: the tape was recorded with world other ({other}); tiny.safetensors is \
            tiny ({tiny}); name the right file with --world"
        )
    );
    assert_eq!(ran.out, "");
    let ran = place.run("replay x.wtape").exits(1);
    let line = ran.complaint();
    assert!(line.starts_with("x.wtape: the tape was recorded with world other (abab"), "{line}");
    assert!(line.ends_with("name the right file with --world"), "{line}");
}

#[test]
fn another_arithmetic_is_refused_by_name() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| tape.config.arithmetic = "exact-2".to_owned());
    let ran = replay(&place, "x.wtape").exits(1);
    assert_eq!(
        ran.complaint(),
        "x.wtape: the tape is of arithmetic exact-2, this engine computes exact-1; \
        only the same arithmetic gives the same bits"
    );
    place.run("inspect x.wtape").fine();
}

#[test]
fn settings_that_the_world_does_not_have_are_named() {
    let place = Place::with_tape();
    place.altered("prompt.wtape", |tape| tape.config.prompt = 3);
    place.altered("size.wtape", |tape| tape.config.picture_width = 64);
    place.altered("levels.wtape", |tape| {
        tape.config.noise_levels[1] = 0.5f32.to_bits();
    });
    let lines = [
        ("prompt.wtape", "the world has no prompt 3; it has 0 to 2"),
        ("size.wtape", "the tape's picture is: 64x16; the world's: 32x16; no such session can be"),
        (
            "levels.wtape",
            "the tape's noise levels are: [1.0, 0.5, 0.0]; the world's: [1.0, 0.3, 0.0]; \
            no such session can be",
        ),
    ];
    for (name, line) in lines {
        let ran = replay(&place, name).exits(1);
        assert_eq!(ran.complaint(), format!("{name}: {line}"));
    }
}

#[test]
fn a_tape_too_large_for_the_memory_is_refused() {
    let place = Place::new();
    let file = std::fs::File::create(place.path("huge.wtape")).expect("made");
    file.set_len(8 << 30).expect("a sparse file");
    let ran = place.shell(r#"ulimit -v 1000000; exec "$worldtape" inspect huge.wtape"#);
    let ran = ran.exits(1);
    let line = ran.complaint();
    assert!(line.starts_with("cannot hold the 8589934592 bytes of huge.wtape: "), "{line}");
    file.set_len(1 << 35).expect("a sparse file");
    refused(
        &place,
        "huge.wtape",
        1,
        "huge.wtape has 34359738368 bytes; at most 17179869184 are read",
    );
}
