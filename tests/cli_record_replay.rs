//! The program records a tape; other processes replay it: same, drift, and how each is told.

#[path = "common/command.rs"]
mod command;

use command::{Place, Ran};
use serde_json::Value;
use worldtape::engine::cpu::Isa;
use worldtape::event::{Action, Digest};

const REPLAY: &str = "replay --world tiny.safetensors";
const RECORD: &str = "record --actions walk.txt --world tiny.safetensors";

fn replay(place: &Place, files: &str) -> Ran {
    place.run(&format!("{REPLAY} {files}"))
}

/// The object's keys, in the order of the alphabet.
fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn a_recording_replays_the_same_in_another_process() {
    let place = Place::new();
    let said = place.run(RECORD).fine();
    assert!(said.starts_with("recorded walk.wtape: 70 frames, "), "{said}");
    let said = replay(&place, "walk.wtape").fine();
    let same = "walk.wtape: 70 frames replayed, every picture and state the same (";
    assert!(said.starts_with(same), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn json_of_record_has_its_fields() {
    let place = Place::new();
    let recorded = place.run(&format!("{RECORD} -o a.wtape --json")).json();
    let expected = [
        "bytes",
        "frames",
        "frames_per_second",
        "memory_bytes_max",
        "play_root",
        "play_root_short",
        "queue_waits",
        "seconds",
        "tape",
    ];
    assert_eq!(keys(&recorded), expected);
    assert_eq!(recorded["tape"], "a.wtape");
    assert_eq!(recorded["frames"], 70);
    assert_eq!(recorded["bytes"], place.read("a.wtape").len());
}

#[test]
fn json_of_replay_has_its_fields() {
    let place = Place::with_tape();
    let replayed = replay(&place, "walk.wtape --json").exits(0).json();
    let expected = [
        "differing",
        "ending",
        "first_picture_drift",
        "first_state_drift",
        "frames",
        "frames_per_second",
        "machine_differences",
        "play_root",
        "seconds",
        "tape",
        "verdict",
    ];
    assert_eq!(keys(&replayed), expected);
    assert_eq!(replayed["verdict"], "same");
    assert_eq!(replayed["frames"], 70);
    assert_eq!(replayed["ending"], Value::Null);
    assert_eq!(replayed["machine_differences"], Value::Array(Vec::new()));
}

#[test]
fn json_of_inspect_has_its_fields() {
    let place = Place::with_tape();
    let words = format!("{RECORD} -o s.wtape --seed 18446744073709551615 --start 1 --passes 3");
    place.run(&words).fine();
    let shown = place.run("inspect s.wtape --verify --json").exits(0).json();
    let expected = [
        "actions",
        "arithmetic",
        "blocks",
        "bytes",
        "chain_blocks",
        "ending",
        "ending_detail",
        "frames",
        "frames_per_second",
        "machines",
        "noise_levels",
        "notes",
        "passes",
        "pending_actions",
        "picture",
        "play_root",
        "play_root_short",
        "prompt",
        "resumes",
        "seconds",
        "seed",
        "uuid",
        "version",
        "world",
        "world_digest",
    ];
    assert_eq!(keys(&shown), expected);
    assert_eq!(shown["seed"], u64::MAX);
    assert_eq!((&shown["prompt"], &shown["passes"]), (&1.into(), &3.into()));
    assert_eq!(shown["ending"], "closed");
    assert_eq!(shown["chain_blocks"], 7);
    assert_eq!(shown["machines"][0]["engine"], "cpu");
    let replayed = replay(&place, "s.wtape --json").exits(0).json();
    assert_eq!(replayed["play_root"], shown["play_root"]);
}

#[test]
fn threads_and_instruction_sets_change_nothing() {
    let place = Place::with_tape();
    let root =
        |name: &str| place.run(&format!("inspect {name} --json")).json()["play_root"].clone();
    let expected = root("walk.wtape");
    let isas = Isa::available();
    let isas = isas.iter().map(|isa| ("WORLDTAPE_ISA", isa.to_string()));
    let threads = ["1", "7"].map(|threads| ("RAYON_NUM_THREADS", threads.to_owned()));
    for (variable, value) in isas.chain(threads) {
        let same = place.run_with(variable, &value, &format!("{REPLAY} walk.wtape"));
        let said = same.exits(0).out;
        assert!(said.contains("every picture and state the same"), "{said}");
        let name = format!("{value}.wtape");
        place.run_with(variable, &value, &format!("{RECORD} -o {name}")).fine();
        assert_eq!(root(&name), expected, "{variable}={value}");
    }
    let said = replay(&place, "7.wtape").exits(0).out;
    assert!(said.contains("threads: recorded on 7, replayed on "), "{said}");
}

#[test]
fn one_thread_is_named_where_the_tape_had_seven() {
    let place = Place::new();
    place.run_with("RAYON_NUM_THREADS", "7", RECORD).fine();
    let ran = place.run_with("RAYON_NUM_THREADS", "1", &format!("{REPLAY} walk.wtape"));
    let said = ran.fine();
    let first = said.lines().next();
    assert_eq!(first, Some("  threads: recorded on 7, replayed on 1"));
}

#[test]
fn a_changed_action_drifts_from_its_frame_on() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| tape.actions[20] = Action(2));
    let ran = replay(&place, "x.wtape").exits(3);
    let start = "x.wtape: DRIFT: first differing state frame 20, first differing picture frame ";
    assert!(ran.out.starts_with(start), "{ran:?}");
    assert!(ran.out.ends_with("50 of 70 frames differ\n"), "{ran:?}");
    assert_eq!(ran.err, "");
}

#[test]
fn a_changed_picture_digest_is_drift_of_that_frame() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| {
        tape.outcomes[33].picture = Digest([7; 32]);
    });
    let ran = replay(&place, "x.wtape").exits(3);
    assert_eq!(
        ran.out,
        "x.wtape: DRIFT: first differing state none, first differing picture frame 33; \
        1 of 70 frames differ\n"
    );
}

#[test]
fn a_changed_state_sum_is_drift_of_that_frame() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| tape.outcomes[69].state_sum ^= 1);
    let ran = replay(&place, "x.wtape").exits(3);
    assert_eq!(
        ran.out,
        "x.wtape: DRIFT: first differing state frame 69, first differing picture none; \
        1 of 70 frames differ\n"
    );
    let verdict = replay(&place, "x.wtape --json").exits(3).json();
    assert_eq!(verdict["verdict"], "drift");
    assert_eq!(verdict["first_state_drift"], 69);
    assert_eq!(verdict["first_picture_drift"], Value::Null);
}

#[test]
fn a_changed_seed_drifts_from_the_first_frame() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| tape.config.seed = 1);
    let verdict = replay(&place, "x.wtape --json").exits(3).json();
    assert_eq!(verdict["first_state_drift"], 0);
    assert_eq!(verdict["differing"], 70);
}

#[test]
fn until_drift_stops_at_the_first_frame_that_differs() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| tape.actions[20] = Action(2));
    let verdict = replay(&place, "x.wtape --until-drift --json").exits(3).json();
    assert_eq!(verdict["frames"], 21);
    assert_eq!(verdict["differing"], 1);
    assert_eq!(verdict["first_state_drift"], 20);
    replay(&place, "walk.wtape --until-drift").fine();
}

#[test]
fn of_several_tapes_the_worst_exit_wins_and_each_is_told() {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| tape.outcomes[3].state_sum ^= 1);
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 100]);
    let cases = [
        ("walk.wtape walk.wtape", 0, 2),
        ("cut.wtape walk.wtape", 4, 2),
        ("drift.wtape cut.wtape walk.wtape", 3, 3),
        ("walk.wtape none.wtape drift.wtape cut.wtape", 1, 3),
    ];
    for (files, code, objects) in cases {
        let ran = replay(&place, &format!("{files} --json")).exits(code);
        for line in ran.out.lines() {
            serde_json::from_str::<Value>(line).expect("one object a line");
        }
        assert_eq!(ran.out.lines().count(), objects, "{files}");
    }
}

#[test]
fn a_tape_of_no_frames_says_so() {
    let place = Place::with_tape();
    place.altered("none.wtape", |tape| {
        tape.actions.clear();
        tape.outcomes.clear();
        tape.action_us.clear();
        tape.outcome_us.clear();
    });
    let said = replay(&place, "none.wtape").fine();
    assert_eq!(said, "none.wtape: no frame to replay\n");
}

#[test]
fn names_on_a_tape_cannot_steer_a_terminal() {
    let place = Place::with_tape();
    place.altered("x.wtape", |tape| {
        tape.machines[0].engine = "cpu\n\u{1b}[2Jending     closed".to_owned();
    });
    let said = place.run("inspect x.wtape").fine();
    assert!(said.contains("machine    cpu\\n\\u{1b}[2Jending"), "{said}");
    let said = replay(&place, "x.wtape").exits(0).out;
    assert!(!said.contains('\u{1b}'), "{said}");
}
