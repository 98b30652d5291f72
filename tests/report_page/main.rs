//! A report in a real browser: no error, every frame can be chosen, right at every width, in light
//! and dark, and without scripts.

#[path = "../common/command.rs"]
mod command;

use command::Place;
use serde_json::{Value, json};
use std::process::{Command, Output};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::{Note, Tape};

/// The script that drives the browser.
const BROWSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report_page/browse.py");

/// What a note may try.
const HOSTILE: &str =
    "<img src=x onerror=\"window.taken=1\"></script><script>window.taken=1</script>";

/// Where screenshots go, if they shall be kept.
const PICTURES_VARIABLE: &str = "WORLDTAPE_REPORT_PICTURES";

/// Is there a browser to be driven? Where there is none, the tests say so and skip.
fn has_browser() -> bool {
    let has = |name: &str| {
        let asked = Command::new(name).arg("--version").output();
        asked.is_ok_and(|output| output.status.success())
    };
    let is_there = has("chromedriver") && has("chromium") && has("python3");
    if !is_there {
        eprintln!("chromium, chromedriver or python3 is missing: no page is opened");
    }
    is_there
}

/// What the page must say of frames: number, action, digest and state sum.
fn expected(tape: &Tape, frames: &[usize]) -> Value {
    let names = &tape.config.action_names;
    let frame = |&frame: &usize| {
        let outcome = &tape.outcomes[frame];
        let held = names.iter().enumerate().filter(|(index, _)| tape.actions[frame].holds(*index));
        let held: Vec<&str> = held.map(|(_, name)| name.as_str()).collect();
        let action = if held.is_empty() { "no button".to_owned() } else { held.join(" + ") };
        json!({
            "frame": frame,
            "action": action,
            "picture": outcome.picture.to_string(),
            "sum": format!("{:016x}", outcome.state_sum),
        })
    };
    json!({
        "count": tape.outcomes.len(),
        "frames": frames.iter().map(frame).collect::<Vec<_>>(),
    })
}

/// Opens the page in the browser and holds it against `wanted`.
fn browse(place: &Place, page: &str, wanted: &Value) -> Output {
    place.write("wanted.json", wanted.to_string());
    let mut script = Command::new("python3");
    script.arg(BROWSE).arg(place.path(page)).arg(place.path("wanted.json"));
    script.env("PYTHONPYCACHEPREFIX", place.path("cache"));
    script.args(std::env::var_os(PICTURES_VARIABLE));
    script.output().expect("python3 runs")
}

#[track_caller]
fn is_right(place: &Place, page: &str, wanted: &Value) {
    let output = browse(place, page, wanted);
    assert!(output.status.success(), "{page}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A place with a tape and a page about it, notes and a drift included.
fn with_page() -> Place {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| {
        for outcome in &mut tape.outcomes[41..60] {
            outcome.state_sum ^= 1;
        }
        tape.outcomes[52].picture = Digest([7; 32]);
        tape.notes.push(Note { frame: 12, text: HOSTILE.to_owned() });
    });
    place
}

fn tape(place: &Place, name: &str) -> Tape {
    Tape::read(&place.read(name)).expect("a tape")
}

#[test]
fn a_page_about_a_drift_works_in_a_browser() {
    if !has_browser() {
        return;
    }
    let place = with_page();
    let words = "report --world tiny.safetensors drift.wtape --against cpu -o drift.html";
    place.run(words).exits(3);
    let (forged, real) = (tape(&place, "drift.wtape"), tape(&place, "walk.wtape"));
    let mut wanted = expected(&forged, &[0, 17, 40, 41, 52, 60, 69]);
    wanted["start"] = json!(41);
    wanted["drift"] = json!(41);
    wanted["next"] = json!([41, 42]);
    // The second line is what was made here.
    wanted["second"] = expected(&real, &[0, 17, 40, 41, 52, 60, 69])["frames"].clone();
    wanted["words"] =
        json!(["same", "same", "same", "other state", "other picture", "same", "same"]);
    is_right(&place, "drift.html", &wanted);
}

#[test]
fn pages_about_two_tapes_and_about_a_cut_one_work_in_a_browser() {
    if !has_browser() {
        return;
    }
    let place = Place::with_tape();
    place.write("other.txt", "40 forward+right\n15 left\n");
    place.run("record --actions other.txt --world tiny.safetensors").fine();
    let words = "report --world tiny.safetensors walk.wtape other.wtape -o two.html";
    place.run(words).exits(3);
    let (left, right) = (tape(&place, "walk.wtape"), tape(&place, "other.wtape"));
    let mut wanted = expected(&left, &[0, 39, 54, 69]);
    wanted["second"] = expected(&right, &[0, 39, 54])["frames"].clone();
    wanted["frames"][2]["action"] = json!("attack, the other tape: left");
    wanted["start"] = json!(40);
    is_right(&place, "two.html", &wanted);
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 200]);
    place.run("report --world tiny.safetensors cut.wtape").exits(4);
    let cut = tape(&place, "cut.wtape");
    let last = cut.outcomes.len() - 1;
    is_right(&place, "cut.html", &expected(&cut, &[0, last / 2, last]));
}

#[test]
fn a_page_about_an_hour_of_play_works_in_a_browser() {
    if !has_browser() {
        return;
    }
    let place = Place::with_tape();
    let long = |name: &str, other_from: u64| {
        place.altered(name, |tape| {
            const FRAMES: u64 = 126_000;
            let outcome = |frame: u64| {
                let state_sum = frame ^ u64::from(frame >= other_from) << 40;
                Outcome { picture: Digest([(frame % 251) as u8; 32]), state_sum }
            };
            tape.actions = (0..FRAMES).map(|frame| Action((frame / 90 % 32) as u16)).collect();
            tape.outcomes = (0..FRAMES).map(outcome).collect();
            tape.action_us = (0..FRAMES).map(|frame| frame * 28_571).collect();
            tape.outcome_us = (0..FRAMES).map(|frame| frame * 28_571 + 14_000).collect();
        });
    };
    long("hour.wtape", u64::MAX);
    long("other.wtape", 90_000);
    place.run("report hour.wtape other.wtape --no-replay -o hour.html").exits(3);
    // Frames that the page holds in full: the ends, and those around the drift.
    let mut wanted = expected(&tape(&place, "hour.wtape"), &[0, 89_999, 90_000, 125_999]);
    wanted["second"] =
        expected(&tape(&place, "other.wtape"), &[0, 89_999, 90_000])["frames"].clone();
    wanted["start"] = json!(90_000);
    wanted["drift"] = json!(90_000);
    wanted["next"] = json!([90_000, 90_001]);
    is_right(&place, "hour.html", &wanted);
}

/// Names as long as a tape may have them, and as many.
#[test]
fn long_names_push_nothing_off_the_page() {
    if !has_browser() {
        return;
    }
    let place = Place::with_tape();
    place.altered("long.wtape", |tape| {
        let name = "n".repeat(250);
        tape.config.world_name = name.clone();
        tape.config.arithmetic = name.clone();
        tape.config.action_names = (0..16).map(|button| format!("{button}{name}")).collect();
        tape.machines[0].engine = name.clone();
        tape.machines[0].entries.push((name.clone(), name.repeat(4)));
        tape.notes.push(Note { frame: 9, text: name.repeat(100) });
    });
    place.run("report long.wtape --no-replay").exits(0);
    is_right(&place, "long.html", &expected(&tape(&place, "long.wtape"), &[0, 9, 69]));
}

/// The alarm rings: faults that a page might have are found.
#[test]
fn faults_planted_in_a_page_are_found() {
    if !has_browser() {
        return;
    }
    let place = with_page();
    place.run("report --world tiny.safetensors walk.wtape").fine();
    let page = String::from_utf8(place.read("walk.html")).expect("UTF-8");
    let wanted = expected(&tape(&place, "walk.wtape"), &[0, 35, 69]);
    is_right(&place, "walk.html", &wanted);
    for (part, planted, complaint) in [
        ("\"use strict\";", "throw new Error(\"planted\");", "the console says"),
        ("<main>", "<main><img alt=\"a\" src=\"http://127.0.0.1:9/a.png\">", "the console says"),
        ("<main>", "<main><script>window.taken = 1</script>", "the console says"),
        ("section { ", "section { min-width: 500px; ", ", wider than "),
        ("--ink: #e8e5df;", "--ink: #333333;", "contrast"),
        ("Math.floor(((event.clientX", "Math.ceil(((event.clientX", "a click"),
        ("0, 32)), hex", "0, 31)), hex", "picture of frame"),
    ] {
        assert!(page.contains(part), "{part}");
        place.write("planted.html", page.replacen(part, planted, 1));
        let output = browse(&place, "planted.html", &wanted);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(complaint), "{planted}: {said}");
    }
}
