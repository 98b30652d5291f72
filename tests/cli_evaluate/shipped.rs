//! The shipped world, held against its own play: what it must pass, and planted faults it must not.

use crate::command::Place;
use crate::common;
use crate::heldout::HeldOutFile;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::Value;
use std::collections::BTreeMap;
use worldtape::event::Action;
use worldtape::world::World;

const WORLD: &str = "worlds/doom.safetensors";

fn bytes() -> Vec<u8> {
    std::fs::read(common::path(WORLD)).expect("the shipped world")
}

/// Some play of the shipped world: every button, alone, long enough to be told.
fn data() -> HeldOutFile {
    let world = World::from_packed(&bytes()).expect("the shipped world is whole");
    let spans = [(24, 1), (10, 4), (20, 2), (10, 8), (12, 0), (12, 16), (12, 0)];
    let actions = spans.iter().flat_map(|&(frames, bits)| vec![Action(bits); frames]);
    HeldOutFile::of(&world, &[actions.collect()])
}

/// The value of a field of a gate.
fn gate<'a>(told: &'a Value, name: &str, field: &str) -> &'a Value {
    let gates = told["gates"].as_array().expect("a list");
    &gates.iter().find(|gate| gate["name"] == name).expect("the gate")[field]
}

/// The world with the columns of two buttons exchanged in its first layer.
fn with_exchanged(first: usize, second: usize) -> Vec<u8> {
    let bytes = bytes();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a header");
    let file = SafeTensors::deserialize(&bytes).expect("a world");
    let view = file.tensor("dit.ae.0.weight").expect("the actions' layer");
    let buttons = view.shape()[1];
    let mut data = view.data().to_vec();
    data.chunks_exact_mut(buttons).for_each(|row| row.swap(first, second));
    let mut views: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let changed = TensorView::new(view.dtype(), view.shape().to_vec(), &data).expect("a tensor");
    views.insert("dit.ae.0.weight".to_owned(), changed);
    safetensors::serialize(views, metadata.metadata().clone()).expect("a world")
}

#[test]
fn the_shipped_world_turns_and_one_with_left_and_right_exchanged_does_not() {
    let place = Place::new();
    place.write("data.safetensors", data().bytes());
    place.write("doom.safetensors", bytes());
    place.write("exchanged.safetensors", with_exchanged(2, 3));
    let words = "--data data.safetensors --device cpu --starts 3 --only obedience --json";
    let told = place.run(&format!("world evaluate doom.safetensors {words}")).json();
    for name in ["obeys_left", "obeys_right"] {
        assert_eq!(gate(&told, name, "value"), 1.0, "{name}");
        assert_eq!(gate(&told, name, "passed"), true, "{name}");
        assert_eq!(gate(&told, name, "real"), 1.0, "the method on known turns, {name}");
    }
    let told = place.run(&format!("world evaluate exchanged.safetensors {words}")).exits(1).json();
    for name in ["obeys_left", "obeys_right"] {
        assert_eq!(gate(&told, name, "value"), 0.0, "{name}");
        assert_eq!(gate(&told, name, "passed"), false, "{name}");
    }
}
