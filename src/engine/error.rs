//! What can stop an engine, with numbers.

use thiserror::Error;

/// Why an engine stopped or refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EngineError {
    /// A NaN or an infinity met an op.
    #[error("frame {frame}: op {op} met a value that is not finite; the session cannot go on")]
    NotFinite {
        /// The frame being made; prompt frames count from 0 too.
        frame: u64,
        /// Name of the op.
        op: String,
    },
    /// The model has float weights; only the reference engine runs those.
    #[error("engine {engine} runs packed worlds only; this one has float weights")]
    FloatWeights {
        /// The engine that was asked.
        engine: &'static str,
    },
    /// The prompt does not fit the model.
    #[error("the prompt has {latents} values and {actions} actions; a latent has {latent} values")]
    Prompt {
        /// Values given.
        latents: usize,
        /// Actions given.
        actions: usize,
        /// Values of one latent.
        latent: usize,
    },
    /// Noise from outside that the model does not take, or not the right amount of it.
    #[error("the prompt comes with {found} values of noise; this model takes {expected}")]
    Noise {
        /// Values given.
        found: usize,
        /// Values the model takes.
        expected: usize,
    },
    /// Saved bytes that are not a state of this model.
    #[error("not a state of this world: {what} is {found}, expected {expected}")]
    State {
        /// Which part.
        what: &'static str,
        /// Its value.
        found: u64,
        /// What it had to be.
        expected: u64,
    },
    /// An instruction set that this processor lacks, or no such name.
    #[error("instruction set {found} is not to be had here; there is {offered}")]
    Isa {
        /// What was asked for.
        found: String,
        /// What there is.
        offered: String,
    },
    /// The float library of the reference engine failed.
    #[error("reference engine, op {op}: {what}")]
    Library {
        /// Name of the op.
        op: String,
        /// Its message.
        what: String,
    },
}
