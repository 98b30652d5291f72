//! Held-out data that a world makes of itself: its pictures, latents and actions are exactly known.
#![allow(dead_code, reason = "each test uses its own part")]

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::sync::Arc;
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::engine::{Engine, Observer, Start};
use worldtape::event::Action;
use worldtape::program::{Node, Op};
use worldtape::world::{Manifest, NoiseFrom, World, build};

/// One tensor: type, shape, bytes.
pub type Tensor = (Dtype, Vec<usize>, Vec<u8>);

/// A held-out file before it is one.
#[derive(Clone)]
pub struct HeldOutFile {
    pub description: serde_json::Value,
    pub tensors: Vec<(String, Tensor)>,
}

/// Takes the latent of a frame: what the last step of the sampler wrote.
struct Latent(Vec<u8>);

impl Observer for Latent {
    fn after(&mut self, _: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if matches!(node.op, Op::Euler { .. }) {
            self.0 = writes[0].to_vec();
        }
    }
}

/// Pictures, latents and actions of a play, one byte after the other.
#[derive(Default)]
struct Played {
    pictures: Vec<u8>,
    latents: Vec<u8>,
    actions: Vec<u8>,
}

impl Played {
    /// Plays on: from prompt 0, with the seed.
    fn play(&mut self, world: &World, seed: u64, actions: &[Action]) {
        let passes = world.manifest.default_passes;
        let model = Arc::new(build(world, passes, NoiseFrom::Seed).expect("its own schedule"));
        let mut engine = CpuEngine::new(model, Isa::best()).expect("a quantised model");
        let (latents, prompt) = world.prompt(0).expect("a prompt");
        let start = Start { seed, latents: latents.to_vec(), actions: prompt, noise: None };
        engine.reset(&start).expect("finite");
        for (frame, action) in (0..).zip(actions) {
            let mut latent = Latent(Vec::new());
            let made = engine.step_observed(frame, *action, &mut latent).expect("finite");
            self.pictures.extend(made.picture);
            self.latents.extend(latent.0);
            self.actions.push(action.0 as u8);
        }
    }
}

impl HeldOutFile {
    /// Episodes of the world's own play, one for each list of actions, all of one length.
    pub fn of(world: &World, episodes: &[Vec<Action>]) -> HeldOutFile {
        let mut played = Played::default();
        for (seed, actions) in (100..).zip(episodes) {
            played.play(world, seed, actions);
        }
        let mut file = HeldOutFile { description: description(&world.manifest), tensors: vec![] };
        let (count, frames) = (episodes.len(), episodes[0].len());
        file.add("episodes", &world.manifest, [count, frames, frames], played);
        file
    }

    /// The same with one circle: what the world makes of these actions.
    #[must_use]
    pub fn with_circle(mut self, world: &World, actions: &[Action], latents: usize) -> HeldOutFile {
        let mut played = Played::default();
        played.play(world, 99, actions);
        let bytes = 4 * world.manifest.shape.latent_len();
        played.latents.truncate(latents * bytes);
        self.add("circle", &world.manifest, [1, actions.len(), latents], played);
        self
    }

    fn add(&mut self, group: &str, manifest: &Manifest, sides: [usize; 3], played: Played) {
        let (picture, shape) = (manifest.picture, &manifest.shape);
        let [count, frames, latents] = sides;
        let pictures = vec![count, frames, picture.height, picture.width, 3];
        let latent = [shape.latent_channels, shape.latent_height, shape.latent_width];
        let latents = [&[count, latents][..], &latent[..]].concat();
        let mut push = |part: &str, tensor| self.tensors.push((format!("{group}.{part}"), tensor));
        push("pictures", (Dtype::U8, pictures, played.pictures));
        push("actions", (Dtype::U8, vec![count, frames], played.actions));
        push("latents", (Dtype::F32, latents, played.latents));
    }

    /// A tensor, to be altered.
    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        let found = self.tensors.iter_mut().find(|tensor| tensor.0 == name);
        &mut found.unwrap_or_else(|| panic!("no tensor {name}")).1
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        let metadata = [("worldtape".to_owned(), self.description.to_string())].into();
        let views = self.tensors.iter().map(|(name, (dtype, shape, data))| {
            let view = TensorView::new(*dtype, shape.clone(), data);
            (name, view.expect("as many bytes as the shape says"))
        });
        safetensors::serialize(views, Some(metadata)).expect("a few tensors")
    }
}

fn description(manifest: &Manifest) -> serde_json::Value {
    serde_json::json!({
        "format": "held-out-1",
        "world": manifest.name,
        "frames_per_second": manifest.frames_per_second,
        "actions": manifest.action_names(),
        "seed": 7,
    })
}
