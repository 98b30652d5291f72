//! Taps: the bytes of every op, the same on every engine, and no bit changed by looking.

#[path = "common/command.rs"]
mod command;
mod common;

use command::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use worldtape::drift::{Local, Side, SideError, Tapped};
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use worldtape::event::Action;

const TAPS: &str = "taps walk.wtape --world tiny.safetensors --device cpu";

fn tapped(side: &mut Local, frame: u64) -> Tapped {
    side.tapped(frame, None, &[]).expect("a frame of the tape")
}

/// The list that two implementations of exact-1 are held against names the same digests.
#[test]
fn taps_are_the_digests_that_the_text_of_the_arithmetic_was_held_against() {
    let json = std::fs::read_to_string(common::path("tests/data/tiny-outcomes.json"));
    let plays: Vec<Value> = serde_json::from_str(&json.expect("reads")).expect("a list");
    let play = &plays[4];
    let number = |name: &str| {
        let text = play[name].as_str().expect("hexadecimal");
        u64::from_str_radix(&text[2..], 16).expect("a number")
    };
    let actions = play["actions"].as_array().expect("a list").iter();
    let actions: Vec<Action> =
        actions.map(|action| Action(action.as_u64().expect("a number") as u16)).collect();
    let prompt = play["prompt"].as_u64().expect("a number") as u32;
    let model = common::tiny_model(play["passes"].as_u64().expect("a number") as u32);
    let start = common::tiny_start(number("seed"), prompt);
    let engine = Box::new(common::engine(&model));
    let mut side = Local::new("cpu".to_owned(), engine, &start, &actions).expect("starts");
    let last = tapped(&mut side, actions.len() as u64 - 1);
    let found: BTreeMap<String, String> = last
        .taps
        .iter()
        .filter(|tap| !["remember", "bit_sum", "total_sum"].contains(&&*tap.op))
        .map(|tap| {
            let name = if tap.name.contains('#') { "" } else { "#0" };
            (format!("{}{name}", tap.name), tap.digest.to_string()[..16].to_owned())
        })
        .collect();
    let kept: BTreeMap<String, String> =
        serde_json::from_value(play["last_frame_ops"].clone()).expect("names and digests");
    assert_eq!(found, kept);
}

#[test]
fn every_way_to_run_has_the_same_taps() {
    let place = Place::with_tape();
    let words = format!("{TAPS} --frame 41 --json");
    let ops = |ran: command::Ran| ran.exits(0).json()["ops"].clone();
    let usual = ops(place.run(&words));
    assert!(usual.as_array().expect("a list").len() > 200, "{usual}");
    for isa in Isa::available() {
        assert_eq!(ops(place.run_with("WORLDTAPE_ISA", &isa.to_string(), &words)), usual, "{isa}");
    }
    assert_eq!(ops(place.run_with("RAYON_NUM_THREADS", "7", &words)), usual);
}

#[test]
fn the_bytes_of_an_op_are_those_of_its_digest_and_shape() {
    let place = Place::with_tape();
    let name = "pass0.block1.time.heads#1";
    let words =
        format!("{TAPS} --frame 3 --op {name} --raw keys.bin --op picture --raw rgb --json");
    let told = place.run(&words).exits(0).json();
    let ops = told["ops"].as_array().expect("a list");
    for (name, file, dtype) in [(name, "keys.bin", "f32"), ("picture", "rgb", "u8")] {
        let bytes = place.read(file);
        let op = ops.iter().find(|op| op["name"] == name).expect("listed");
        assert_eq!(op["digest"], blake3::hash(&bytes).to_hex().as_str(), "{name}");
        let shape = op["shape"].as_array().expect("sizes").iter();
        let elements: u64 = shape.map(|size| size.as_u64().expect("a size")).product();
        let width = if dtype == "f32" { 4 } else { 1 };
        assert_eq!((&op["dtype"], elements * width), (&dtype.into(), bytes.len() as u64));
    }
    let said = place.run(&format!("{TAPS} --frame 3")).fine();
    assert!(said.starts_with("frame   3 with cpu, ") && said.contains(", the tape's\n"), "{said}");
}

#[test]
fn a_frame_from_a_saved_state_is_the_frame_of_the_play() {
    let place = Place::with_tape();
    let words = format!("{TAPS} --frame 40 --json");
    let in_play = place.run(&format!("{words} --save-state before.state")).fine();
    assert_eq!(place.run(&format!("{words} --from-state before.state")).fine(), in_play);
    let digest = blake3::hash(&place.read("before.state")).to_hex();
    assert!(in_play.contains(&format!("\"state_before\":\"{digest}\"")), "{in_play}");
    place.run(&format!("{TAPS} --frame 70 --save-state end.state")).fine();
    let last = place.run(&format!("{TAPS} --frame 69 --json")).exits(0).json();
    let end = blake3::hash(&place.read("end.state")).to_hex();
    assert_eq!(last["state_after"], end.as_str());
}

#[test]
fn outcomes_are_the_tapes_and_states_those_of_the_taps() {
    let place = Place::with_tape();
    let words = format!("{TAPS} --frame 69 --outcomes --states-from 60 --json");
    let told = place.run(&words).exits(0).json();
    let outcomes = told["outcomes"].as_array().expect("a list");
    let tape = worldtape::session::Tape::read(&place.read("walk.wtape")).expect("a tape");
    assert_eq!(outcomes.len(), tape.outcomes.len());
    for (frame, (told, outcome)) in outcomes.iter().zip(&tape.outcomes).enumerate() {
        assert_eq!(told["picture"], outcome.picture.to_string());
        assert_eq!(told["state_sum"], format!("{:#018x}", outcome.state_sum));
        assert_eq!(told["state"].is_null(), frame < 60);
    }
    let frame = place.run(&format!("{TAPS} --frame 65 --json")).exits(0).json();
    assert_eq!(frame["state_before"], outcomes[65]["state"]);
}

#[test]
fn what_cannot_be_tapped_is_refused_in_a_line_and_nothing_is_written_over() {
    let place = Place::with_tape();
    place.write("taken", "mine");
    place.write("short.state", [0; 20]);
    for (words, told) in [
        ("--frame 70", "there is no frame 70; the tape has 70, 0 to 69"),
        ("--frame 1 --op pictures --raw x", "has no op pictures; the nearest is picture"),
        ("--frame 1 --op picture --raw taken", "taken exists and is not written over"),
        ("--frame 1 --op a --op b --raw x", "2 --op and 1 --raw"),
        ("--frame 1 --from-state short.state", "cpu, "),
        ("--frame 1 --from-state nowhere", "cannot open nowhere"),
    ] {
        let ran = place.run(&format!("{TAPS} {words}")).exits(1);
        assert!(ran.complaint().contains(told), "{words}: {ran:?}");
    }
    assert_eq!(place.read("taken"), b"mine");
    assert!(!place.path("x").exists());
    place.run(&format!("{TAPS} --frame 1 --raw x")).exits(2);
}

/// An engine whose ops are right one by one and wrong together, as a race between them would be.
struct WrongTogether(CpuEngine);

impl Engine for WrongTogether {
    fn describe(&self) -> Description {
        self.0.describe()
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        self.0.reset(start)
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        let is_watched = observer.is_some();
        let made = self.0.make(frame, action, observer)?;
        let flip = u64::from(frame == 9 && !is_watched);
        Ok(Frame { state_sum: made.state_sum ^ flip, ..made })
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.0.save(bytes)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.0.load(bytes)
    }
}

#[test]
fn a_frame_that_taps_change_is_not_believed() {
    let model = common::tiny_model(2);
    let engine = CpuEngine::new(Arc::clone(&model), Isa::best()).expect("a packed model");
    let (start, actions) = (common::tiny_start(5, 0), common::some_actions(20));
    let engine = Box::new(WrongTogether(engine));
    let mut side = Local::new("wrong".to_owned(), engine, &start, &actions).expect("starts");
    tapped(&mut side, 8);
    let refused = side.tapped(9, None, &[]).expect_err("watched, it is another frame");
    assert!(matches!(refused, SideError::Disturbed { frame: 9, what: "state sum", .. }));
    let state = side.state_before(9).expect("a state");
    let refused = side.tapped(9, Some(&state), &[]).expect_err("from a state too");
    assert!(refused.to_string().contains("not in an op alone but in how ops run"), "{refused}");
}

/// What looking costs: docs/measurements/060-taps.md.
#[test]
#[ignore = "a measurement on the shipped world"]
fn a_frame_with_taps_takes_three_times_a_frame_at_most() {
    let bytes = std::fs::read(common::path("worlds/doom.safetensors")).expect("the world");
    let world = worldtape::world::World::from_packed(&bytes).expect("whole");
    let model = worldtape::world::build(&world, 3, worldtape::world::NoiseFrom::Seed);
    let model = Arc::new(model.expect("three passes"));
    let (latents, actions) = world.prompt(0).expect("a prompt");
    let prompt_frames = actions.len() as u64;
    let start = Start { seed: 1, latents: latents.to_vec(), actions, noise: None };
    let mut engine = common::engine(&model);
    engine.reset(&start).expect("starts");
    let watch = worldtape::measure::Stopwatch::start();
    let mut samples_us: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
    let (mut state, mut count) = (Vec::new(), 0);
    for (frame, action) in (0..60).zip(common::some_actions(60)) {
        state.clear();
        engine.save(&mut state).expect("saved");
        let mut taps = worldtape::drift::Taps::new(prompt_frames + frame, &|_| false);
        let began = watch.now_ns();
        let with = engine.step_observed(frame, action, &mut taps).expect("finite").state_sum;
        samples_us[1].push((watch.now_ns() - began) / 1000);
        count = taps.taps().len();
        engine.load(&state).expect("its own state");
        let began = watch.now_ns();
        let without = engine.step(frame, action).expect("finite").state_sum;
        samples_us[0].push((watch.now_ns() - began) / 1000);
        assert_eq!(with, without, "frame {frame}");
    }
    println!("{{\"without_us\": {:?}, \"with_us\": {:?}}}", samples_us[0], samples_us[1]);
    let [plain, tapped] = samples_us.map(|mut samples| {
        samples.sort_unstable();
        (samples[0], samples[30], samples[54])
    });
    println!("{count} taps; us least, median, p90: without {plain:?}, with {tapped:?}");
    println!("median {:.2} times", tapped.1 as f64 / plain.1 as f64);
    assert!(tapped.1 <= 3 * plain.1, "{tapped:?} with taps, {plain:?} without");
}
