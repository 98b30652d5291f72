//! Where output goes: files that exist, folders that do not, disks that are full, readers that left.

use crate::command::{Place, Ran};
use std::io::Read;
use std::process::Stdio;

const RECORD: &str = "record --actions walk.txt --world tiny.safetensors";

#[test]
fn a_file_that_exists_is_never_written_over() {
    let place = Place::new();
    place.write("kept.wtape", "mine");
    let line = "kept.wtape exists and is not written over; choose another name with -o";
    let ran = place.run(&format!("{RECORD} -o kept.wtape")).exits(1);
    assert_eq!(ran.complaint(), line);
    assert_eq!(place.read("kept.wtape"), b"mine");
    let ran = place.run(&format!("{RECORD} -o .")).exits(1);
    let line = ". exists and is not written over; choose another name with -o";
    assert_eq!(ran.complaint(), line);
}

#[test]
fn a_second_recording_leaves_the_first_alone() {
    let place = Place::with_tape();
    let before = place.read("walk.wtape");
    let ran = place.run(RECORD).exits(1);
    let line = "walk.wtape exists and is not written over; choose another name with -o";
    assert_eq!(ran.complaint(), line);
    assert_eq!(place.read("walk.wtape"), before);
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let place = Place::new();
    let ran = place.run(&format!("{RECORD} -o none/a.wtape")).exits(1);
    let line = "cannot create none/a.wtape: there is no such folder; make it first";
    assert_eq!(ran.complaint(), line);
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt"]);
}

/// Runs the program with files of at most `blocks` times 512 (or 1024) bytes.
fn with_full_disk(place: &Place, blocks: u32, words: &str) -> Ran {
    let script = format!(r#"trap '' XFSZ; ulimit -f {blocks}; exec "$worldtape" {words}"#);
    place.shell(&script)
}

#[test]
fn a_full_disk_ends_the_recording_and_what_is_safe_stays() {
    let place = Place::new();
    place.write("long.txt", "100000000 forward\n");
    let words = "record --actions long.txt --world tiny.safetensors";
    let ran = with_full_disk(&place, 20, words).exits(1);
    let line = ran.complaint();
    let start = "tape long.wtape: the tape cannot be written further; ";
    let rest = line.strip_prefix(start).unwrap_or_else(|| panic!("{line}"));
    let (count, rest) = rest.split_once(' ').expect("a count");
    let safe: u64 = count.parse().expect("a count");
    assert!(rest.starts_with("frames of it are safe on disk: writing "), "{line}");
    assert!(rest.ends_with(": File too large (os error 27)"), "{line}");
    assert!(safe > 0, "{line}");
    let shown = place.run("inspect long.wtape --json").exits(4).json();
    assert_eq!(shown["ending"], "cut");
    assert!(shown["frames"].as_u64() >= Some(safe), "{shown}");
    let ran = place.run("replay long.wtape --world tiny.safetensors --json");
    assert_eq!(ran.exits(4).json()["frames"], shown["frames"]);
}

#[test]
fn a_disk_that_is_full_from_the_start_leaves_nothing() {
    let place = Place::new();
    let ran = with_full_disk(&place, 0, RECORD).exits(1);
    let line = ran.complaint();
    let start = "tape walk.wtape: the tape cannot be written further; 0 frames of it are safe";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt"]);
}

#[test]
fn a_reader_that_leaves_is_no_panic_and_no_change_of_verdict() {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| tape.outcomes[3].state_sum ^= 1);
    let verbs = [
        ("inspect walk.wtape --json", 0),
        ("inspect walk.wtape", 0),
        ("replay drift.wtape --world tiny.safetensors", 3),
        ("world info tiny.safetensors", 0),
        ("--help", 0),
    ];
    for (words, code) in verbs {
        let mut command = place.command(words);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        command.stdout(writer).stderr(Stdio::piped());
        let ran = Ran::from(command.output().expect("runs")).exits(code);
        assert_eq!(ran.err, "", "{words}");
    }
}

#[test]
fn one_byte_read_is_enough() {
    let place = Place::with_tape();
    let mut command = place.command("inspect walk.wtape --json");
    let mut child = command.stdout(Stdio::piped()).spawn().expect("runs");
    let mut first = [0];
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut first).expect("one byte");
    drop(stdout);
    assert_eq!(first, *b"{");
    assert!(child.wait().expect("ends").success());
}

#[test]
fn a_result_that_cannot_be_told_is_an_error() {
    let place = Place::with_tape();
    for words in ["inspect walk.wtape", "inspect walk.wtape --json"] {
        let ran = place.shell(&format!(r#"exec "$worldtape" {words} > /dev/full"#));
        assert_eq!(
            ran.exits(1).complaint(),
            "cannot write to standard output: No space left on device (os error 28)"
        );
    }
    let ran = place.shell(r#"exec "$worldtape" inspect none.wtape 2> /dev/full"#);
    ran.exits(1);
}
