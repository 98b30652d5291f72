//! What tests of tapes share: settings of the tiny world, and a recording of it in memory.
#![allow(dead_code, reason = "each test uses its own part")]

use worldtape::clock::Manual;
use worldtape::drive::{Recorder, Recording, TapeActions, run};
use worldtape::engine::{Engine, Start};
use worldtape::event::{Action, Digest};
use worldtape::exact::ARITHMETIC;
use worldtape::session::{Config, Machine};

/// The name of every tape here.
pub const UUID: [u8; 16] = [0x57; 16];

/// Settings of a play of the tiny world.
pub fn config(start: &Start, prompt: u32, passes: u32) -> Config {
    Config {
        world_digest: Digest([3; 32]),
        world_name: "tiny".to_owned(),
        arithmetic: ARITHMETIC.to_owned(),
        seed: start.seed,
        prompt,
        passes,
        noise_levels: (0..=passes).rev().collect(),
        picture_width: 32,
        picture_height: 16,
        frames_per_second_milli: 35_000,
        action_names: vec!["forward".to_owned()],
    }
}

/// A machine that says nothing of itself.
pub fn machine() -> Machine {
    Machine {
        engine: "cpu".to_owned(),
        worldtape_version: "0".to_owned(),
        threads: 1,
        ..Machine::default()
    }
}

/// Records a play, closes the tape and gives its bytes.
pub fn record(
    engine: &mut dyn Engine,
    start: &Start,
    config: &Config,
    actions: &[Action],
) -> (Recording, Vec<u8>) {
    engine.reset(start).expect("starts");
    let mut recorder = Recorder::start(Vec::new(), UUID, config, &machine()).expect("starts");
    let mut source = TapeActions::new(actions, actions.len());
    let ran = run(&mut source, engine, &mut [&mut recorder], &Manual::default());
    assert_eq!(ran.expect("records"), actions.len() as u64);
    recorder.finish().expect("closes")
}
