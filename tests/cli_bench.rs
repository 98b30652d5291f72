//! `worldtape bench` as a process: what it says, and that nothing of it stays behind.

#[path = "common/command.rs"]
mod command;

use command::Place;
use serde_json::Value;

const BENCH: &str = "bench --world tiny.safetensors --frames 12 --warm-up 3";

/// Runs it with temporary files in the place itself.
fn bench(place: &Place, words: &str) -> String {
    let folder = place.path("");
    let folder = folder.to_str().expect("UTF-8");
    place.run_with("TMPDIR", folder, &format!("{BENCH} {words}")).fine()
}

fn lines_of(text: &str) -> Vec<Value> {
    text.lines().map(|line| line.parse().expect("a JSON object a line")).collect()
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["line"] == kind).collect()
}

#[test]
fn the_text_names_the_machine_first_and_doubts_last() {
    let place = Place::new();
    let said = bench(&place, "");
    assert!(said.starts_with("machine    "), "{said}");
    for word in ["cpu, ", " thread", "\nbuild ", "\nworld ", "\nstage, ms", "\nlinear", "\nwork "] {
        assert!(said.contains(word), "{word:?} in {said}");
    }
    let few = said.lines().find(|line| line.starts_with("doubt      12 frames are too few"));
    assert!(few.is_some_and(|line| line.contains("--frames")), "{said}");
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt"]);
}

#[test]
fn the_lines_hold_every_frame_and_every_op() {
    let place = Place::new();
    let lines = lines_of(&bench(&place, "--json -"));
    assert_eq!(lines[0]["line"], "machine");
    assert_eq!(lines[0]["version"], 1);
    let frames = of_kind(&lines, "frame");
    let phases: Vec<&str> = frames.iter().filter_map(|line| line["phase"].as_str()).collect();
    assert_eq!(phases, [vec!["warm_up"; 3], vec!["measured"; 12]].concat());
    for frame in frames {
        let ns = |name: &str| frame[name].as_u64().expect("nanoseconds");
        let parts = ns("step_ns") + ns("digest_ns") + ns("log_ns");
        assert!(ns("step_ns") > 0 && parts <= ns("frame_ns"), "{frame}");
    }
    let ops: u64 = of_kind(&lines, "kind").iter().filter_map(|line| line["ops"].as_u64()).sum();
    assert_eq!(ops, of_kind(&lines, "op").len() as u64);
    let stages = of_kind(&lines, "stage");
    let stages: Vec<&str> = stages.iter().filter_map(|line| line["name"].as_str()).collect();
    assert_eq!(stages, ["frame", "step", "digest", "log", "prompt", "tapped"]);
}

#[test]
fn samples_go_to_a_new_file_and_never_over_one_that_exists() {
    let place = Place::new();
    let said = bench(&place, "--json samples.jsonl");
    assert!(said.starts_with("machine    "), "{said}");
    let text = String::from_utf8(place.read("samples.jsonl")).expect("UTF-8");
    assert_eq!(of_kind(&lines_of(&text), "frame").len(), 15);
    let ran = place.run(&format!("{BENCH} --json samples.jsonl")).exits(1);
    assert!(ran.complaint().contains("samples.jsonl exists"), "{ran:?}");
    assert_eq!(place.read("samples.jsonl"), text.as_bytes());
}

#[test]
fn a_bench_of_no_frames_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let ran = place.run("bench --world tiny.safetensors --frames 0").exits(2);
    assert!(ran.err.contains("0 is not in 1..=100000"), "{ran:?}");
    place.run("bench --world tiny.safetensors --start 99 --json samples.jsonl").exits(1);
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt"]);
}
