//! The engine meets `tests/data/tiny-outcomes.json`, and so does `docs/arithmetic/independent.py`,
//! which follows the text of exact-1 and shares no code: one list of digests, two implementations.

mod common;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use worldtape::drift::tap_digest;
use worldtape::drive::picture_digest;
use worldtape::engine::{Engine, Observer};
use worldtape::event::Action;
use worldtape::program::Node;

/// The list that both implementations are held against.
const OUTCOMES: &str = "tests/data/tiny-outcomes.json";
/// Frames of one play.
const FRAMES: usize = 12;
/// A frame number whose upper half is not zero.
const LATE_FRAME: u64 = (3 << 32) + 4_000_000_007;

/// One play of the tiny world. Numbers of 64 bits are hexadecimal: JSON readers disagree on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Play {
    seed: String,
    prompt: u32,
    passes: u32,
    first_frame: String,
    actions: Vec<u16>,
    pictures: Vec<String>,
    state_sums: Vec<String>,
    /// First 8 bytes of the tap of each op of the last frame, by the name of its node.
    last_frame_ops: BTreeMap<String, String>,
}

/// Digests of what ops write. The memory's rings and the sums' parts are many frames' and nodes' own.
#[derive(Default)]
struct Outputs(BTreeMap<String, String>);

impl Observer for Outputs {
    fn after(&mut self, _: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if ["remember", "bit_sum", "total_sum"].contains(&node.op.kind()) {
            return;
        }
        for (index, bytes) in writes.iter().enumerate() {
            let digest = tap_digest(bytes).to_string()[..16].to_owned();
            self.0.insert(format!("{}#{index}", node.name), digest);
        }
    }
}

/// Every prompt with every number of passes; the last play begins late.
fn plays() -> Vec<Play> {
    let mut plays = Vec::new();
    for (prompt, passes) in (0..3).flat_map(|prompt| (1..=3).map(move |passes| (prompt, passes))) {
        let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(1 + plays.len() as u64);
        let turn = plays.len() * 5;
        let first_frame = if plays.len() == 8 { LATE_FRAME } else { 0 };
        plays.push(Play {
            seed: hexadecimal(seed),
            prompt,
            passes,
            first_frame: hexadecimal(first_frame),
            actions: (turn..turn + FRAMES).map(|i| (i * 11 % 32) as u16).collect(),
            pictures: Vec::new(),
            state_sums: Vec::new(),
            last_frame_ops: BTreeMap::new(),
        });
    }
    plays
}

fn hexadecimal(number: u64) -> String {
    format!("0x{number:016x}")
}

fn number(text: &str) -> u64 {
    u64::from_str_radix(&text[2..], 16).expect("16 hexadecimal digits")
}

/// The play with what the engine makes of it.
fn played(mut play: Play) -> Play {
    let mut engine = common::engine(&common::tiny_model(play.passes));
    let start = common::tiny_start(number(&play.seed), play.prompt);
    engine.reset(&start).expect("starts");
    (play.pictures, play.state_sums) = (Vec::new(), Vec::new());
    for (frame, &action) in (number(&play.first_frame)..).zip(&play.actions) {
        let mut outputs = Outputs::default();
        let observed = engine.step_observed(frame, Action(action), &mut outputs);
        let made = observed.expect("finite");
        play.last_frame_ops = outputs.0;
        play.pictures.push(picture_digest(made.picture).to_string());
        play.state_sums.push(hexadecimal(made.state_sum));
    }
    play
}

#[test]
fn the_engine_meets_every_outcome_that_the_text_was_held_against() {
    let json = std::fs::read_to_string(common::path(OUTCOMES)).expect("the list is there");
    let kept: Vec<Play> = serde_json::from_str(&json).expect("a list of plays");
    let unplayed = |play: &Play| Play {
        pictures: Vec::new(),
        state_sums: Vec::new(),
        last_frame_ops: BTreeMap::new(),
        ..play.clone()
    };
    assert_eq!(kept.iter().map(unplayed).collect::<Vec<_>>(), plays());
    for play in kept {
        assert_eq!(played(play.clone()), play);
    }
}

/// Writes the list; only for a new tiny world, never because a bit has changed.
#[test]
#[ignore = "writes tests/data/tiny-outcomes.json"]
fn write_the_outcomes() {
    let plays: Vec<Play> = plays().into_iter().map(played).collect();
    let json = serde_json::to_string_pretty(&plays).expect("plain data");
    std::fs::write(common::path(OUTCOMES), json + "\n").expect("written");
}
