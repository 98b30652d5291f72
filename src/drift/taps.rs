//! Taps: what every op of one frame wrote, named and digested, without changing a bit of it.

use super::shape::shape;
use crate::drive::picture_digest;
use crate::engine::{Digests, Engine, EngineError, Observer, written};
use crate::event::{Action, Digest, Outcome};
use crate::program::{Dtype, Node};
use std::collections::BTreeMap;

/// What one op of a frame wrote. An op with several outputs has a tap for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// The node's name, such as `pass0.block3.space.qkv`; output 1 is called `name#1`.
    pub name: String,
    /// The op's kind, such as `linear`.
    pub op: String,
    /// What one element is.
    pub dtype: Dtype,
    /// Sizes, the outermost first.
    pub shape: Vec<usize>,
    /// Of its bytes, see [`tap_digest`].
    pub digest: Digest,
}

/// One frame with all of its taps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tapped {
    /// Its number.
    pub frame: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// Of the saved state before it, see [`state_digest`].
    pub state_before: Digest,
    /// Of the saved state after it.
    pub state_after: Digest,
    /// In the order in which the ops ran.
    pub taps: Vec<Tap>,
    /// Bytes of the taps that were asked for, by name.
    pub kept: BTreeMap<String, Vec<u8>>,
}

/// The digest of what an op wrote: blake3 of the bytes as the arena has them, little-endian; of a
/// ring, the bytes of the one slot that was filled.
pub fn tap_digest(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

/// The digest of a saved state: blake3 of its bytes.
pub fn state_digest(state: &[u8]) -> Digest {
    Digest(*blake3::hash(state).as_bytes())
}

/// The name of the tap of a node's output.
pub fn tap_name(node: &Node, output: usize) -> String {
    match output {
        0 => node.name.clone(),
        output => format!("{}#{output}", node.name),
    }
}

/// Says whether the bytes of the tap of that name are to be kept.
pub type Keep<'a> = dyn Fn(&str) -> bool + Sync + 'a;

/// An observer that taps every op of a frame.
pub struct Taps<'a> {
    /// Frames in memory before this one: says which slot of a ring is filled.
    remembered: u64,
    keep: &'a Keep<'a>,
    taps: Vec<Tap>,
    kept: BTreeMap<String, Vec<u8>>,
}

impl<'a> Taps<'a> {
    /// For one frame, before which `remembered` frames (those of the prompt too) are in memory.
    pub fn new(remembered: u64, keep: &'a Keep<'a>) -> Taps<'a> {
        Taps { remembered, keep, taps: Vec::new(), kept: BTreeMap::new() }
    }

    /// What was seen, in the order in which the ops ran.
    pub fn taps(&self) -> &[Tap] {
        &self.taps
    }
}

impl Observer for Taps<'_> {
    fn after(&mut self, _: usize, node: &Node, writes: &mut [&mut [u8]]) {
        for (output, bytes) in writes.iter().enumerate() {
            let bytes = &bytes[written(&node.op, bytes.len(), self.remembered)];
            let kept = self.wants(node, output).then_some(bytes);
            self.digested(node, output, bytes.len(), tap_digest(bytes), kept);
        }
    }

    fn digests(&mut self) -> Option<&mut dyn Digests> {
        Some(self)
    }
}

impl Digests for Taps<'_> {
    fn wants(&self, node: &Node, output: usize) -> bool {
        (self.keep)(&tap_name(node, output))
    }

    fn digested(
        &mut self,
        node: &Node,
        output: usize,
        len: usize,
        digest: Digest,
        bytes: Option<&[u8]>,
    ) {
        let (name, shape) = (tap_name(node, output), shape(&node.op, output));
        if let Some(bytes) = bytes {
            self.kept.insert(name.clone(), bytes.to_vec());
        }
        // The float engine keeps floats where others quantise.
        let is_float = len == shape.iter().product::<usize>() * Dtype::F32.bytes();
        let dtype = match node.writes[output].dtype {
            Dtype::I8 if is_float => Dtype::F32,
            dtype => dtype,
        };
        let op = node.op.kind().to_owned();
        self.taps.push(Tap { name, op, dtype, shape, digest });
    }
}

/// Makes one frame with taps. `remembered` frames are in the engine's memory before it.
///
/// # Errors
/// As [`Engine::make`] and [`Engine::save`].
pub(super) fn tap(
    engine: &mut dyn Engine,
    (frame, action): (u64, Action),
    remembered: u64,
    keep: &Keep<'_>,
) -> Result<Tapped, EngineError> {
    let state_before = state_digest(&saved(engine)?);
    let mut taps = Taps::new(remembered, keep);
    let made = engine.step_observed(frame, action, &mut taps)?;
    let outcome = Outcome { picture: picture_digest(made.picture), state_sum: made.state_sum };
    let Taps { taps, kept, .. } = taps;
    let state_after = state_digest(&saved(engine)?);
    Ok(Tapped { frame, outcome, state_before, state_after, taps, kept })
}

/// The engine's state.
///
/// # Errors
/// As [`Engine::save`].
pub(super) fn saved(engine: &dyn Engine) -> Result<Vec<u8>, EngineError> {
    let mut state = Vec::new();
    engine.save(&mut state)?;
    Ok(state)
}
