//! What several tests share: the tiny world, made from a seed, and ways to run it.
#![allow(dead_code, reason = "each test uses its own part")]

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::path::PathBuf;
use std::sync::Arc;
use worldtape::engine::Start;
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::event::Action;
use worldtape::exact::normal_deviates;
use worldtape::program::Model;
use worldtape::world::{Kind, Manifest, NoiseFrom, World, build, pack, required_tensors};

/// The tiny world's file.
pub const TINY_WORLD: &str = "tests/data/tiny.safetensors";
/// The tiny world's manifest.
pub const TINY_MANIFEST: &str = include_str!("../data/tiny.manifest.json");
/// What the tiny world's weights are made from.
const TINY_SEED: u64 = 20_261_123;

/// A path in the repository.
pub fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The tiny world from its file.
pub fn tiny_world() -> World {
    let bytes = std::fs::read(path(TINY_WORLD)).expect("tests/data holds the tiny world");
    World::from_packed(&bytes).expect("the tiny world is whole")
}

/// A model of the tiny world.
pub fn tiny_model(passes: u32) -> Arc<Model> {
    Arc::new(build(&tiny_world(), passes, NoiseFrom::Seed).expect("a schedule of the world"))
}

/// A start from a prompt of the tiny world.
pub fn tiny_start(seed: u64, prompt: u32) -> Start {
    let world = tiny_world();
    let (latents, actions) = world.prompt(prompt).expect("a prompt of the world");
    Start { seed, latents: latents.to_vec(), actions, noise: None }
}

/// An engine for a model with the best instruction set of this machine.
pub fn engine(model: &Arc<Model>) -> CpuEngine {
    CpuEngine::new(Arc::clone(model), Isa::best()).expect("a quantised model")
}

/// Actions that press every button in turn, alone and together.
pub fn some_actions(frames: u64) -> Vec<Action> {
    (0..frames).map(|frame| Action((frame * 7 % 32) as u16)).collect()
}

/// The float file that the tiny world is packed from: normal deviates, scaled so that values keep
/// their size from layer to layer.
pub fn tiny_float_file() -> Vec<u8> {
    let manifest = Manifest::parse(TINY_MANIFEST).expect("a right manifest");
    let mut tensors = Vec::new();
    for (draw, spec) in required_tensors(&manifest).into_iter().enumerate() {
        if spec.kind == Kind::Scale {
            continue;
        }
        let mut shape = spec.shape.clone();
        if let [outputs, rows, columns, inputs] = shape[..]
            && spec.kind == Kind::Quantised
        {
            shape = vec![outputs, inputs, rows, columns];
        }
        let count: usize = shape.iter().product();
        let (base, spread) = scale_of(&spec.name, count / shape[0].max(1));
        let deviate = |i: usize| normal_deviates(TINY_SEED, draw as u32, 0, (i / 4) as u32)[i % 4];
        let value = |i: usize| {
            if spec.name.ends_with(".actions") {
                return f32::from(u8::from(deviate(i) > 0.5));
            }
            half::f16::from_f32(deviate(i).mul_add(spread, base)).to_f32()
        };
        let bytes: Vec<u8> = (0..count).flat_map(|i| value(i).to_le_bytes()).collect();
        tensors.push((spec.name, shape, bytes));
    }
    let views: Vec<(&String, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name, view.expect("the right number of bytes"))
        })
        .collect();
    safetensors::serialize(views, None).expect("a few tensors")
}

/// Mean and spread of a tensor's values.
fn scale_of(name: &str, inputs: usize) -> (f32, f32) {
    match name {
        _ if name.ends_with(".g") => (1.0, 0.1),
        _ if name.ends_with("latent.std") => (1.0, 0.05),
        _ if name.ends_with(".bias") || name.ends_with("latent.mean") => (0.0, 0.05),
        _ if name.ends_with(".weight") => (0.0, 1.0 / (inputs as f32).sqrt()),
        _ if name.ends_with(".latents") => (0.0, 1.0),
        _ => (0.0, 0.3),
    }
}

/// The bytes of the tiny world.
pub fn tiny_packed() -> Vec<u8> {
    let manifest = Manifest::parse(TINY_MANIFEST).expect("a right manifest");
    pack(&tiny_float_file(), &manifest).expect("packs")
}
