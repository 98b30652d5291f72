//! The worlds of these tests, and how a play in one starts.

use std::path::{Path, PathBuf};
use worldtape::engine::Start;
use worldtape::world::{Manifest, World};

/// A path in this repository.
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Bytes of a file of this repository.
pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The world that comes with the program.
pub fn packed_world() -> World {
    World::from_packed(&read("worlds/doom.safetensors")).expect("our own world reads")
}

/// The float file that the world was packed from.
pub fn float_world() -> World {
    let path = std::env::var("WORLDTAPE_FLOAT_WORLD").expect("WORLDTAPE_FLOAT_WORLD names it");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let json = String::from_utf8(read("worlds/doom.manifest.json")).expect("text");
    let manifest = Manifest::parse(&json).expect("our own manifest reads");
    World::from_float(&bytes, manifest).expect("the float world reads")
}

/// A start from prompt `prompt`.
pub fn start(world: &World, prompt: u32, seed: u64) -> Start {
    let (latents, actions) = world.prompt(prompt).expect("there is such a prompt");
    Start { seed, latents: latents.to_vec(), actions, noise: None }
}
