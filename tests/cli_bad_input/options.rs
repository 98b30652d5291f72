//! Words on the command line that name what is not there.

use crate::command::Place;

const RECORD: &str = "record --actions walk.txt --world tiny.safetensors -o new.wtape";

#[test]
fn what_the_world_or_this_build_does_not_have_is_an_error() {
    let place = Place::new();
    let lines = [
        ("--start 99", "the world has no prompt 99; it has 0 to 2"),
        ("--passes 9", "the world has no schedule of passes 9; it has 1, 2, 3"),
        ("--passes 0", "the world has no schedule of passes 0; it has 1, 2, 3"),
    ];
    for (words, line) in lines {
        let ran = place.run(&format!("{RECORD} {words}")).exits(1);
        assert_eq!(ran.complaint(), line);
        assert!(!place.path("new.wtape").exists());
    }
}

#[test]
fn an_engine_that_this_build_does_not_have_is_an_error() {
    let place = Place::new();
    let ran = place.run(&format!("{RECORD} --device cuda:0"));
    if ran.code != Some(0) {
        let line = ran.complaint();
        assert!(line.contains("cuda:0") || line.contains("CUDA"), "{line}");
        assert_eq!(ran.code, Some(1));
        assert!(!place.path("new.wtape").exists());
    }
    let ran = place.run_with("WORLDTAPE_ISA", "sse9", RECORD).exits(1);
    let line = ran.complaint();
    let start = "WORLDTAPE_ISA: instruction set sse9 is not to be had here; there is ";
    assert!(line.starts_with(start), "{line}");
    assert!(!place.path("new.wtape").exists());
}

#[test]
fn usage_errors_exit_with_2_and_name_the_word() {
    let place = Place::with_tape();
    let before = place.names();
    let cases = [
        (format!("{RECORD} --device toaster"), "toaster"),
        (format!("{RECORD} --device cuda:x"), "cuda:x"),
        (format!("{RECORD} --seed -1"), "-1"),
        (format!("{RECORD} --seed 18446744073709551616"), "--seed"),
        (format!("{RECORD} --start x"), "--start"),
        (format!("{RECORD} --colour"), "--colour"),
        ("record".to_owned(), "--actions"),
        ("replay".to_owned(), "<FILE>"),
        ("inspect".to_owned(), "<FILE>"),
        ("inspect a b".to_owned(), "'b'"),
        ("world".to_owned(), "world"),
        ("world pack x".to_owned(), "--output"),
        ("rewind".to_owned(), "rewind"),
    ];
    for (words, named) in cases {
        let ran = place.run(&words).exits(2);
        assert!(ran.err.contains(named), "{words}: {ran:?}");
        assert_eq!(ran.out, "", "{words}");
    }
    assert_eq!(place.names(), before);
}

#[test]
fn a_device_word_is_refused_with_the_words_there_are() {
    let place = Place::new();
    let ran = place.run(&format!("{RECORD} --device toaster")).exits(2);
    let first = ran.err.lines().next();
    assert_eq!(
        first,
        Some(
            "error: invalid value 'toaster' for '--device <DEVICE>': there is auto, cpu, cuda:N \
            (cuda:0, cuda:1 and so on) and reference"
        )
    );
}
