//! `explain` against a build with a planted fault: the program itself, processes and all.
//!
//! This program is both: asked for `taps` it answers as a faulty build of worldtape would; else it
//! runs its tests, which hand its own path to `explain --against`.

#[path = "common/command.rs"]
mod command;
mod common;
#[path = "common/page.rs"]
mod page;
mod planting;

use clap::Parser;
use command::{Place, Ran};
use page::{assert_described, tables};
use planting::{FINITE, Fault, Faulty, Plant, Random, WRONG_FRAME, WRONG_OP, every_way};
use serde_json::Value;
use std::process::{Command, ExitCode};
use worldtape::cli::{Cli, Verb};
use worldtape::cmd::{Exit, answer_settings, answer_taps};
use worldtape::program::Model;

/// What is planted: `FAULT NODE OUTPUT ELEMENT FRAME`, the fault by its place in [`FAULTS`].
const PLANT: &str = "FAULTY_WORLDTAPE_PLANT";

/// What can be planted.
const FAULTS: [Fault; 6] = [
    Fault::Rounding,
    Fault::EveryUlp,
    Fault::TowardsZero,
    Fault::Stale,
    Fault::SumOrder,
    Fault::NotFinite,
];

/// Passes of a tape of the tiny world that does not say.
const PASSES: u32 = 2;

const EXPLAIN: &str = "explain walk.wtape --world tiny.safetensors --device cpu";

/// The faulty build.
fn faulty(cli: Cli) -> ExitCode {
    let Some(Verb::Taps(options)) = cli.verb else { return ExitCode::from(2) };
    let text = std::env::var(PLANT).expect("a plant");
    let numbers: Vec<usize> =
        text.split(' ').map(|number| number.parse().expect("a number")).collect();
    let [fault, node, output, element, frame] = numbers[..] else { panic!("no plant: {text}") };
    let plant = Plant { fault: FAULTS[fault], node, output, element };
    let model = common::tiny_model(PASSES);
    let done =
        answer_taps(&options, &|engine| Box::new(Faulty::new(engine, &model, frame as u64, plant)));
    match done {
        Ok(exit) => ExitCode::from(exit.number()),
        Err(error) => {
            eprintln!("faulty: {error:#}");
            ExitCode::from(Exit::Error.number())
        }
    }
}

/// A build in which one instruction set is wrong.
fn faulty_ways(cli: Cli) -> ExitCode {
    let Some(Verb::Explain(options)) = cli.verb else { return ExitCode::from(2) };
    let done = answer_settings(&options, &every_way());
    ExitCode::from(done.expect("answers").number())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some("taps") => return faulty(Cli::parse()),
        Some("explain") => return faulty_ways(Cli::parse()),
        _ => (),
    }
    type Test = fn(&Place, &Model);
    let tests: [(&str, Test); 10] = [
        ("plants_are_named_across_processes_and_again", plants_are_named),
        ("a_masked_plant_is_told_masked", a_masked_plant_is_told),
        ("a_build_that_stops_is_told_with_frame_and_op", a_stop_is_told),
        ("a_heat_map_shows_where_pictures_differ", a_heat_map_is_drawn),
        ("every_way_to_run_is_tried_one_at_a_time", settings_are_tried),
        ("a_setting_that_matters_is_named_with_its_op", a_setting_is_named),
        ("a_range_of_frames_is_walked_op_by_op", a_range_is_walked),
        ("the_float_engine_is_close_and_its_errors_are_listed", errors_grow),
        ("the_page_has_every_field_with_its_type_and_no_other", the_page_is_right),
        ("a_build_that_does_not_answer_is_one_line", other_programs_are_refused),
    ];
    let (place, model) = (Place::with_tape(), common::tiny_model(PASSES));
    for (name, test) in tests {
        test(&place, &model);
        println!("test {name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed", tests.len());
    ExitCode::SUCCESS
}

fn this_program() -> String {
    let path = std::env::current_exe().expect("a program");
    path.to_str().expect("UTF-8").to_owned()
}

/// `explain` with more words against this program with a fault.
fn explain(place: &Place, frame: u64, plant: Plant, words: &str) -> Ran {
    let mut command = place.command(&format!("{EXPLAIN} {words}"));
    command.arg("--against").arg(this_program()).env(PLANT, told(frame, plant));
    Ran::from(command.output().expect("runs"))
}

fn told(frame: u64, plant: Plant) -> String {
    let fault = FAULTS.iter().position(|fault| *fault == plant.fault).expect("of the list");
    format!("{fault} {} {} {} {frame}", plant.node, plant.output, plant.element)
}

/// A plant in the last op of the latent, which shows in its frame whatever it does.
fn in_latent(model: &Model, fault: Fault) -> Plant {
    let nodes = model.frame.nodes.iter();
    let node = nodes.clone().position(|node| node.name == "pass1.latent").expect("an op");
    Plant { fault, node, output: 0, element: 5 }
}

fn plants_are_named(place: &Place, model: &Model) {
    let mut random = Random::new(21);
    let mut named = 0;
    for round in 0..15 {
        let mut plant = Plant::random(FINITE[round % 5], model, &mut random);
        if round < 5 {
            plant = in_latent(model, [Fault::Rounding, Fault::EveryUlp, Fault::Stale][round % 3]);
        }
        let frame = 1 + random.below(60) as u64;
        let found = explain(place, frame, plant, &format!("--frame {frame} --json"));
        let found: Value = found.json();
        if found["verdict"] == "same" {
            continue;
        }
        let tap = plant.tap(model);
        assert_eq!((&found["op"]["name"], &found["entered"]), (&tap.into(), &frame.into()));
        assert_eq!(found["op"]["inputs"], "equal");
        // What is printed shows it again.
        let command = found["reproduce"].as_str().expect("a command");
        let mut again = Command::new("sh");
        again.args(["-c", &format!("{command} --json")]).env(PLANT, told(frame, plant));
        again.current_dir(place.path(""));
        let again = Ran::from(again.output().expect("runs")).exits(3).json();
        assert_eq!((&again["op"], &again["entered"]), (&found["op"], &found["entered"]));
        named += 1;
        if round < 5 {
            let ran = explain(place, frame, plant, "--json").exits(3);
            let first = ran.json();
            assert_eq!(
                (&first["verdict"], &first["first_state"]),
                (&"drift".into(), &frame.into())
            );
            assert_eq!(first["op"], found["op"], "{ran:?}");
            assert_eq!(first["theirs"]["same_as_tape"], frame, "{ran:?}");
        }
    }
    assert!(named >= 10, "{named} of 15");
}

fn a_masked_plant_is_told(place: &Place, model: &Model) {
    let mut random = Random::new(4);
    let masked = (0..60).find_map(|_| {
        let plant = Plant::random(Fault::Rounding, model, &mut random);
        let ran = explain(place, 7, plant, "--frame 7 --json");
        (ran.json()["verdict"] == "masked").then_some((plant, ran))
    });
    let (plant, ran) = masked.expect("many roundings are swallowed by quantising");
    let found = ran.exits(3).json();
    assert_eq!(found["op"]["name"], plant.tap(model));
    assert_eq!(found["op"]["elements"]["differing"], 1);
    assert!(found["picture"]["psnr_db"].is_null(), "{found}");
    // No frame shows it: from first to last the plays are the same.
    assert_eq!(explain(place, 7, plant, "--json").exits(0).json()["verdict"], "same");
    let said = explain(place, 7, plant, "--frame 7").exits(3).out;
    assert!(said.contains("verdict  MASKED: op "), "{said}");
}

fn a_stop_is_told(place: &Place, model: &Model) {
    let plant = in_latent(model, Fault::NotFinite);
    let ran = explain(place, 44, plant, "--json").exits(3);
    let found = ran.json();
    assert_eq!((&found["verdict"], &found["cause"]), (&"drift".into(), &"not_finite".into()));
    assert_eq!((&found["frame"], &found["theirs"]["same_as_tape"]), (&44.into(), &44.into()));
    let stopped = &found["stopped"];
    assert_eq!((&stopped["side"], &stopped["made"]), (&"theirs".into(), &"pass1.latent".into()));
    assert_eq!((&stopped["element"], &found["op"]["name"]), (&5.into(), &"pass1.latent".into()));
    assert_eq!(found["op"]["inputs"], "equal");
    let command = found["reproduce"].as_str().expect("a command");
    assert!(command.contains("--frame first"), "{command}");
    let said = explain(place, 44, plant, "").exits(3).out;
    let line = "verdict  DRIFT: in frame 44 theirs stops: op pass1.latent made a value that is not \
        finite (element 5), op ";
    assert!(said.contains(line), "{said}");
    let page = std::fs::read_to_string(common::path("formats/drift.md")).expect("the page");
    let tables = tables(&page);
    assert_described("stopped", stopped, &tables["stopped"]);
    let words = "taps walk.wtape --world tiny.safetensors --frame 69 --outcomes --json";
    let mut taps = Command::new(this_program());
    taps.args(words.split(' ')).env(PLANT, told(44, plant)).current_dir(place.path(""));
    let taps = Ran::from(taps.output().expect("runs")).exits(0).json();
    assert_eq!(taps["outcomes"].as_array().map(Vec::len), Some(44));
    assert_described("outcomes", &taps, &tables["outcomes"]);
    assert_described("stop", &taps["stopped"], &tables["stop"]);
}

fn a_heat_map_is_drawn(place: &Place, model: &Model) {
    let nodes = model.frame.nodes.iter();
    let node = nodes.clone().position(|node| node.name == "picture").expect("an op");
    let plant = Plant { fault: Fault::EveryUlp, node, output: 0, element: 0 };
    let ran = explain(place, 12, plant, "--heat heat.png").exits(3);
    assert!(ran.out.contains("op       picture (to_picture, u8 1536)"), "{ran:?}");
    assert!(ran.out.contains("heat     heat.png: of frame 12, 512 pixels differ"), "{ran:?}");
    let file = std::fs::File::open(place.path("heat.png")).expect("written");
    let decoder = png::Decoder::new(std::io::BufReader::new(file));
    let reader = decoder.read_info().expect("a PNG");
    assert_eq!((reader.info().width, reader.info().height), (512, 256));
    let refused = explain(place, 12, plant, "--heat heat.png").exits(1);
    assert!(refused.complaint().contains("heat.png exists and is not written over"));
    let latent = in_latent(model, Fault::Rounding);
    let ran = explain(place, 69, latent, "--frame 69 --heat none.png").exits(3);
    let drawn = place.path("none.png").exists();
    assert_eq!(drawn, !ran.err.contains("no picture differs"), "{ran:?}");
}

fn other_programs_are_refused(place: &Place, _: &Model) {
    place.write("garbage", "#!/bin/sh\necho '{\"format\": 1, \"outcomes\": []}'\n");
    place.write("newer", "#!/bin/sh\necho 'usage' >&2\nexit 2\n");
    for name in ["garbage", "newer"] {
        let path = place.path(name);
        Command::new("chmod").arg("+x").arg(&path).status().expect("chmod");
    }
    for (against, told) in [
        ("./garbage", "./garbage: its answer is not what `taps --json` prints: missing field"),
        ("./newer", "./newer: it does not know `taps` in this form (exit code 2)"),
        ("./nowhere", "--against ./nowhere: there is no such program"),
        ("walk.txt", "walk.txt: it cannot be started"),
    ] {
        let ran = place.run(&format!("{EXPLAIN} --against {against}")).exits(1);
        assert!(ran.complaint().starts_with(told), "{against}: {ran:?}");
    }
    let right = format!("{EXPLAIN} --against {}", command::PROGRAM);
    assert_eq!(place.run(&format!("{right} --json")).exits(0).json()["verdict"], "same");
    assert_eq!(place.run(&format!("{right} --frame 3 --json")).exits(0).json()["verdict"], "same");
    // Without another side: the tape's digests alone.
    place.altered("drifted.wtape", |tape| tape.outcomes[30].state_sum ^= 1);
    let drifted = EXPLAIN.replace("walk", "drifted");
    let found = place.run(&format!("{drifted} --json")).exits(3).json();
    assert_eq!((&found["first_state"], &found["op"]), (&30.into(), &Value::Null));
    let said = place.run(&drifted).exits(3).out;
    assert!(said.contains("--frame 30 --against BUILD") && said.contains("names the op"), "{said}");
    place.run(EXPLAIN).fine();
}

fn settings_are_tried(place: &Place, _: &Model) {
    let found = place.run(&format!("{EXPLAIN} --settings --json")).exits(0).json();
    let ways = found["ways"].as_array().expect("a list");
    assert!(ways.len() >= 3 && ways.iter().all(|way| way["first_drift"].is_null()), "{found}");
    place.altered("odd.wtape", |tape| tape.outcomes[21].picture.0[0] ^= 1);
    let odd = EXPLAIN.replace("walk", "odd");
    let said = place.run(&format!("{odd} --settings")).exits(3).out;
    assert!(
        said.contains(": through frame 21, each way") && said.contains("DRIFT at frame 21"),
        "{said}"
    );
    assert!(said.ends_with("ways to run: no setting matters\n"), "{said}");
    place.run(&format!("{EXPLAIN} --settings --against cpu")).exits(2);
}

/// `explain --settings` of the build in which one instruction set is wrong.
fn settings_of_faulty(place: &Place, words: &str) -> Ran {
    let mut command = Command::new(this_program());
    command.current_dir(place.path("")).args(EXPLAIN.split(' ')).arg("--settings");
    Ran::from(command.args(words.split_whitespace()).output().expect("runs"))
}

fn a_setting_is_named(place: &Place, _: &Model) {
    let found = settings_of_faulty(place, "--json").exits(3).json();
    assert_eq!(found["deciding"][0]["setting"], "instruction set");
    let explain = &found["explain"];
    assert_eq!(
        (&explain["ours"]["name"], &explain["theirs"]["name"]),
        (&"wide on 1".into(), &"narrow on 1".into())
    );
    assert_eq!(
        (&explain["op"]["name"], &explain["op"]["inputs"]),
        (&WRONG_OP.into(), &"equal".into())
    );
    assert_eq!(
        (&explain["entered"], &explain["first_state"]),
        (&WRONG_FRAME.into(), &WRONG_FRAME.into())
    );
    assert_eq!(explain["op"]["elements"]["differing"], 1);
    let said = settings_of_faulty(place, "").exits(3).out;
    let verdict = "verdict  DRIFT in 2 of 4 ways to run: it is the instruction set; op pass1.latent \
        in frame 11, its inputs are the same\n";
    assert!(said.contains(verdict) && said.contains("op       pass1.latent (euler, "), "{said}");
    // What is printed shows it again.
    let again = said.lines().find_map(|line| line.strip_prefix("again    ")).expect("a command");
    let mut command = Command::new("sh");
    command.args(["-c", again]).current_dir(place.path(""));
    let again = Ran::from(command.output().expect("runs")).exits(3).out;
    assert!(again.contains(verdict), "{again}");
}

fn a_range_is_walked(place: &Place, model: &Model) {
    let against = format!("{EXPLAIN} --against cpu");
    let found = place.run(&format!("{against} --frame 3..23 --json")).exits(0).json();
    let outputs = model.frame.nodes.iter().map(|node| node.writes.len()).sum::<usize>();
    assert_eq!(found["walk"]["frames"], 20);
    assert_eq!(found["walk"]["outputs"], 20 * outputs);
    assert_eq!((&found["verdict"], &found["frame"]), (&"same".into(), &22.into()));
    // A fault that no state and no picture shows is met too.
    let mut random = Random::new(4);
    let plants = (0..60).map(|_| Plant::random(Fault::Rounding, model, &mut random));
    let is_masked =
        |plant: &Plant| explain(place, 7, *plant, "--frame 7 --json").json()["verdict"] == "masked";
    let plant = plants.into_iter().find(is_masked).expect("many are swallowed by quantising");
    let found = explain(place, 7, plant, "--frame 5..12 --json").exits(3).json();
    assert_eq!((&found["walk"]["first"], &found["walk"]["frames"]), (&5.into(), &2.into()));
    assert_eq!(found["op"]["name"], plant.tap(model));
    assert_eq!((&found["verdict"], &found["entered"]), (&"masked".into(), &7.into()));
    let said = explain(place, 7, plant, "--frame 5..12").exits(3).out;
    let walked = format!("walked   from frame 5: 2 frames with {} outputs", 2 * outputs);
    assert!(said.contains(&walked), "{said}");
    for (range, exit) in [("5..5", 2), ("9..", 2), ("0..71", 1)] {
        place.run(&format!("{against} --frame {range}")).exits(exit);
    }
    let refused = place.run(&format!("{EXPLAIN} --against reference --frame 1..3"));
    refused.exits(1);
}

fn errors_grow(place: &Place, _: &Model) {
    let words = format!("{EXPLAIN} --against reference --frame 9");
    if !cfg!(feature = "reference") {
        let refused = place.run(&words).exits(1);
        assert!(refused.complaint().contains("has no reference engine"), "{refused:?}");
        return;
    }
    let found = place.run(&format!("{words} --json")).exits(0).json();
    let rows = found["growth"].as_array().expect("a list");
    let error = |row: &Value| row["relative_error"].as_f64().expect("a number");
    assert!(rows.len() > 150, "{} rows", rows.len());
    let noise = rows.iter().find(|row| row["name"] == "noise").expect("an op");
    assert!(error(noise) < 1e-6, "{noise}");
    let last = rows.last().expect("the picture");
    assert_eq!(last["name"], "picture");
    assert!(error(last) > 0.0 && error(last) < 0.1, "{last}");
    let largest = rows.iter().map(error).fold(0.0, f64::max);
    assert!(largest < 0.5, "{largest}");
}

fn the_page_is_right(place: &Place, model: &Model) {
    let page = std::fs::read_to_string(common::path("formats/drift.md")).expect("the page");
    let tables = tables(&page);
    assert!(tables.len() >= 20, "{:?}", tables.keys());
    let described = |name: &str, object: &Value| assert_described(name, object, &tables[name]);
    let all = |name: &str, list: &Value| {
        let list = list.as_array().expect("a list");
        assert!(!list.is_empty(), "{name}");
        list.iter().for_each(|object| described(name, object));
    };
    place.altered("seed.wtape", |tape| {
        tape.config.seed ^= 1;
        tape.machines[0].threads += 1;
    });
    let diff = place.run("diff walk.wtape seed.wtape --json").exits(3).json();
    described("diff", &diff);
    described("tape", &diff["left"]);
    described("divergence", &diff["divergence"]);
    all("fact", &diff["settings"]);
    all("fact", &diff["machines"]);
    let words = "taps walk.wtape --world tiny.safetensors --device cpu --frame 4 --json";
    let taps = place.run(words).exits(0).json();
    described("taps", &taps);
    all("tap", &taps["ops"]);
    let outcomes = place.run(&format!("{words} --outcomes --states-from 2")).exits(0).json();
    described("outcomes", &outcomes);
    all("outcome", &outcomes["outcomes"]);
    let plant = in_latent(model, Fault::EveryUlp);
    let found = explain(place, 30, plant, "--json --heat page.png").exits(3).json();
    for (name, object) in [
        ("explain", &found),
        ("side", &found["ours"]),
        ("op", &found["op"]),
        ("elements", &found["op"]["elements"]),
        ("element", &found["op"]["elements"]["worst"]),
        ("ops", &found["ops"]),
        ("picture", &found["picture"]),
    ] {
        described(name, object);
    }
    described("explain", &place.run(&format!("{EXPLAIN} --json")).exits(0).json());
    let walked = place.run(&format!("{EXPLAIN} --against cpu --frame 1..3 --json"));
    described("walk", &walked.exits(0).json()["walk"]);
    let settings = place.run(&format!("{EXPLAIN} --settings --json")).exits(0).json();
    described("settings", &settings);
    let settings = settings_of_faulty(place, "--json").exits(3).json();
    described("settings", &settings);
    described("explain", &settings["explain"]);
    all("deciding", &settings["deciding"]);
    all("way", &settings["ways"]);
    if cfg!(feature = "reference") {
        let found = place.run(&format!("{EXPLAIN} --against reference --json")).exits(0).json();
        described("reference", &found);
        all("growth", &found["growth"]);
    }
}
