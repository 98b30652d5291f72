//! `worldtape export`: what others decode of it is what the engine made, at the times promised.

#[path = "common/command.rs"]
mod command;
#[path = "cli_export/decoded.rs"]
mod decoded;
#[path = "cli_export/formats.rs"]
mod formats;
#[path = "common/mod.rs"]
mod made;
#[path = "cli_export/refused.rs"]
mod refused;
#[path = "cli_export/trouble.rs"]
mod trouble;

use command::{Place, Ran};
use std::sync::Arc;
use worldtape::engine::Engine;
use worldtape::session::Tape;

/// Size of the tiny world's pictures.
const WIDTH: usize = 32;
const HEIGHT: usize = 16;

/// Runs an export of a tape of the tiny world.
fn export(place: &Place, words: &str) -> Ran {
    place.run(&format!("export --world tiny.safetensors --device cpu {words}"))
}

/// The pictures of a tape, made by an engine in this process.
fn pictures(place: &Place, name: &str) -> Vec<Vec<u8>> {
    let tape = Tape::read(&place.read(name)).expect("a tape");
    let model = made::tiny_model(tape.config.passes);
    let mut engine = made::engine(&Arc::clone(&model));
    engine.reset(&made::tiny_start(tape.config.seed, tape.config.prompt)).expect("finite");
    let frames = (0..).zip(&tape.actions).take(tape.outcomes.len());
    frames.map(|(n, &action)| engine.step(n, action).expect("finite").picture.to_vec()).collect()
}

/// A picture with the edge that says that it is not the tape's.
fn edged(picture: &[u8]) -> Vec<u8> {
    let mut picture = picture.to_vec();
    for (index, pixel) in picture.chunks_exact_mut(3).enumerate() {
        let (x, y) = (index % WIDTH, index / WIDTH);
        if [0, WIDTH - 1].contains(&x) || [0, HEIGHT - 1].contains(&y) {
            pixel.copy_from_slice(&[255, 0, 0]);
        }
    }
    picture
}

/// A picture with every pixel as a square.
fn enlarged(picture: &[u8], scale: usize) -> Vec<u8> {
    let pixel = |x: usize, y: usize| {
        let start = 3 * (y / scale * WIDTH + x / scale);
        [picture[start], picture[start + 1], picture[start + 2]]
    };
    let rows = (0..HEIGHT * scale).flat_map(|y| (0..WIDTH * scale).map(move |x| (x, y)));
    rows.flat_map(|(x, y)| pixel(x, y)).collect()
}
