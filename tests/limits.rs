//! What a session of the shipped world may take: memory, and time until its first frame.

#[path = "common/command.rs"]
mod command;

use command::{PROGRAM, Place, Ran};
use std::path::Path;
use std::process::Command;

/// Most memory of a recording, in bytes.
const MEMORY_BYTES_MAX: u64 = 250_000_000;

/// Longest time from the start of the process to the first frame.
const FIRST_FRAME_NS_MAX: u64 = 1_000_000_000;

/// Tries for the time: other work on the machine may spoil one.
const TRIES: usize = 5;

/// Runs the program in the checkout, where it finds the shipped world.
fn run(place: &Place, words: &str) -> Ran {
    let mut command = Command::new(PROGRAM);
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    command.args(words.split_whitespace()).current_dir(checkout).env("TMPDIR", place.path(""));
    Ran::from(command.output().expect("runs"))
}

#[test]
fn a_recording_stays_within_its_memory() {
    let place = Place::new();
    let (script, tape) = (place.path("walk.txt"), place.path("walk.wtape"));
    let (script, tape) = (script.display(), tape.display());
    let ran = run(&place, &format!("record --actions {script} -o {tape} --json")).exits(0);
    let bytes = ran.json()["memory_bytes_max"].as_u64().expect("this system tells");
    println!("a recording took {bytes} bytes at most");
    assert!((10_000_000..=MEMORY_BYTES_MAX).contains(&bytes), "{bytes} bytes");
}

#[test]
fn the_first_frame_comes_within_a_second() {
    let place = Place::new();
    let tries = (0..TRIES).map(|_| {
        let said = run(&place, "bench --frames 1 --warm-up 0 --json -").fine();
        let mut lines = said.lines().map(|line| line.parse::<serde_json::Value>().expect("JSON"));
        let start = lines.find(|line| line["line"] == "start").expect("a line of the start");
        start["first_frame_ns"].as_u64().expect("a number")
    });
    let tries: Vec<u64> = tries.collect();
    println!("the first frame came after {tries:?} ns");
    assert!(tries.iter().any(|&ns| (1..=FIRST_FRAME_NS_MAX).contains(&ns)), "{tries:?} ns");
}
