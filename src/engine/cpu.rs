//! The CPU engine: the exact definitions over the arena, rows shared out among threads.

mod arena;
mod execute;
mod kernels;
mod products;
mod simd;

pub use simd::Isa;

use super::state::{Header, slot_bytes};
use super::{Description, Engine, EngineError, Frame, Observer, Start};
use super::{newest_slot, slots_oldest_first};
use crate::event::Action;
use crate::program::{Model, Precision, Program};
use arena::Arena;
use execute::{Products, Step};
use products::Packed;
use std::sync::Arc;

/// An engine on this processor. Run it inside the rayon pool whose threads it shall use; their
/// number changes no bit.
pub struct CpuEngine {
    model: Arc<Model>,
    arena: Arena,
    packed: Vec<Option<Packed>>,
    scratch: Vec<u8>,
    isa: Isa,
    header: Header,
}

impl CpuEngine {
    /// Takes the whole arena at once; nothing is allocated later.
    ///
    /// # Errors
    /// [`EngineError::FloatWeights`] where the model is not quantised.
    pub fn new(model: Arc<Model>, isa: Isa) -> Result<CpuEngine, EngineError> {
        if model.precision != Precision::Quantised {
            return Err(EngineError::FloatWeights { engine: "cpu" });
        }
        let arena = Arena::new(model.arena_bytes());
        let packed = Packed::all(&model, isa);
        let scratch = vec![0; products::scratch_bytes(&model)];
        let header = Header { seed: 0, remembered: 0 };
        Ok(CpuEngine { model, arena, packed, scratch, isa, header })
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

    /// Runs one program and moves the ring on.
    fn run(
        &mut self,
        program: impl Fn(&Model) -> &Program,
        frame: u64,
        action: Action,
        mut observer: Option<&mut dyn Observer>,
    ) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let program = program(&model);
        let step = Step {
            isa: self.isa,
            seed: self.header.seed,
            remembered: self.header.remembered,
            frame,
            action,
        };
        for (index, node) in program.nodes.iter().enumerate() {
            let mut bound = self.arena.bind(program, node, &model.weights);
            let packed = node.reads.get(2).and_then(products::weight_of);
            let mut products = Products {
                packed: packed.and_then(|id| self.packed[id].as_ref()),
                scratch: &mut self.scratch,
            };
            step.execute(&node.op, &mut bound, &mut products)
                .map_err(|_| EngineError::NotFinite { frame, op: node.name.clone() })?;
            if let Some(observer) = observer.as_deref_mut() {
                observer.after(index, node, &mut bound.writes[..node.writes.len()]);
            }
        }
        self.header.remembered += 1;
        Ok(())
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

    /// Byte range of one slot of one ring.
    fn slot(&self, ring: usize, slot: usize, bytes: usize) -> std::ops::Range<usize> {
        let start = self.model.frame.layout.offsets[self.model.memory[ring].0 as usize];
        start + slot * bytes..start + (slot + 1) * bytes
    }
}

impl Engine for CpuEngine {
    fn describe(&self) -> Description {
        Description {
            engine: "cpu".to_owned(),
            threads: rayon::current_num_threads() as u32,
            facts: vec![("isa".to_owned(), self.isa.to_string())],
        }
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        let latent = self.model.residents[self.model.prompt_latent.0 as usize].len;
        let frames = start.frames(latent)?;
        self.header = Header { seed: start.seed, remembered: 0 };
        for prompt in frames {
            if let Some(noise) = prompt.noise {
                self.give_noise(noise);
            }
            self.place_prompt(prompt.latent);
            self.run(|model| &model.prompt, prompt.frame, prompt.action, None)?;
        }
        Ok(())
    }

    fn step(&mut self, frame: u64, action: Action) -> Result<Frame<'_>, EngineError> {
        self.run(|model| &model.frame, frame, action, None)?;
        Ok(self.outputs())
    }

    fn step_observed(
        &mut self,
        frame: u64,
        action: Action,
        observer: &mut dyn Observer,
    ) -> Result<Frame<'_>, EngineError> {
        self.run(|model| &model.frame, frame, action, Some(observer))?;
        Ok(self.outputs())
    }

    fn save(&self, bytes: &mut Vec<u8>) {
        self.header.write(bytes);
        for (ring, size) in slot_bytes(&self.model).enumerate() {
            for slot in slots_oldest_first(self.header.remembered, self.model.window) {
                bytes.extend_from_slice(self.arena.bytes(self.slot(ring, slot, size)));
            }
        }
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let (header, mut memory) = Header::read(bytes, &model)?;
        for (ring, size) in slot_bytes(&model).enumerate() {
            for slot in slots_oldest_first(header.remembered, model.window) {
                let (values, rest) = memory.split_at(size);
                let range = self.slot(ring, slot, size);
                self.arena.bytes_mut(range).copy_from_slice(values);
                memory = rest;
            }
        }
        self.header = header;
        Ok(())
    }
}

/// The slot of a ring of `window` that the frame being made takes.
fn slot_range(remembered: u64, window: usize, count: usize) -> std::ops::Range<usize> {
    let slot = newest_slot(remembered, window);
    slot * count..(slot + 1) * count
}
