//! Every planted fault that changes a bit is named: the frame, the op; the others are told masked.

mod common;
mod planting;

use common::{engine, path, some_actions, tiny_model, tiny_start};
use planting::{FINITE, Fault, Faulty, Plant, Random, WRONG_FRAME, every_way, saved};
use std::sync::Arc;
use worldtape::check::{self, Play, Variant};
use worldtape::drift::{Cause, Explanation, Inputs, Local, Pair, Search, Side, Way, Who, deciding};
use worldtape::drive::picture_digest;
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::engine::{Engine, Start};
use worldtape::event::{Action, Outcome};
use worldtape::program::Model;
use worldtape::world::{NoiseFrom, World, build};

/// A play that faults are planted into.
struct Field {
    model: Arc<Model>,
    start: Start,
    actions: Vec<Action>,
    ours: Local,
}

/// What a fault does to the frame it is in and to what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    /// It changes nothing: what was there before is what should be there.
    Nothing,
    /// It changes an op, and nothing that lasts.
    Masked,
    /// Its frame comes to something else.
    Shows,
    /// Its frame comes to the same and leaves another memory.
    Hides,
}

/// How many of each there were.
#[derive(Debug, Default)]
struct Tally {
    nothing: usize,
    masked: usize,
    shows: usize,
    hides: usize,
    /// Of those that hide: found by the first frame that drifts, and by the memory at the end.
    found_later: usize,
    /// Op named; the others are memory that no op wrote.
    ops_named: usize,
}

fn cpu(model: &Arc<Model>) -> Box<dyn Engine + Send> {
    Box::new(CpuEngine::new(Arc::clone(model), Isa::best()).expect("a packed model"))
}

impl Field {
    fn new(model: Arc<Model>, start: Start, frames: u64) -> Field {
        let actions = some_actions(frames);
        let ours = Local::new("right".to_owned(), cpu(&model), &start, &actions);
        Field { ours: ours.expect("starts"), model, start, actions }
    }

    fn faulty(&self, frame: u64, plant: Plant) -> Faulty {
        Faulty::new(cpu(&self.model), &self.model, frame, plant)
    }

    /// What each engine makes of the fault's frame, found without any of the machinery under test.
    fn truth(&self, frame: u64, plant: Plant) -> Truth {
        let made = |engine: &mut dyn Engine| {
            engine.reset(&self.start).expect("starts");
            let mut last = Outcome::default();
            for (frame, action) in (0..=frame).zip(&self.actions) {
                let made = engine.step(frame, *action).expect("finite");
                last = Outcome { picture: picture_digest(made.picture), state_sum: made.state_sum };
            }
            (last, saved(engine))
        };
        let mut faulty = self.faulty(frame, plant);
        let (right, wrong) = (made(&mut *cpu(&self.model)), made(&mut faulty));
        assert!(faulty.planted);
        // A slot of a ring that holds no frame is no part of the state.
        let is_ring = self.model.frame.nodes[plant.node].op.kind() == "remember";
        match (right.0 == wrong.0, right.1 == wrong.1) {
            (false, _) => Truth::Shows,
            (true, false) => Truth::Hides,
            (true, true) if faulty.changed && !is_ring => Truth::Masked,
            (true, true) => Truth::Nothing,
        }
    }

    /// What the machinery says of the first difference, and of the fault's own frame.
    fn explained(
        &mut self,
        frame: u64,
        plant: Plant,
    ) -> (Search, Option<Explanation>, Explanation) {
        let faulty = Box::new(self.faulty(frame, plant));
        let theirs = Local::new("wrong".to_owned(), faulty, &self.start, &self.actions);
        let mut theirs = theirs.expect("starts");
        let mut pair = Pair {
            ours: &mut self.ours,
            theirs: &mut theirs,
            model: &self.model,
            frames: self.actions.len() as u64,
        };
        let search = pair.search(&mut |_| ()).expect("finite");
        let first = pair.first(&search).expect("explained");
        let own = pair.frame(frame).expect("explained");
        (search, first, own)
    }

    /// A fault that is not finite, on either side: the side, the frame and the op are named.
    fn hold_stop(&mut self, frame: u64, plant: Plant) {
        let faulty = Box::new(self.faulty(frame, plant));
        let theirs = Local::new("wrong".to_owned(), faulty, &self.start, &self.actions);
        let mut theirs = theirs.expect("starts");
        let (model, frames) = (&*self.model, self.actions.len() as u64);
        for who in [Who::Ours, Who::Theirs] {
            let sides: (&mut dyn Side, &mut dyn Side) = match who {
                Who::Ours => (&mut theirs, &mut self.ours),
                Who::Theirs => (&mut self.ours, &mut theirs),
            };
            let mut pair = Pair { ours: sides.0, theirs: sides.1, model, frames };
            let search = pair.search(&mut |_| ()).expect("a stop is an answer");
            assert!(pair.first(&search).expect("answers").is_none(), "nothing differed before");
            let stopped = search.stopped.expect("it stops");
            let made = Some((plant.tap(model), plant.element as u64));
            assert_eq!((stopped.who, stopped.stop.frame, &stopped.stop.made), (who, frame, &made));
            let (first, inputs) = stopped.first.expect("it differs");
            assert_eq!((&first[0].name, inputs), (&plant.tap(model), Inputs::Equal));
        }
    }

    /// Plants one fault and holds what is said of it against what it is.
    fn hold(&mut self, frame: u64, plant: Plant, tally: &mut Tally) {
        let truth = self.truth(frame, plant);
        let (search, first, own) = self.explained(frame, plant);
        let place = format!("{plant:?} in {} at frame {frame}", plant.tap(&self.model));
        match truth {
            Truth::Nothing | Truth::Masked => {
                assert_eq!(
                    (search.divergence.first_drift(), search.end_is_same),
                    (None, Some(true))
                );
                assert!(first.is_none(), "{place}: {first:?}");
            }
            Truth::Shows => {
                assert_eq!(search.divergence.first_drift(), Some(frame), "{place}");
                self.assert_named(&place, frame, plant, first.as_ref().expect("a drift"));
                tally.shows += 1;
            }
            Truth::Hides => {
                tally.hides += 1;
                assert!(search.divergence.first_drift().is_none_or(|first| first > frame));
                if let Some(first) = &first {
                    self.assert_named(&place, frame, plant, first);
                    tally.found_later += 1;
                }
            }
        }
        match truth {
            Truth::Nothing => {
                assert_eq!((own.cause, own.ops.differing), (Cause::Nothing, 0), "{place}");
                tally.nothing += 1;
                return;
            }
            Truth::Masked => {
                assert!(own.is_masked(), "{place}: {own:?}");
                tally.masked += 1;
            }
            Truth::Shows => assert!(!own.is_masked(), "{place}: {own:?}"),
            Truth::Hides => assert!(own.is_masked(), "{place}: {own:?}"),
        }
        self.assert_named(&place, frame, plant, &own);
        tally.ops_named += usize::from(own.cause == Cause::Op);
    }

    fn assert_named(&self, place: &str, frame: u64, plant: Plant, found: &Explanation) {
        assert_eq!(found.entered, frame, "{place}: {found:?}");
        let tap = plant.tap(&self.model);
        if found.cause == Cause::Memory {
            // An older slot of a ring: no op's output, but the ring has one op that fills it.
            assert_eq!(found.memory_of.as_deref(), Some(&*tap), "{place}: {found:?}");
            return;
        }
        assert_eq!(found.cause, Cause::Op, "{place}: {found:?}");
        let op = found.op.as_ref().expect("an op");
        assert_eq!((&op.ours.name, op.inputs), (&tap, Inputs::Equal), "{place}");
        let elements = op.difference.as_ref().expect("of one shape");
        assert!((1..=elements.elements).contains(&elements.differing), "{place}");
        assert!(elements.first.ulps <= elements.worst.ulps, "{place}");
        let is_ring = self.model.frame.nodes[plant.node].op.kind() == "remember";
        if plant.fault == Fault::Rounding && !is_ring {
            assert_eq!((elements.differing, elements.first.index), (1, plant.element), "{place}");
            assert_eq!(elements.first.ulps, 1, "{place}");
        }
    }
}

fn plant_many(field: &mut Field, seed: u32, plants: usize, first_frame: usize) -> Tally {
    let (mut random, mut tally) = (Random::new(seed), Tally::default());
    let frames = field.actions.len() - first_frame;
    for index in 0..plants {
        let fault = FINITE[index % FINITE.len()];
        let plant = Plant::random(fault, &field.model, &mut random);
        let frame = (first_frame + random.below(frames)) as u64;
        field.hold(frame, plant, &mut tally);
        if (index + 1) % 20 == 0 {
            println!("{} plants: {tally:?}", index + 1);
        }
    }
    tally
}

#[test]
fn an_op_whose_output_is_not_finite_is_named_on_either_side() {
    let mut field = Field::new(tiny_model(2), tiny_start(3, 0), 12);
    let model = Arc::clone(&field.model);
    for name in ["noise", "pass0.block0.mlp.gelu", "pass1.latent"] {
        let node = model.frame.nodes.iter().position(|node| node.name == name).expect(name);
        for (frame, element) in [(0, 0), (7, 3)] {
            let fault = Fault::NotFinite;
            field.hold_stop(frame, Plant { fault, node, output: 0, element });
        }
    }
}

#[test]
fn each_of_200_plants_in_the_tiny_world_is_named_or_masked() {
    let mut field = Field::new(tiny_model(2), tiny_start(5, 0), 40);
    // From frame 6 on the memory of 5 frames is full: all of a ring is held.
    let tally = plant_many(&mut field, 3, 200, 6);
    assert!(tally.masked > 10 && tally.shows > 50, "{tally:?}");
}

/// Faults in the copy into the memory: no sum of their frame holds them.
#[test]
fn a_fault_that_the_state_sum_does_not_hold_is_walked_back_to() {
    let mut field = Field::new(tiny_model(2), tiny_start(5, 0), 60);
    let copies: Vec<usize> = (0..field.model.frame.nodes.len())
        .filter(|index| field.model.frame.nodes[*index].op.kind() == "remember")
        .collect();
    let (mut random, mut tally) = (Random::new(8), Tally::default());
    for round in 0..40 {
        let node = copies[round % copies.len()];
        let element = random.below(field.model.frame.nodes[node].writes[0].len);
        let fault = [Fault::HighBit, Fault::Rounding, Fault::EveryUlp, Fault::Stale][round % 4];
        let plant = Plant { fault, node, output: 0, element };
        field.hold((6 + random.below(54)) as u64, plant, &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.hides > 30 && tally.found_later > 10, "{tally:?}");
}

/// A fault that is in every frame and in the prompt, as a broken op of a build is.
#[test]
fn a_fault_of_every_frame_is_named_although_the_prompt_has_it_too() {
    let field = Field::new(tiny_model(2), tiny_start(5, 0), 12);
    let mut broken: Model = (*field.model).clone();
    let weight = broken.weights.iter_mut().find(|weight| weight.name == "dit.bl.1.ta.qkv.bias");
    let weight = weight.expect("a weight of the world");
    if let worldtape::program::WeightData::F32(values) = &mut weight.data {
        // Of a value: queries are forgotten.
        let last = values.last_mut().expect("a bias");
        *last = f32::from_bits(last.to_bits() ^ 1 << 20);
    }
    let theirs = cpu(&Arc::new(broken));
    let mut theirs =
        Local::new("wrong".to_owned(), theirs, &field.start, &field.actions).expect("starts");
    let Field { mut ours, model, .. } = field;
    let (ours, theirs, model) = (&mut ours, &mut theirs, &model);
    let mut pair = Pair { ours, theirs, model, frames: 12 };
    let search = pair.search(&mut |_| ()).expect("finite");
    let found = pair.first(&search).expect("explained").expect("a drift");
    assert_eq!((found.frame, found.cause), (0, Cause::OpInPrompt), "{found:?}");
    let op = found.op.expect("an op");
    assert_eq!((&*op.ours.name, op.inputs), ("pass0.block1.time.qkv", Inputs::Equal));
    let later = pair.frame(7).expect("explained");
    assert_eq!((later.cause, later.memory_was_same), (Cause::Op, false), "{later:?}");
    assert_eq!(later.op.expect("an op").ours.name, "pass0.block1.time.qkv");
}

/// As many on the shipped world.
#[test]
#[ignore = "runs the shipped world: half an hour on two cores"]
fn each_of_200_plants_in_the_doom_world_is_named_or_masked() {
    let bytes = std::fs::read(path("worlds/doom.safetensors")).expect("the shipped world");
    let world = World::from_packed(&bytes).expect("whole");
    let model = Arc::new(build(&world, 2, NoiseFrom::Seed).expect("two passes"));
    let (latents, actions) = world.prompt(0).expect("a prompt");
    let start = Start { seed: 9, latents: latents.to_vec(), actions, noise: None };
    let mut field = Field::new(model, start, 8);
    let tally = plant_many(&mut field, 4, 200, 1);
    assert!(tally.masked > 20 && tally.shows > 100, "{tally:?}");
}

#[test]
fn a_right_engine_has_nothing_to_explain() {
    let mut field = Field::new(tiny_model(2), tiny_start(5, 0), 30);
    let other = Box::new(engine(&field.model));
    let mut theirs =
        Local::new("other".to_owned(), other, &field.start, &field.actions).expect("starts");
    let (ours, theirs, model) = (&mut field.ours, &mut theirs, &*field.model);
    let mut pair = Pair { ours, theirs, model, frames: 30 };
    let search = pair.search(&mut |_| ()).expect("finite");
    assert_eq!((search.end_is_same, search.ours.len()), (Some(true), 30));
    assert!(pair.first(&search).expect("looked").is_none());
    assert_eq!(pair.frame(17).expect("looked").cause, Cause::Nothing);
}

#[test]
fn the_setting_that_matters_is_named() {
    let mut field = Field::new(tiny_model(2), tiny_start(5, 0), 20);
    let outcome = |frame| field.ours.outcome(frame).expect("on the tape");
    let play = Play {
        name: "walk.wtape".to_owned(),
        model: Arc::clone(&field.model),
        start: field.start.clone(),
        actions: field.actions.clone(),
        outcomes: (0..20).map(outcome).collect(),
    };
    let way = |variant: Box<dyn Variant>| {
        let found = check::first_drift(&play, 20, &*variant, &mut |_| ()).expect("runs");
        let settings = variant.settings().into_iter().map(|(name, value)| (name.to_owned(), value));
        Way { name: variant.name(), settings: settings.collect(), first_drift: found }
    };
    let ways: Vec<Way> = every_way().into_iter().map(way).collect();
    let drifts: Vec<Option<u64>> = ways.iter().map(|way| way.first_drift).collect();
    assert_eq!(drifts, [Some(WRONG_FRAME), Some(WRONG_FRAME), None, None]);
    let found = deciding(&ways);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&*found[0].setting, &found[0].drifting), ("instruction set", &vec!["wide".into()]));
}
