//! Any bytes as a world file, and as a manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worldtape::world::{Manifest, NoiseFrom, World, build, manifest_in};

fuzz_target!(|bytes: &[u8]| {
    let _ = manifest_in(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Manifest::parse(text);
    }
    if let Ok(world) = World::from_packed(bytes) {
        let _ = build(&world, 1, NoiseFrom::Seed);
    }
});
