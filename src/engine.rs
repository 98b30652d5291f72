//! Executors of programs. Every engine but the reference gives the same bits.

mod error;
mod prompt;
mod ranges;
mod ring;
mod state;
mod which;

pub mod cpu;
pub mod cuda;
#[cfg(feature = "reference")]
pub mod reference;

pub use error::EngineError;
pub use ring::{newest_slot, slots_oldest_first, written};
pub use state::state_rings;

use crate::event::{Action, Digest};
use crate::program::Node;

/// How a session begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Key of all noise.
    pub seed: u64,
    /// Prompt latents, one after the other.
    pub latents: Vec<f32>,
    /// The action of each prompt latent.
    pub actions: Vec<Action>,
    /// The noise of each prompt latent, for a model built to take its noise from outside.
    pub noise: Option<Vec<f32>>,
}

/// What one step made; it stays valid until the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// RGB u8 rows.
    pub picture: &'a [u8],
    /// See `exact::bit_sum`.
    pub state_sum: u64,
}

/// What an engine says of itself on a tape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// `cpu`, `cuda:N` or `reference`.
    pub engine: String,
    /// Threads it uses.
    pub threads: u32,
    /// Digest of what it compiled at run time; zeros for nothing.
    pub kernel_digest: Digest,
    /// Further facts: name and value.
    pub facts: Vec<(String, String)>,
}

/// Looks at each op's output as a frame is made. A change it makes is a planted fault: tests use
/// that to see the alarm ring, nothing else does.
pub trait Observer: Send {
    /// Called after node `index` of the running program; `writes` are the bytes it wrote.
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]);

    /// Whom to tell the digests instead, where those are all that it looks at: an engine may then
    /// digest where the bytes are, after the frame. It is told by one way or the other.
    fn digests(&mut self) -> Option<&mut dyn Digests> {
        None
    }
}

/// Looks at the digest of each output, and changes nothing.
pub trait Digests: Send {
    /// Are the bytes of that output wanted too?
    fn wants(&self, node: &Node, output: usize) -> bool;

    /// Called for each output, in the order in which the nodes run: blake3 of the `len` bytes that
    /// [`written`] says, and those bytes where they are wanted.
    fn digested(
        &mut self,
        node: &Node,
        output: usize,
        len: usize,
        digest: Digest,
        bytes: Option<&[u8]>,
    );
}

/// An executor of one model.
pub trait Engine {
    /// What the tape says of it.
    fn describe(&self) -> Description;

    /// Forgets everything and begins a session: takes the seed, fills the memory from the prompt.
    ///
    /// # Errors
    /// [`EngineError`] where a value on the way is not finite or the prompt does not fit the model.
    fn reset(&mut self, start: &Start) -> Result<(), EngineError>;

    /// Makes frame `frame` from `action`, under the eyes of `observer` if there is one.
    ///
    /// # Errors
    /// [`EngineError::NotFinite`] naming the frame and the op, or what a GPU failed at; the state
    /// is then undefined.
    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError>;

    /// Makes a frame.
    ///
    /// # Errors
    /// As [`Engine::make`].
    fn step(&mut self, frame: u64, action: Action) -> Result<Frame<'_>, EngineError> {
        self.make(frame, action, None)
    }

    /// Makes a frame with an observer of every op.
    ///
    /// # Errors
    /// As [`Engine::make`].
    fn step_observed(
        &mut self,
        frame: u64,
        action: Action,
        observer: &mut dyn Observer,
    ) -> Result<Frame<'_>, EngineError> {
        self.make(frame, action, Some(observer))
    }

    /// Appends the whole state; the same state gives the same bytes on every engine.
    ///
    /// # Errors
    /// [`EngineError::Gpu`] where the state cannot be fetched.
    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError>;

    /// Nanoseconds of each op of the frame's program, `rounds` samples each, by the engine's own
    /// clock; `None` where it has none, and an observer's clock is as good.
    ///
    /// # Errors
    /// [`EngineError::Gpu`].
    fn time_ops(&mut self, rounds: usize) -> Result<Option<Vec<Vec<u64>>>, EngineError> {
        let _ = rounds;
        Ok(None)
    }

    /// Takes a saved state.
    ///
    /// # Errors
    /// [`EngineError::State`] where the bytes are not a state of this model; nothing has changed
    /// then.
    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError>;
}
