//! How a prompt goes into an engine: frame by frame, each with its action and its noise.

use super::{EngineError, Start};
use crate::event::Action;
use crate::program::Model;

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
    /// The frames of the prompt, for a model.
    ///
    /// # Errors
    /// [`EngineError::Prompt`] where there is not one latent for each action,
    /// [`EngineError::Noise`] where there is noise for a model that makes its own, or not one noise
    /// for each latent.
    pub(super) fn frames(
        &self,
        model: &Model,
    ) -> Result<impl Iterator<Item = PromptFrame<'_>>, EngineError> {
        let latent = model.residents[model.prompt_latent.0 as usize].len;
        let (latents, actions) = (self.latents.len(), self.actions.len());
        if latents != actions * latent {
            return Err(EngineError::Prompt { latents, actions, latent });
        }
        let expected = if model.given_noise.is_some() { latents } else { 0 };
        if let Some(found) = self.noise.as_ref().map(Vec::len).filter(|&n| n != expected) {
            return Err(EngineError::Noise { found, expected });
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
