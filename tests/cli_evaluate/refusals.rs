//! Held-out files that are refused: one line each, naming what, where and what would be right.

use crate::command::Place;
use crate::gates::data;
use crate::heldout::HeldOutFile;
use safetensors::Dtype;
use serde_json::json;

const WORDS: &str = "world evaluate tiny.safetensors --data data.safetensors --device cpu";

/// What is said of these bytes as held-out data.
fn complaint(bytes: &[u8]) -> String {
    let place = Place::new();
    place.write("data.safetensors", bytes);
    let ran = place.run(WORDS).exits(1);
    assert_eq!(ran.out, "");
    let line = ran.complaint();
    let rest = line.strip_prefix("held-out data data.safetensors: ");
    rest.unwrap_or_else(|| panic!("{line}")).to_owned()
}

fn altered(alter: impl FnOnce(&mut HeldOutFile)) -> String {
    let mut data = data();
    alter(&mut data);
    complaint(&data.bytes())
}

#[test]
fn a_description_of_something_else_is_refused() {
    let said = |field: &str, value| altered(|data| data.description[field] = value);
    assert_eq!(
        said("format", json!("held-out-2")),
        "the held-out data's format is held-out-2; the world's is held-out-1"
    );
    assert_eq!(
        said("frames_per_second", json!(60)),
        "the held-out data's frames_per_second is 60; the world's is 35"
    );
    assert_eq!(
        said("actions", json!(["forward", "backward", "right", "left", "attack"])),
        "the held-out data's actions is forward, backward, right, left, attack; the world's is \
            forward, backward, left, right, attack"
    );
    let line = said("actions", json!(3));
    assert!(line.starts_with("the description in the metadata does not read: "), "{line}");
}

#[test]
fn tensors_of_another_shape_or_type_are_refused() {
    let shape = |name: &str, shape: &[usize]| altered(|data| data.tensor(name).1 = shape.to_vec());
    assert_eq!(
        shape("episodes.pictures", &[2, 60, 32, 16, 3]),
        "tensor episodes.pictures is U8 [2, 60, 32, 16, 3]; it must be U8 [E, F, 16, 32, 3]"
    );
    assert_eq!(
        shape("episodes.actions", &[60, 2]),
        "tensor episodes.actions is of 60 plays of 2 frames; it must be of 2 plays of 60 frames"
    );
    assert_eq!(
        shape("episodes.latents", &[120, 5, 4, 8]),
        "tensor episodes.latents is F32 [120, 5, 4, 8]; it must be F32 [E, F, 5, 4, 8]"
    );
    assert_eq!(
        shape("circle.latents", &[5, 1, 5, 4, 8]),
        "tensor circle.latents is of 5 plays of 1 frames; it must be of 1 plays of 1 frames"
    );
    let said = altered(|data| data.tensor("episodes.actions").0 = Dtype::I8);
    assert_eq!(said, "tensor episodes.actions is I8 [2, 60]; it must be U8 [E, F]");
}

#[test]
fn missing_tensors_are_named() {
    for name in ["episodes.pictures", "episodes.actions", "episodes.latents", "circle.actions"] {
        let said = altered(|data| data.tensors.retain(|tensor| tensor.0 != name));
        assert_eq!(said, format!("tensor {name} is missing"));
    }
}

#[test]
fn values_that_mean_nothing_are_refused_with_their_place() {
    let nan = altered(|data| {
        data.tensor("episodes.latents").2[40..44].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert_eq!(nan, "tensor episodes.latents: element 10 is NaN, must be finite");
    let button = altered(|data| data.tensor("circle.actions").2[7] = 32);
    assert_eq!(
        button,
        "tensor circle.actions: element 7 is 32, has a bit that is none of the world's buttons"
    );
}

#[test]
fn more_than_the_limits_is_refused() {
    let world = crate::common::tiny_world();
    let mut data = HeldOutFile::of(&world, &[vec![worldtape::event::Action(1); 1025]]);
    for (name, sides) in [
        ("episodes.pictures", vec![1025, 1, 16, 32, 3]),
        ("episodes.actions", vec![1025, 1]),
        ("episodes.latents", vec![1025, 1, 5, 4, 8]),
    ] {
        data.tensor(name).1 = sides;
    }
    assert_eq!(
        complaint(&data.bytes()),
        "tensor episodes.pictures is of 1025 plays of 1 frames; it must be 1 to 1024 plays of 1 \
            to 4096 frames"
    );
    for (name, sides) in [
        ("episodes.pictures", vec![0, 1025, 16, 32, 3]),
        ("episodes.actions", vec![0, 1025]),
        ("episodes.latents", vec![0, 1025, 5, 4, 8]),
    ] {
        let tensor = data.tensor(name);
        (tensor.1, tensor.2) = (sides, Vec::new());
    }
    assert!(complaint(&data.bytes()).starts_with("tensor episodes.pictures is of 0 plays"));
}

#[test]
fn files_that_are_cut_or_something_else_are_refused() {
    let whole = data().bytes();
    for length in [0, 7, 8, 100, whole.len() - 1] {
        let said = complaint(&whole[..length]);
        let start = "not a whole safetensors file (";
        assert!(said.starts_with(start), "{length}: {said}");
        assert!(said.ends_with(&format!("; the file has {length} bytes")), "{length}: {said}");
    }
    let long = [&(1_u64 << 40).to_le_bytes()[..], &[0; 64]].concat();
    assert!(complaint(&long).contains("a header of 1099511627776 bytes, at most 1048576 are read"));
    let mut data = data();
    data.description = json!(null);
    assert!(complaint(&data.bytes()).contains("the description in the metadata does not read"));
    let no_key = crate::common::tiny_float_file();
    assert_eq!(
        complaint(&no_key),
        "the safetensors file has no \"worldtape\" entry in its metadata: it is no held-out data"
    );
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let place = Place::new();
    place.write("data.safetensors", "");
    let file = std::fs::OpenOptions::new().write(true).open(place.path("data.safetensors"));
    // A hole: it takes no room on the disk.
    file.and_then(|file| file.set_len((2 << 30) + 1)).expect("a long file");
    let ran = place.run(WORDS).exits(1);
    assert_eq!(
        ran.complaint(),
        "data.safetensors has 2147483649 bytes; at most 2147483648 are read"
    );
}
