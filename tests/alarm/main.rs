//! The alarm rings: a changed weight, action, digest or rounding is named, at the frame it starts.

#[path = "../common/mod.rs"]
mod common;
#[path = "../planting/mod.rs"]
mod planting;
#[path = "../taping/mod.rs"]
mod taping;

use common::{engine, some_actions, tiny_model, tiny_start};
use planting::{Fault, Faulty, Plant, Random, saved, step_once, step_planted};
use std::sync::Arc;
use worldtape::clock::Manual;
use worldtape::cmd::{Exit, replay_tape};
use worldtape::drive::Verdict;
use worldtape::engine::cpu::CpuEngine;
use worldtape::engine::{Engine, EngineError};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::program::{Model, Op, WeightData};
use worldtape::session::{Ending, Tape, rewrite};

const FRAMES: u64 = 150;
const PASSES: u32 = 2;
const PROMPT: u32 = 0;
const SEED: u64 = 2_026;

/// A healthy recording.
fn recorded() -> Vec<u8> {
    let start = tiny_start(SEED, PROMPT);
    let config = taping::config(&start, PROMPT, PASSES);
    let mut engine = engine(&tiny_model(PASSES));
    taping::record(&mut engine, &start, &config, &some_actions(FRAMES)).1
}

fn replay(tape: &Tape, engine: &mut (dyn Engine + Send), until_drift: bool) -> (Verdict, u8) {
    let start = tiny_start(SEED, PROMPT);
    let clock = Manual::default();
    let verdict = replay_tape(tape, engine, &start, &clock, until_drift).expect("replays");
    (verdict, Exit::of_replay(&verdict, tape).number())
}

/// The tape with something changed, through the writer: a whole tape that is right in itself.
fn rewritten(bytes: &[u8], change: impl FnOnce(&mut Tape)) -> Vec<u8> {
    let mut tape = Tape::read(bytes).expect("a tape");
    change(&mut tape);
    let (_, bytes) = rewrite(&tape, Vec::new()).expect("writes");
    assert_eq!(Tape::read(&bytes).expect("a tape").ending, Ending::Closed);
    Tape::verify_chain(&bytes).expect("a whole chain");
    bytes
}

fn replay_rewritten(bytes: &[u8], change: impl FnOnce(&mut Tape)) -> (Verdict, u8) {
    let tape = Tape::read(&rewritten(bytes, change)).expect("a tape");
    replay(&tape, &mut engine(&tiny_model(PASSES)), false)
}

#[test]
fn a_healthy_replay_is_quiet() {
    let tape = Tape::read(&recorded()).expect("a tape");
    let (verdict, exit) = replay(&tape, &mut engine(&tiny_model(PASSES)), false);
    assert_eq!((verdict.first_drift(), verdict.differing), (None, 0));
    assert_eq!((verdict.frames, exit), (FRAMES, 0));
}

#[test]
fn a_changed_action_is_named_at_its_frame() {
    let bytes = recorded();
    for (frame, button) in [(0, 0), (1, 1), (63, 2), (64, 3), (100, 4), (149, 0)] {
        let (verdict, exit) = replay_rewritten(&bytes, |tape| {
            tape.actions[frame].0 ^= 1 << button;
        });
        assert_eq!(verdict.first_state_drift, Some(frame as u64));
        assert_eq!((verdict.first_drift(), exit), (Some(frame as u64), 3));
    }
}

#[test]
fn a_changed_digest_or_sum_is_named_at_its_frame_alone() {
    let bytes = recorded();
    for (frame, bit) in [(0, 0), (64, 7), (127, 100), (149, 255)] {
        let (verdict, exit) = replay_rewritten(&bytes, |tape| {
            let Digest(digest) = &mut tape.outcomes[frame].picture;
            digest[bit / 8] ^= 1 << (bit % 8);
        });
        let drifts = (verdict.first_state_drift, verdict.first_picture_drift);
        assert_eq!((drifts, exit), ((None, Some(frame as u64)), 3));
        assert_eq!((verdict.differing, verdict.frames), (1, FRAMES));

        let (verdict, exit) = replay_rewritten(&bytes, |tape| {
            tape.outcomes[frame].state_sum ^= 1 << (bit / 4);
        });
        let drifts = (verdict.first_state_drift, verdict.first_picture_drift);
        assert_eq!((drifts, exit), ((Some(frame as u64), None), 3));
        assert_eq!((verdict.differing, verdict.frames), (1, FRAMES));
    }
}

#[test]
fn a_replay_may_end_at_the_drift() {
    let bytes = rewritten(&recorded(), |tape| tape.outcomes[7].state_sum ^= 1);
    let tape = Tape::read(&bytes).expect("a tape");
    let (verdict, exit) = replay(&tape, &mut engine(&tiny_model(PASSES)), true);
    assert_eq!((verdict.first_drift(), verdict.frames, exit), (Some(7), 8, 3));
}

#[test]
fn drift_weighs_more_than_a_cut_or_damage() {
    let changed = rewritten(&recorded(), |tape| tape.outcomes[3].state_sum ^= 1 << 63);
    for (bytes, expected) in [(recorded(), 4), (changed, 3)] {
        let blocks = Tape::read(&bytes).expect("a tape").blocks;
        let last_frames = blocks.iter().rfind(|block| block.frame_count > 0);
        let inside = last_frames.expect("blocks of frames").offset as usize + 40;
        let cut = Tape::read(&bytes[..inside]).expect("a tape");
        assert!(matches!(cut.ending, Ending::Cut { .. }), "{:?}", cut.ending);
        let mut damaged = bytes.clone();
        damaged[inside] ^= 1;
        let damaged = Tape::read(&damaged).expect("a tape");
        let is_damaged = matches!(damaged.ending, Ending::Damaged { .. });
        assert!(is_damaged, "{:?}", damaged.ending);
        for tape in [cut, damaged] {
            let (verdict, exit) = replay(&tape, &mut engine(&tiny_model(PASSES)), false);
            assert_eq!(verdict.frames, tape.outcomes.len() as u64);
            assert!((127..FRAMES).contains(&verdict.frames), "{verdict:?}");
            assert_eq!(exit, expected);
            let drift = (expected == 3).then_some(3);
            assert_eq!(verdict.first_drift(), drift);
        }
    }
}

/// What a replay with one changed weight came to.
#[derive(Debug, PartialEq)]
enum Heard {
    Drift(Verdict),
    NotFinite(String),
    Nothing,
}

fn replay_with_weight(tape: &Tape, number: usize, change: impl FnOnce(&mut WeightData)) -> Heard {
    let mut model: Model = (*tiny_model(PASSES)).clone();
    change(&mut model.weights[number].data);
    let mut engine = engine(&Arc::new(model));
    let (start, clock) = (tiny_start(SEED, PROMPT), Manual::default());
    match replay_tape(tape, &mut engine, &start, &clock, true) {
        Ok(verdict) if verdict.first_drift().is_none() => Heard::Nothing,
        Ok(verdict) => {
            assert_eq!(Exit::of_replay(&verdict, tape).number(), 3);
            Heard::Drift(verdict)
        }
        Err(error) => Heard::NotFinite(format!("{error:#}")),
    }
}

/// Bit 6 of an int8 weight, the lowest exponent bit of a float: in memory, after all checks.
#[test]
fn a_bit_that_flips_in_a_weight_is_heard() {
    let (model, tape) = (tiny_model(PASSES), Tape::read(&recorded()).expect("a tape"));
    let mut random = Random::new(11);
    let (mut flips, mut at_once, mut later, mut silent) = (0, 0, 0, Vec::new());
    for (number, weight) in model.weights.iter().enumerate() {
        let mut heard_here = 0;
        for _ in 0..3 {
            let at = random.below(weight.data.len());
            let heard = replay_with_weight(&tape, number, |data| match data {
                // -64 would become -128, which no file may hold: its neighbour bit then.
                WeightData::I8(values) => values[at] ^= if values[at] == -64 { 0x20 } else { 0x40 },
                WeightData::F32(values) => {
                    values[at] = f32::from_bits(values[at].to_bits() ^ 1 << 23);
                }
            });
            flips += 1;
            match heard {
                Heard::Drift(verdict) if verdict.first_drift() == Some(0) => at_once += 1,
                Heard::Drift(_) | Heard::NotFinite(_) => later += 1,
                Heard::Nothing => {
                    silent.push(format!("{}[{at}]", weight.name));
                    continue;
                }
            }
            heard_here += 1;
        }
        assert!(heard_here > 0, "no flip in {} was heard", weight.name);
    }
    println!("{flips} flips: {at_once} heard in frame 0, {later} later, not: {silent:?}");
    assert!(silent.len() * 20 <= flips, "{silent:?}");
}

/// The exponent's highest bit makes a weight so large that products overflow: the frame stops, or
/// drifts, but never passes.
#[test]
fn a_bias_that_explodes_is_heard() {
    let (model, tape) = (tiny_model(PASSES), Tape::read(&recorded()).expect("a tape"));
    let biases = (0..).zip(&model.weights);
    for (number, weight) in biases.filter(|(_, weight)| weight.name.ends_with(".bias")) {
        let heard = replay_with_weight(&tape, number, |data| match data {
            WeightData::F32(values) => {
                let last = values.last_mut().expect("a bias");
                *last = f32::from_bits(last.to_bits() ^ 1 << 30);
            }
            WeightData::I8(_) => panic!("a bias is float"),
        });
        assert_ne!(heard, Heard::Nothing, "{}", weight.name);
    }
}

#[test]
fn one_rounding_in_one_op_is_named_at_its_frame() {
    let (model, tape) = (tiny_model(PASSES), Tape::read(&recorded()).expect("a tape"));
    let last_keys = "pass1.block1.time.heads";
    let plants = [
        ("pass1.latent", 0, 0, 0),
        ("pass1.latent", 90, 0, 159),
        (last_keys, 17, 1, 5),
        (last_keys, 70, 2, 100),
        ("state.latent", 149, 0, 0),
        ("noise", 33, 0, 40),
    ];
    for (name, frame, output, element) in plants {
        let node = model.frame.nodes.iter().position(|node| node.name == name);
        let plant = Plant {
            fault: Fault::Rounding,
            node: node.unwrap_or_else(|| panic!("no node {name}")),
            output,
            element,
        };
        let mut engine = Faulty::new(Box::new(engine(&model)), &model, frame, plant);
        let (verdict, exit) = replay(&tape, &mut engine, false);
        assert!(engine.planted, "{name}");
        assert_eq!(verdict.first_state_drift, Some(frame), "{name}");
        assert_eq!((verdict.first_drift(), exit), (Some(frame), 3), "{name}");
    }
}

/// What came of many planted roundings.
#[derive(Debug, Default)]
struct Tally {
    plants: u64,
    heard_by_state: u64,
    heard_by_picture_alone: u64,
    masked: u64,
    not_finite: u64,
    /// In what was just written to the memory, after its sum was taken.
    in_memory: u64,
    in_memory_heard_later: u64,
}

/// Looks for roundings that change the state and are not heard.
struct Search {
    model: Arc<Model>,
    engine: CpuEngine,
    actions: Vec<Action>,
    tally: Tally,
}

impl Search {
    /// Makes the frames from `first` on, as planned.
    fn healthy(&mut self, first: u64, frames: usize) -> Vec<(Outcome, Vec<u8>)> {
        let actions = &self.actions[first as usize..][..frames];
        let made = (first..).zip(actions);
        made.map(|(frame, &action)| step_once(&mut self.engine, frame, action))
            .collect::<Result<_, _>>()
            .expect("finite")
    }

    /// One frame with one rounding changed, held against that frame and those after it.
    fn hold(&mut self, frame: u64, plant: Plant, healthy: &[(Outcome, Vec<u8>)]) {
        let action = self.actions[frame as usize];
        self.tally.plants += 1;
        let (outcome, state) = match step_planted(&mut self.engine, frame, action, plant) {
            Ok(found) => found,
            Err(EngineError::NotFinite { .. }) => {
                self.tally.not_finite += 1;
                return;
            }
            Err(other) => panic!("{other}"),
        };
        let (expected, expected_state) = &healthy[0];
        let node = &self.model.frame.nodes[plant.node];
        if outcome.state_sum != expected.state_sum {
            self.tally.heard_by_state += 1;
        } else if state != *expected_state {
            // The sum is of what goes into the memory: the copy itself is heard when it is read.
            let in_memory = matches!(node.op, Op::Remember { .. });
            assert!(in_memory, "frame {frame}: {plant:?} in {}", node.name);
            let later = self.healthy(frame + 1, healthy.len() - 1);
            let heard = later.iter().zip(&healthy[1..]).any(|(a, b)| a.0 != b.0);
            self.tally.in_memory += 1;
            self.tally.in_memory_heard_later += u64::from(heard);
        } else if outcome.picture != expected.picture {
            self.tally.heard_by_picture_alone += 1;
        } else {
            self.tally.masked += 1;
        }
    }
}

fn search(fault: Fault) -> Tally {
    let model = tiny_model(PASSES);
    let mut search = Search {
        engine: engine(&model),
        model: Arc::clone(&model),
        actions: some_actions(40),
        tally: Tally::default(),
    };
    let mut random = Random::new(5);
    let start = tiny_start(SEED, PROMPT);
    search.engine.reset(&start).expect("starts");
    for frame in 0..20 {
        let before = saved(&search.engine);
        let healthy = search.healthy(frame, 1 + model.window);
        for _ in 0..150 {
            search.engine.load(&before).expect("its own state");
            let plant = Plant::random(fault, &model, &mut random);
            search.hold(frame, plant, &healthy);
        }
        search.engine.load(&before).expect("its own state");
        search.healthy(frame, 1);
    }
    let tally = search.tally;
    let share = 100.0 * tally.heard_by_state as f64 / tally.plants as f64;
    println!("{fault:?}: {share:.1} % heard in their frame by the state sum: {tally:?}");
    tally
}

/// Quantisation swallows most single roundings before they reach anything that lasts: those leave
/// every bit of picture and state as it was. Whatever else a fault in an op changes of the state is
/// heard in its frame. The one exception is the copy into the memory itself: the sum is taken of
/// what is to be copied, so a fault in the copy is heard in a later frame that reads it, or never.
#[test]
fn whatever_changes_the_state_is_heard_in_its_frame() {
    let roundings = search(Fault::Rounding);
    assert!(roundings.heard_by_state * 10 > roundings.plants);
    let high_bits = search(Fault::HighBit);
    assert!(high_bits.heard_by_state * 2 > high_bits.plants);
    // Not all: an engine may hold a copy of the older frames, and an oldest frame is overwritten.
    assert!(high_bits.in_memory_heard_later > 0);
}
