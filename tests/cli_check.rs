//! `worldtape check`: what it says where all is the same, where something differs, where it cannot.

#[path = "common/command.rs"]
mod command;

use command::{Place, Ran};
use serde_json::Value;
use worldtape::engine::cpu::Isa;

/// Checks of the tiny world, from a place with a tape in it; bit patterns far apart.
const CHECK: &str =
    "check --device cpu --world tiny.safetensors --tapes . --frames 150 --every 100003";
const TABLE: &str = "check         variants       cases      runs  seconds  verdict";

fn check(place: &Place, words: &str) -> Ran {
    place.run(&format!("{CHECK} {words}"))
}

/// Lines of the table, without the seconds.
fn rows(said: &str) -> Vec<Vec<String>> {
    let lines = said.lines().skip_while(|line| *line != TABLE).skip(1);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows = lines.take_while(|line| !line.is_empty()).map(words);
    let without = |mut row: Vec<String>| {
        row.remove(4);
        row
    };
    rows.map(without).collect()
}

#[test]
fn a_right_machine_passes_every_check() {
    let place = Place::with_tape();
    let said = check(&place, "").fine();
    assert!(said.starts_with("machine    cpu, "), "{said}");
    let usual = format!("variants   {} on ", Isa::best());
    assert!(said.contains(&usual), "{said}");
    assert!(said.ends_with("\nevery bit is the same in all 6 checks\n"), "{said}");
    let rows = rows(&said);
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["ops", "functions", "tapes", "variants", "save-and-load", "long"]);
    assert!(rows.iter().all(|row| row[4] == "same"), "{rows:?}");
    assert_eq!(rows[2], ["tapes", "1", "1", "70", "same"]);
    assert_eq!(rows[4], ["save-and-load", "1", "4", "72", "same"]);
    assert_eq!(rows[5], ["long", "1", "1", "300", "same"]);
}

#[test]
fn json_has_its_fields() {
    let place = Place::with_tape();
    let said = check(&place, "--only tapes,long --json").exits(0).json();
    let keys = |object: &Value| {
        let object = object.as_object().expect("an object");
        object.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(&said), ["checks", "machine", "variants", "verdict"]);
    let expected = [
        "cases",
        "differing",
        "error",
        "first_difference",
        "name",
        "runs",
        "seconds",
        "variants",
        "verdict",
    ];
    assert_eq!(keys(&said["checks"][0]), expected);
    assert_eq!(said["verdict"], "same");
    assert_eq!(said["checks"].as_array().map(Vec::len), Some(2));
    assert_eq!(said["checks"][1]["name"], "long");
    assert_eq!(said["machine"]["engine"], "cpu");
    assert!(said["variants"].as_array().expect("names").len() >= 3);
}

#[test]
fn an_altered_tape_is_drift_with_tape_and_frame() {
    let place = Place::with_tape();
    place.altered("b.wtape", |tape| tape.outcomes[33].state_sum ^= 1);
    let ran = check(&place, "--only tapes").exits(3);
    assert_eq!(rows(&ran.out), [["tapes", "1", "2", "140", "DRIFT"]]);
    assert!(ran.out.contains("\ntapes: 1 differ; the first: b.wtape with "), "{ran:?}");
    assert!(ran.out.contains(": frame 33: state sum 0x"), "{ran:?}");
    assert!(ran.out.ends_with("; 1 of 70 frames differ\n1 of 1 checks failed\n"), "{ran:?}");
    assert_eq!(ran.err, "");
    // The first tape by name is the one that is played again.
    let said = check(&place, "--only variants,save-and-load,long --json").exits(3).json();
    let verdicts: Vec<&Value> = (0..3).map(|check| &said["checks"][check]["verdict"]).collect();
    assert_eq!(verdicts, ["drift", "same", "drift"]);
}

#[test]
fn a_check_that_cannot_end_is_an_error_and_the_others_are_made() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 100]);
    let ran = check(&place, "--only functions,tapes").exits(1);
    let rows = rows(&ran.out);
    assert_eq!((rows[0][4].as_str(), rows[1][4].as_str()), ("same", "ERROR"));
    let told = "\ntapes: stopped: ./cut.wtape: the tape is cut short at byte ";
    assert!(ran.out.contains(told), "{ran:?}");
    place.altered("cut.wtape", |tape| tape.config.arithmetic = "exact-0".to_owned());
    let ran = check(&place, "--only tapes").exits(1);
    assert!(ran.out.contains("stopped: ./cut.wtape: the tape is of arithmetic exact-0"), "{ran:?}");
}

#[test]
fn what_cannot_be_checked_is_told_at_once() {
    let place = Place::new();
    let ran = check(&place, "").exits(1);
    assert_eq!(ran.complaint(), "there are 0 tapes in .; 1 to 10000 are looked for");
    let ran = place.run("check --tapes none").exits(1);
    assert!(ran.complaint().starts_with("cannot read the folder none: "), "{ran:?}");
    let ran = place.run("check --device reference").exits(1);
    assert!(ran.complaint().contains("reference"), "{ran:?}");
    assert_eq!(ran.out, "");
    for wrong in ["--every 0", "--frames 0", "--only all", "--only ops,"] {
        place.run(&format!("check {wrong}")).exits(2);
    }
}

#[test]
fn ops_and_functions_need_neither_world_nor_tape() {
    let place = Place::new();
    let ran = place.run("check --only functions --every 1000003 --world none --tapes none");
    assert_eq!(rows(&ran.fine()).len(), 1);
}
