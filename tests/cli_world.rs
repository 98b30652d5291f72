//! `worldtape world`: pack, info and check, as processes.

#[path = "common/command.rs"]
mod command;
mod common;

use command::Place;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use std::collections::BTreeMap;
use worldtape::world::{Kind, Manifest, pack, required_tensors};

const PACK: &str = "world pack float.safetensors --manifest tiny.json -o packed.safetensors";

/// A place with the float file and the manifest of the tiny world.
fn place() -> Place {
    let place = Place::new();
    place.write("float.safetensors", common::tiny_float_file());
    place.write("tiny.json", common::TINY_MANIFEST);
    place
}

#[test]
fn the_float_file_packs_to_the_world() {
    let place = place();
    let said = place.run(PACK).fine();
    assert!(place.read("packed.safetensors") == place.read("tiny.safetensors"));
    let info = place.run("world info packed.safetensors").fine();
    assert_eq!(said, info);
    let words = PACK.replace("packed", "other");
    let told = place.run(&format!("{words} --json")).exits(0).json();
    assert_eq!(told["bytes"], place.read("other.safetensors").len());
    assert_eq!(told["file"], "other.safetensors");
}

#[test]
fn packing_writes_over_nothing() {
    let place = place();
    place.write("packed.safetensors", "mine");
    let ran = place.run(PACK).exits(1);
    let line = "packed.safetensors exists and is not written over; choose another name with -o";
    assert_eq!(ran.complaint(), line);
    assert_eq!(place.read("packed.safetensors"), b"mine");
}

#[test]
fn a_full_disk_leaves_no_half_world() {
    let place = place();
    let script = format!(r#"trap '' XFSZ; ulimit -f 20; exec "$worldtape" {PACK}"#);
    let ran = place.shell(&script).exits(1);
    assert_eq!(
        ran.complaint(),
        "cannot write packed.safetensors; nothing is left of it: File too large (os error 27)"
    );
    assert!(!place.path("packed.safetensors").exists());
}

/// The float file with `alter` done to the bytes of one tensor.
fn altered(name: &str, alter: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let bytes = common::tiny_float_file();
    let file = SafeTensors::deserialize(&bytes).expect("a float file");
    let view = file.tensor(name).expect("a tensor");
    let mut data = view.data().to_vec();
    alter(&mut data);
    let changed = TensorView::new(view.dtype(), view.shape().to_vec(), &data).expect("a tensor");
    let mut views: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    views.insert(name.to_owned(), changed);
    safetensors::serialize(views, None).expect("a few tensors")
}

#[test]
fn values_that_are_not_finite_are_not_packed() {
    let place = place();
    let names = [
        ("dit.out.weight", "NaN", f32::NAN),
        ("dit.pos", "inf", f32::INFINITY),
        ("prompt.0.latents", "-inf", f32::NEG_INFINITY),
    ];
    for (name, found, value) in names {
        let bytes = altered(name, |data| data[20..24].copy_from_slice(&value.to_le_bytes()));
        place.write("float.safetensors", bytes);
        let ran = place.run(PACK).exits(1);
        assert_eq!(
            ran.complaint(),
            format!(
                "float world float.safetensors: tensor {name}: element 5 is {found}, must be finite"
            )
        );
        assert!(!place.path("packed.safetensors").exists());
    }
}

#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    let place = place();
    place.write("tiny.json", "{");
    let ran = place.run(PACK).exits(1);
    let line = ran.complaint();
    let start = "manifest in tiny.json: the manifest does not read: EOF while parsing";
    assert!(line.starts_with(start), "{line}");
    place.write("tiny.json", common::TINY_MANIFEST.replace("\"mlp\": 75", "\"mlp\": 76"));
    let ran = place.run(PACK).exits(1);
    assert_eq!(
        ran.complaint(),
        "float world float.safetensors: tensor dit.bl.0.m1.0.weight is F32 [75, 42], \
        the manifest makes it F32 or F16 [76, 42]"
    );
}

#[test]
fn info_shows_the_world() {
    let place = Place::new();
    insta::assert_snapshot!(place.run("world info tiny.safetensors").fine());
    let told = place.run("world info tiny.safetensors --json").exits(0).json();
    let manifest: Manifest = serde_json::from_value(told["manifest"].clone()).expect("a manifest");
    assert_eq!(manifest, Manifest::parse(common::TINY_MANIFEST).expect("a manifest"));
    assert_eq!(told["frames_checked"], serde_json::Value::Null);
    let digest = common::tiny_world().digest.to_string();
    assert_eq!(told["digest"], digest);
}

#[test]
fn check_makes_a_frame_from_every_prompt_with_every_schedule() {
    let place = Place::new();
    let said = place.run("world check tiny.safetensors").fine();
    let info = place.run("world info tiny.safetensors").fine();
    let line = "checked    9 frames, every prompt with every schedule: all finite\n";
    assert_eq!(said, format!("{info}{line}"));
    let told = place.run("world check tiny.safetensors --json").exits(0).json();
    assert_eq!(told["frames_checked"], 9);
}

/// A small file may ask for a large memory: many blocks that remember many frames of many tokens.
#[test]
fn a_world_that_needs_more_memory_than_there_is_is_refused() {
    let place = Place::new();
    let mut manifest = Manifest::parse(common::TINY_MANIFEST).expect("a manifest");
    manifest.shape.window = 1023;
    (manifest.shape.latent_height, manifest.shape.latent_width) = (64, 64);
    (manifest.picture.width, manifest.picture.height) = (256, 256);
    let mut tensors = Vec::new();
    for spec in required_tensors(&manifest) {
        let mut shape = spec.shape.clone();
        if let [outputs, rows, columns, inputs] = shape[..]
            && spec.kind == Kind::Quantised
        {
            shape = vec![outputs, inputs, rows, columns];
        }
        if spec.kind != Kind::Scale {
            let bytes = vec![0; 4 * shape.iter().product::<usize>()];
            tensors.push((spec.name, shape, bytes));
        }
    }
    let view = |shape: &[usize], bytes| {
        TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).expect("a tensor")
    };
    let views = tensors.iter().map(|(name, shape, bytes)| (name, view(shape, bytes)));
    let float = safetensors::serialize(views, None).expect("a few tensors");
    let packed = pack(&float, &manifest).expect("packs");
    assert!(packed.len() < 2_000_000, "{} bytes", packed.len());
    place.write("greedy.safetensors", packed);
    let words = "record --actions walk.txt --world greedy.safetensors";
    let ran = place.shell(&format!(r#"ulimit -v 400000; exec "$worldtape" {words}"#));
    let ran = ran.exits(1);
    let line = ran.complaint();
    assert!(line.starts_with("the world needs "), "{line}");
    assert!(line.contains(" bytes of working memory: "), "{line}");
    assert!(!place.path("walk.wtape").exists());
}
