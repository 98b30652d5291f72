//! A world under evaluation: its frames, its decoder by itself, and the latents behind frames.

use super::EvaluateError;
use crate::engine::{Engine, EngineError, Observer, Start};
use crate::event::Action;
use crate::program::{Node, Op};

/// A world that is played. One play at a time: [`Player::begin`], then [`Player::step`].
pub struct Player<'a> {
    /// Runs the world's frames.
    frames: &'a mut (dyn Engine + Send),
    /// Runs the model of [`crate::world::build_decoder`].
    decoder: &'a mut (dyn Engine + Send),
    /// The frame to come.
    next: u64,
}

/// Sees the latent of a frame.
#[derive(Default)]
struct LatentSeen {
    values: Vec<f32>,
}

impl Observer for LatentSeen {
    /// The last step of the sampler writes the latent that is decoded: later ones overwrite.
    fn after(&mut self, _: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if matches!(node.op, Op::Euler { .. }) {
            let floats = writes[0].as_chunks::<4>().0.iter();
            self.values.clear();
            self.values.extend(floats.map(|four| f32::from_le_bytes(*four)));
        }
    }
}

impl<'a> Player<'a> {
    /// A player of two engines: of a world's model, and of its decoder's.
    pub fn new(
        frames: &'a mut (dyn Engine + Send),
        decoder: &'a mut (dyn Engine + Send),
    ) -> Player<'a> {
        Player { frames, decoder, next: 0 }
    }

    /// The picture of a latent.
    ///
    /// # Errors
    /// [`EvaluateError::Engine`].
    pub fn decode(&mut self, latent: Vec<f32>) -> Result<&[u8], EvaluateError> {
        let start = Start { seed: 0, latents: latent, actions: vec![Action::NONE], noise: None };
        self.decoder.reset(&start).map_err(at("decoding a latent"))?;
        let made = self.decoder.step(0, Action::NONE).map_err(at("decoding a latent"))?;
        Ok(made.picture)
    }

    /// Forgets the last play and remembers these latents and their actions.
    ///
    /// # Errors
    /// [`EvaluateError::Engine`].
    pub fn begin(
        &mut self,
        seed: u64,
        latents: Vec<f32>,
        actions: Vec<Action>,
    ) -> Result<(), EvaluateError> {
        self.next = 0;
        let start = Start { seed, latents, actions, noise: None };
        self.frames.reset(&start).map_err(at("the start of a play"))
    }

    /// The picture of the next frame.
    ///
    /// # Errors
    /// [`EvaluateError::Engine`].
    pub fn step(&mut self, action: Action) -> Result<&[u8], EvaluateError> {
        let frame = self.next;
        self.next += 1;
        let made = self.frames.step(frame, action).map_err(at("a play"))?;
        Ok(made.picture)
    }

    /// The same, with the latent behind the picture.
    ///
    /// # Errors
    /// [`EvaluateError::Engine`].
    pub fn step_seen(&mut self, action: Action) -> Result<(&[u8], Vec<f32>), EvaluateError> {
        let (frame, mut seen) = (self.next, LatentSeen::default());
        self.next += 1;
        let made = self.frames.step_observed(frame, action, &mut seen).map_err(at("a play"))?;
        Ok((made.picture, seen.values))
    }
}

/// Says what the engine was doing.
fn at(place: &str) -> impl FnOnce(EngineError) -> EvaluateError {
    let place = place.to_owned();
    |source| EvaluateError::Engine { place, source }
}
