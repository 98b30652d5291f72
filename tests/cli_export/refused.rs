//! What cannot be exported is refused by name before any frame, and leaves nothing.

use crate::command::Place;
use crate::export;
use worldtape::event::Digest;

/// The export exits with `code`, says `line` alone and leaves no new file.
#[track_caller]
fn refused(place: &Place, words: &str, code: i32, line: &str) {
    let names = place.names();
    let ran = export(place, words).exits(code);
    assert_eq!((ran.complaint(), ran.out.as_str()), (line, ""));
    assert_eq!(place.names(), names);
}

#[test]
fn frames_that_the_tape_does_not_have_are_named() {
    let place = Place::with_tape();
    let has = "the tape has frames 0 to 69";
    for range in ["70..", "60..71", "1000000..1000001"] {
        let line = format!("walk.wtape: there is no --frames {range}: {has}");
        refused(&place, &format!("walk.wtape -o a.gif --frames {range}"), 1, &line);
    }
    for range in ["10..10", "10..3", "10", "a..b", "1..2..3", "-3..4", "0..99999999999999999999"] {
        let ran = export(&place, &format!("walk.wtape -o a.gif --frames={range}")).exits(2);
        assert!(ran.err.contains("--frames <A..B>"), "{ran:?}");
    }
    for words in ["--every 0", "--scale 0", "--scale 17", "--columns 0", "--rate 0", "--rate x"] {
        export(&place, &format!("walk.wtape -o a.gif {words}")).exits(2);
    }
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt", "walk.wtape"]);
}

#[test]
fn a_file_that_exists_is_left_alone() {
    let place = Place::with_tape();
    place.write("a.gif", "mine");
    let line = "a.gif exists and is not written over; choose another name with -o";
    refused(&place, "walk.wtape -o a.gif", 1, line);
    std::os::unix::fs::symlink("nowhere", place.path("b.gif")).expect("made");
    let line = "b.gif exists and is not written over; choose another name with -o";
    refused(&place, "walk.wtape -o b.gif", 1, line);
    assert_eq!(place.read("a.gif"), b"mine");
    let line = "walk.wtape exists and is not written over; choose another name with -o";
    refused(&place, "walk.wtape -o walk.wtape --format png", 1, line);
}

#[test]
fn formats_and_options_that_mean_nothing_are_refused() {
    let place = Place::with_tape();
    for (words, line) in [
        (
            "-o a.mp4",
            "walk.wtape: a.mp4 does not end in .gif, .png, .y4m or .cast; rename it or say --format",
        ),
        (
            "-o -",
            "walk.wtape: -o - has no name that tells the format; say --format gif, png, y4m or \
            cast",
        ),
        ("-o a.cast --scale 2", "walk.wtape: --scale is for gif, png and y4m; leave it out"),
        ("-o a.y4m --columns 2", "walk.wtape: --columns is for png and cast; leave it out"),
        ("-o a.png --rate 2", "walk.wtape: --rate is for gif, y4m and cast; leave it out"),
        ("-o a.gif --times tape", "walk.wtape: --times is for cast; leave it out"),
        (
            "-o - --format gif --json",
            "-o - fills stdout with the pictures; --json needs a file to be named with -o",
        ),
        (
            "-o none/a.gif",
            "walk.wtape: cannot create none/a.gif: there is no such folder; make it \
            first",
        ),
    ] {
        refused(&place, &format!("walk.wtape {words}"), 1, line);
    }
    export(&place, "walk.wtape -o a.GIF").fine();
}

#[test]
fn what_a_format_cannot_hold_leaves_no_file() {
    let place = Place::with_tape();
    let line = "cannot write a.gif; nothing is left of it: a GIF picture would last 10000 us; \
        viewers keep to 20000 us and more, and at most 655340000 us can be said";
    refused(&place, "walk.wtape -o a.gif --rate 100", 1, line);
    export(&place, "walk.wtape -o b.gif --rate 100 --every 2").fine();
}

#[test]
fn another_world_is_refused_by_name() {
    let place = Place::with_tape();
    let tiny = place.run("world info tiny.safetensors --json").json();
    let tiny = tiny["digest"].as_str().expect("a text").to_owned();
    let other = Digest([0xab; 32]);
    place.altered("x.wtape", |tape| {
        tape.config.world_digest = other;
        tape.config.world_name = "other".to_owned();
    });
    let line = format!(
        "x.wtape: the tape was recorded with world other ({other}); tiny.safetensors is tiny \
        ({tiny}); name the right file with --world"
    );
    refused(&place, "x.wtape -o a.gif", 1, &line);
}

#[test]
fn what_is_no_tape_is_refused_by_name() {
    let place = Place::with_tape();
    place.write("empty.wtape", "");
    refused(&place, "empty.wtape -o a.gif", 1, "empty.wtape is empty, not a tape");
    let line = "walk.txt: not a tape: no tape magic at byte 8 of 43 bytes";
    refused(&place, "walk.txt -o a.gif", 1, line);
    place.altered("blank.wtape", |tape| {
        tape.actions.clear();
        tape.action_us.clear();
        tape.outcomes.clear();
        tape.outcome_us.clear();
    });
    refused(&place, "blank.wtape -o a.gif", 1, "blank.wtape: the tape has no frame to show");
}
