//! How a prompt goes into an engine: frame by frame, each with its action and its noise.

use super::{EngineError, Start};
use crate::event::Action;

/// One frame of a prompt.
pub(super) struct PromptFrame<'a> {
    /// Counts from 0.
    pub(super) frame: u64,
    /// Its latent.
    pub(super) latent: &'a [f32],
    /// Its noise, where that comes from outside.
    pub(super) noise: Option<&'a [f32]>,
    /// Its action.
    pub(super) action: Action,
}

impl Start {
    /// The frames of the prompt, for a model whose latents have `latent` values.
    ///
    /// # Errors
    /// [`EngineError::Prompt`] where there is not one latent for each action.
    pub(super) fn frames(
        &self,
        latent: usize,
    ) -> Result<impl Iterator<Item = PromptFrame<'_>>, EngineError> {
        let (latents, actions) = (self.latents.len(), self.actions.len());
        if latents != actions * latent {
            return Err(EngineError::Prompt { latents, actions, latent });
        }
        let noises = self.noise.as_deref().unwrap_or(&[]).chunks_exact(latent);
        let noises = noises.map(Some).chain(std::iter::repeat(None));
        let frames = self.latents.chunks_exact(latent).zip(&self.actions);
        let frames = (0..).zip(frames).zip(noises);
        Ok(frames.map(|((frame, (latent, &action)), noise)| PromptFrame {
            frame,
            latent,
            noise,
            action,
        }))
    }
}
