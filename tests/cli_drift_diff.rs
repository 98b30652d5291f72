//! `diff` says where two tapes part and whether they meet, and exits by it; it runs no model.

#[path = "common/command.rs"]
mod command;

use command::Place;
use serde_json::json;

/// A place with `walk.wtape` (70 frames) and no world file: a tape alone is enough.
fn place() -> Place {
    let place = Place::with_tape();
    std::fs::remove_file(place.path("tiny.safetensors")).expect("removed");
    place
}

#[test]
fn a_tape_is_itself_and_a_second_recording_the_same_play() {
    let place = Place::with_tape();
    place.run("record --actions walk.txt --world tiny.safetensors -o again.wtape").fine();
    let said = place.run("diff walk.wtape again.wtape").fine();
    assert!(said.ends_with("verdict  the same play, 70 frames\n"), "{said}");
    assert!(!said.contains("setting") && !said.contains("machine"), "{said}");
}

#[test]
fn frames_that_drift_and_meet_again_are_named() {
    let place = place();
    place.altered("other.wtape", |tape| {
        tape.outcomes[30].state_sum ^= 1;
        tape.outcomes[33].picture.0[5] ^= 1;
        tape.outcomes[34].state_sum ^= 1;
    });
    let ran = place.run("diff walk.wtape other.wtape --json").exits(3);
    let found = ran.json();
    assert_eq!(found["verdict"], "drift");
    let expected = json!({
        "frames": 70, "first_action": null, "first_state": 30, "first_picture": 33,
        "differing": 3, "first_meeting": 31, "same_again_from": 35,
    });
    assert_eq!(found["divergence"], expected);
    let said = place.run("diff walk.wtape other.wtape").exits(3).out;
    for part in [
        "first other state frame 30\n",
        "first other picture frame 33\n",
        "3 of the 40 frames from there on differ\n",
        "the same again from frame 35 to the end\n",
        "verdict  DRIFT from frame 30 on",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn other_actions_and_other_settings_are_another_play() {
    let place = place();
    place.altered("action.wtape", |tape| {
        tape.actions[20].0 ^= 1;
        tape.outcomes[20].state_sum ^= 1;
    });
    let found = place.run("diff walk.wtape action.wtape --json").exits(3).json();
    assert_eq!(found["verdict"], "other_play");
    assert_eq!(found["divergence"]["first_action"], 20);
    place.altered("seed.wtape", |tape| tape.config.seed = 9);
    let found = place.run("diff walk.wtape seed.wtape --json").exits(3).json();
    let seed = json!([{ "name": "seed", "theirs": "0", "ours": "9" }]);
    assert_eq!((&found["verdict"], &found["settings"]), (&json!("other_play"), &seed));
}

#[test]
fn frames_that_differ_before_any_action_does_are_drift() {
    let place = place();
    place.altered("other.wtape", |tape| {
        tape.outcomes[19].state_sum ^= 1;
        tape.actions[20].0 ^= 1;
    });
    let found = place.run("diff walk.wtape other.wtape --json").exits(3).json();
    assert_eq!(found["verdict"], "drift");
}

#[test]
fn another_machine_alone_is_the_same_play() {
    let place = place();
    place.altered("other.wtape", |tape| tape.machines[0].engine = "cuda:3".to_owned());
    let said = place.run("diff walk.wtape other.wtape").fine();
    assert!(said.contains("machine  engine: A has cpu, B has cuda:3\n"), "{said}");
}

#[test]
fn a_tape_that_is_not_whole_weighs_less_than_drift_and_more_than_nothing() {
    let place = place();
    let whole = place.read("walk.wtape");
    let mut damaged = whole.clone();
    let middle = whole.len() - 200;
    damaged[middle] ^= 1;
    place.write("cut.wtape", &whole[..whole.len() - 70]);
    place.write("damaged.wtape", damaged);
    for (name, verdict) in [("cut", "cut"), ("damaged", "damaged")] {
        let ran = place.run(&format!("diff walk.wtape {name}.wtape --json")).exits(4);
        assert_eq!(ran.json()["verdict"], verdict);
        assert!(ran.complaint().starts_with(&format!("{name}.wtape: the tape is {verdict}")));
    }
    place.altered("other.wtape", |tape| tape.outcomes[3].state_sum ^= 1);
    let found = place.run("diff other.wtape cut.wtape --json").exits(3).json();
    assert_eq!(found["verdict"], "drift");
}

#[test]
fn a_tape_that_goes_on_for_longer_is_not_the_same_play() {
    let place = place();
    place.altered("short.wtape", |tape| {
        tape.actions.truncate(50);
        tape.outcomes.truncate(50);
        tape.action_us.truncate(50);
        tape.outcome_us.truncate(50);
    });
    let ran = place.run("diff walk.wtape short.wtape").exits(3);
    assert!(ran.out.ends_with("the same for 50 frames; A goes on for 20 more\n"), "{ran:?}");
    let said = place.run("diff walk.wtape nowhere.wtape").exits(1);
    assert!(said.complaint().starts_with("cannot open nowhere.wtape"), "{said:?}");
}
