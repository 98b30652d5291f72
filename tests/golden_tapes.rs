//! Golden tapes: those of the tiny world replay here, every time; those of the worlds in `worlds` are
//! whole, and name one of them (`.ci/run` replays them).

mod common;

use std::path::PathBuf;
use std::sync::Arc;
use worldtape::clock::Manual;
use worldtape::cmd::replay_tape;
use worldtape::engine::Start;
use worldtape::engine::cpu::{CpuEngine, Isa, Share};
use worldtape::event::Digest;
use worldtape::program::Model;
use worldtape::session::{Ending, Tape};
use worldtape::world::{NoiseFrom, World, build};

/// Every tape of a folder, with its bytes read.
fn tapes(folder: &str) -> Vec<(PathBuf, Vec<u8>, Tape)> {
    let entries = std::fs::read_dir(common::path(folder)).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("reads").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wtape"))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let bytes = std::fs::read(&path).expect("reads");
            let tape = Tape::read(&bytes).expect("a tape");
            (path, bytes, tape)
        })
        .collect()
}

/// The world that a tape was recorded with, from its settings.
fn start_of(world: &World, tape: &Tape) -> Start {
    let (latents, actions) = world.prompt(tape.config.prompt).expect("a prompt of the world");
    Start { seed: tape.config.seed, latents: latents.to_vec(), actions, noise: None }
}

/// Replays a tape of the tiny world on one engine; every frame is the tape's.
fn replays(world: &World, model: &Arc<Model>, tape: &Tape, isa: Isa, share: Share) {
    let mut engine = CpuEngine::sharing(Arc::clone(model), isa, share).expect("quantised");
    let start = start_of(world, tape);
    let verdict = replay_tape(tape, &mut engine, &start, &Manual::default(), false);
    let verdict = verdict.expect("replays");
    assert_eq!(verdict.first_drift(), None, "{isa}, {share:?}");
    assert_eq!(verdict.frames, tape.outcomes.len() as u64);
}

#[test]
fn tapes_of_the_tiny_world_replay_whatever_runs_them() {
    let tapes = tapes("tests/data");
    assert!(tapes.len() >= 3, "{} tiny tapes", tapes.len());
    let world = common::tiny_world();
    for (path, _, tape) in &tapes {
        assert_eq!(tape.config.world_digest, world.digest, "{}", path.display());
        let model = Arc::new(build(&world, tape.config.passes, NoiseFrom::Seed).expect("builds"));
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| {
                for isa in Isa::available() {
                    replays(&world, &model, tape, isa, Share::USUAL);
                    replays(&world, &model, tape, isa, Share::FINEST);
                }
            });
        }
    }
}

/// Digests of the worlds that come with the program.
fn worlds() -> Vec<Digest> {
    let entries = std::fs::read_dir(common::path("worlds")).expect("the folder is there");
    entries
        .map(|entry| entry.expect("reads").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .map(|path| Digest(*blake3::hash(&std::fs::read(path).expect("reads")).as_bytes()))
        .collect()
}

#[test]
fn every_golden_tape_is_whole_and_names_a_world_that_is_here_and_every_world_has_one() {
    let worlds = worlds();
    let tapes = tapes("sessions");
    assert!(tapes.len() >= 4, "{} golden tapes", tapes.len());
    for (path, bytes, tape) in &tapes {
        let name = path.display();
        assert_eq!(tape.ending, Ending::Closed, "{name}");
        assert!(worlds.contains(&tape.config.world_digest), "{name}");
        assert!(tape.outcomes.len() >= 300, "{name}: {} frames", tape.outcomes.len());
        assert_eq!(Tape::verify_chain(bytes).expect("whole"), tape.blocks.len() as u64, "{name}");
    }
    for world in worlds {
        assert!(tapes.iter().any(|(_, _, tape)| tape.config.world_digest == world), "{world}");
    }
}
