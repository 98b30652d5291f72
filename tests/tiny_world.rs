//! The tiny world of the tests is what its seed makes, and small.

mod common;

use std::collections::BTreeSet;
use worldtape::engine::Engine;

/// Largest size of the file, in bytes.
const BYTES_MAX: usize = 200_000;

#[test]
fn the_file_is_what_the_seed_makes() {
    let made = common::tiny_packed();
    let kept = std::fs::read(common::path(common::TINY_WORLD)).expect("the file is there");
    assert!(made == kept, "tests/data/tiny.safetensors is not what tests/common makes");
    assert!(kept.len() <= BYTES_MAX, "{} bytes", kept.len());
}

/// Writes the file; only for a new format of worlds, and then every tiny tape is new too.
#[test]
#[ignore = "writes tests/data/tiny.safetensors"]
fn write_the_file() {
    std::fs::write(common::path(common::TINY_WORLD), common::tiny_packed()).expect("written");
}

#[test]
fn it_has_every_op() {
    let model = common::tiny_model(2);
    let programs = model.prompt.nodes.iter().chain(&model.frame.nodes);
    let kinds: BTreeSet<&str> = programs.map(|node| node.op.kind()).collect();
    assert_eq!(kinds.len(), 24, "{kinds:?}");
}

#[test]
fn it_plays_from_every_prompt_and_its_pictures_are_no_plain_colour() {
    for prompt in 0..3 {
        let mut engine = common::engine(&common::tiny_model(3));
        engine.reset(&common::tiny_start(1, prompt)).expect("starts");
        for (frame, action) in (0..).zip(common::some_actions(20)) {
            let made = engine.step(frame, action).expect("finite");
            let colours: BTreeSet<u8> = made.picture.iter().copied().collect();
            assert!(colours.len() > 20, "prompt {prompt} frame {frame}: {colours:?}");
        }
    }
}
