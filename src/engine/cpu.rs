//! The CPU engine: the exact definitions over the arena, rows shared out among threads.

mod arena;
mod kernels;
mod products;
mod reduce;
mod share;
mod simd;
mod step;
mod turned;
mod walk;
mod whole;

pub use share::Share;
pub use simd::Isa;

use super::newest_slot;
use super::ranges::Ranges;
use super::state::{Header, slots};
use super::which::Which;
use super::{Description, Engine, EngineError, Frame, Observer, Start};
use crate::event::{Action, Digest};
use crate::exact::NotFinite;
use crate::program::{BufferId, Model, Precision};
use arena::Arena;
use products::Packed;
use std::ops::Range;
use std::sync::Arc;
use step::Step;
use turned::TurnedRing;
use walk::{Shared, Walks};

/// An engine on this processor. Run it inside the rayon pool whose threads it shall use; their
/// number changes no bit.
pub struct CpuEngine {
    model: Arc<Model>,
    arena: Arena,
    packed: Vec<Option<Packed>>,
    turned: Vec<TurnedRing>,
    /// Walks of the prompt program and of the frame program.
    walks: [Walks; 2],
    /// Names for profilers, of the same two.
    ranges: [Ranges; 2],
    /// What an op makes ready for all of its rows.
    prepared: Arena,
    /// What an op needs for each row.
    scratch: Arena,
    isa: Isa,
    share: Share,
    header: Header,
}

impl CpuEngine {
    /// Takes all memory at once (arena, packed weights, turned keys, scratch); nothing is allocated
    /// later.
    ///
    /// # Errors
    /// [`EngineError::FloatWeights`] where the model is not quantised.
    pub fn new(model: Arc<Model>, isa: Isa) -> Result<CpuEngine, EngineError> {
        CpuEngine::sharing(model, isa, Share::USUAL)
    }

    /// [`CpuEngine::new`] with another idea of what is worth handing to another thread.
    ///
    /// # Errors
    /// As [`CpuEngine::new`].
    pub fn sharing(model: Arc<Model>, isa: Isa, share: Share) -> Result<CpuEngine, EngineError> {
        if model.precision != Precision::Quantised {
            return Err(EngineError::FloatWeights { engine: "cpu" });
        }
        let arena = Arena::new(model.arena_bytes());
        let packed = Packed::all(&model, isa);
        let turned = TurnedRing::all(&model, isa);
        let walks = [&model.prompt, &model.frame].map(|program| Walks::new(program, &turned));
        let ranges = [&model.prompt, &model.frame].map(|program| {
            Ranges::new(program, program.groups.iter().map(|group| group.nodes.clone()))
        });
        let prepared = Arena::new(walk::prepared_bytes(&model));
        let scratch = Arena::new(walks.iter().map(Walks::scratch_bytes).max().unwrap_or(0));
        let header = Header { seed: 0, remembered: 0 };
        Ok(CpuEngine {
            model,
            arena,
            packed,
            turned,
            walks,
            ranges,
            prepared,
            scratch,
            isa,
            share,
            header,
        })
    }

    /// Fills the buffer of a given noise, in a model built for one.
    ///
    /// # Panics
    /// Where the model has none or `noise` is not one latent long: a bug of the caller.
    pub fn give_noise(&mut self, noise: &[f32]) {
        let id = self.model.given_noise.expect("the model takes its noise from outside");
        let offset = self.model.frame.layout.offsets[id.0 as usize];
        self.arena.floats(offset, noise.len()).copy_from_slice(noise);
    }

    /// Puts one prompt latent where the prompt program reads it.
    fn place_prompt(&mut self, latent: &[f32]) {
        let offset = self.model.prompt.layout.offsets[self.model.prompt_latent.0 as usize];
        self.arena.floats(offset, latent.len()).copy_from_slice(latent);
    }

    /// Runs one program and moves the ring on: group by group, or, with an observer, node by node.
    fn run(
        &mut self,
        which: Which,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let program = which.program(&model);
        let Header { seed, remembered } = self.header;
        let step = Step { isa: self.isa, share: self.share, seed, remembered, frame, action };
        let mut range = self.ranges[which as usize].frame(frame);
        let ran = match observer {
            None => (0..program.groups.len()).try_for_each(|group| {
                range.group(&self.ranges[which as usize], group);
                self.run_some(which, step, program.groups[group].nodes.start, Some(group))
            }),
            Some(observer) => (0..program.nodes.len()).try_for_each(|index| {
                self.run_some(which, step, index, None)?;
                let node = &program.nodes[index];
                let mut bound = self.arena.bind(program, node, &model.weights);
                observer.after(index, node, &mut bound.writes[..node.writes.len()]);
                Ok(())
            }),
        };
        ran.map_err(|node| EngineError::NotFinite { frame, op: program.nodes[node].name.clone() })?;
        self.header.remembered += 1;
        Ok(())
    }

    /// Runs a group, or the one node `node`. The error is the index of the node that met a value
    /// which is not finite.
    fn run_some(
        &mut self,
        which: Which,
        step: Step,
        node: usize,
        group: Option<usize>,
    ) -> Result<(), usize> {
        let model = Arc::clone(&self.model);
        let program = which.program(&model);
        let walks = &self.walks[which as usize];
        let walk = match group {
            Some(group) => &walks.groups[group],
            None => &walks.nodes[node],
        };
        let prepared = self.prepared.all_mut();
        let Some(walk) = walk else {
            let op = &program.nodes[node];
            let mut bound = self.arena.bind(program, op, &model.weights);
            let packed = op.reads.get(2).and_then(products::weight_of);
            let packed = packed.and_then(|id| self.packed[id].as_ref());
            return step.whole(&op.op, &mut bound, packed, prepared).map_err(|NotFinite| node);
        };
        let (ops, weights, packed) = (&program.nodes, &model.weights, &self.packed);
        let shared = Shared { step, ops, weights, packed };
        let room = (prepared, self.scratch.all_mut());
        walk.run(&shared, self.arena.all_mut(), room, &mut self.turned)
    }

    fn outputs(&self) -> Frame<'_> {
        let program = &self.model.frame;
        let outputs = program.outputs.expect("a frame has a picture");
        let bytes = |operand| self.arena.bytes(program.byte_range(operand).expect("in the arena"));
        let sum = bytes(&outputs.state_sum);
        Frame {
            picture: bytes(&outputs.picture),
            state_sum: u64::from_le_bytes(std::array::from_fn(|i| sum[i])),
        }
    }

    /// Bytes of the arena that are these of a buffer that lasts.
    fn in_arena(&self, id: BufferId, bytes: Range<usize>) -> Range<usize> {
        let start = self.model.frame.layout.offsets[id.0 as usize];
        start + bytes.start..start + bytes.end
    }
}

impl Engine for CpuEngine {
    fn describe(&self) -> Description {
        Description {
            engine: "cpu".to_owned(),
            threads: rayon::current_num_threads() as u32,
            kernel_digest: Digest::default(),
            facts: vec![("isa".to_owned(), self.isa.to_string())],
        }
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let frames = start.frames(&model)?;
        self.turned.iter_mut().for_each(TurnedRing::forget);
        self.header = Header { seed: start.seed, remembered: 0 };
        for prompt in frames {
            if let Some(noise) = prompt.noise {
                self.give_noise(noise);
            }
            self.place_prompt(prompt.latent);
            self.run(Which::Prompt, prompt.frame, prompt.action, None)?;
        }
        Ok(())
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        self.run(Which::Frame, frame, action, observer)?;
        Ok(self.outputs())
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.header.write(bytes);
        for (ring, slot) in slots(&self.model, self.header.remembered) {
            bytes.extend_from_slice(self.arena.bytes(self.in_arena(ring, slot)));
        }
        Ok(())
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let (header, mut memory) = Header::read(bytes, &model)?;
        for (ring, slot) in slots(&model, header.remembered) {
            let (values, rest) = memory.split_at(slot.len());
            let range = self.in_arena(ring, slot);
            self.arena.bytes_mut(range).copy_from_slice(values);
            memory = rest;
        }
        self.turned.iter_mut().for_each(TurnedRing::forget);
        self.header = header;
        Ok(())
    }
}

/// The slot of a ring of `window` that the frame being made takes.
fn slot_range(remembered: u64, window: usize, count: usize) -> Range<usize> {
    let slot = newest_slot(remembered, window);
    slot * count..(slot + 1) * count
}
