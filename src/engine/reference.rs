//! The reference engine: the same programs in plain float32, by a library that is not ours.

mod attention;
mod execute;
mod values;
mod weights;

use super::state::{Header, slots};
use super::{Description, Engine, EngineError, Frame, Observer, Start};
use crate::event::{Action, Digest};
use crate::program::{Model, Node, Precision, Program};
use candle_core::Tensor;
use candle_core::utils::get_num_threads;
use execute::{Operands, Step};
use std::sync::Arc;
use values::Buffers;

/// Version of the library, as tapes name it.
const CANDLE_VERSION: &str = "0.11.1";

/// An engine in float32 tensors, for packed worlds and float ones. Nothing is quantised on the way,
/// so its frames are close to the exact ones, never equal. An observer sees floats where other
/// engines have int8.
pub struct ReferenceEngine {
    model: Arc<Model>,
    weights: Vec<Tensor>,
    buffers: Buffers,
    header: Header,
}

impl ReferenceEngine {
    /// Turns all weights to float tensors.
    ///
    /// # Errors
    /// [`EngineError::Library`] where the library cannot.
    pub fn new(model: Arc<Model>) -> Result<ReferenceEngine, EngineError> {
        let weights = weights::load(&model).map_err(|error| failed("weights", &error))?;
        let buffers = Buffers::new(&model.residents);
        Ok(ReferenceEngine { model, weights, buffers, header: Header { seed: 0, remembered: 0 } })
    }

    /// Fills the buffer of a given noise, in a model built for one.
    ///
    /// # Panics
    /// Where the model has none or `noise` is not one latent long: a bug of the caller.
    pub fn give_noise(&mut self, noise: &[f32]) {
        let given = self.model.given_noise;
        let id = given.expect("the model takes its noise from outside");
        self.buffers.resident_mut(id).copy_from_slice(noise);
    }

    /// Runs one program and moves the ring on.
    fn run(
        &mut self,
        program: &Program,
        frame: u64,
        action: Action,
        mut observer: Option<&mut dyn Observer>,
    ) -> Result<(), EngineError> {
        let step =
            Step { seed: self.header.seed, remembered: self.header.remembered, frame, action };
        self.buffers.begin(program);
        for (index, node) in program.nodes.iter().enumerate() {
            self.run_node(&step, index, node, &mut observer)?;
        }
        self.header.remembered += 1;
        Ok(())
    }

    fn run_node(
        &mut self,
        step: &Step,
        index: usize,
        node: &Node,
        observer: &mut Option<&mut dyn Observer>,
    ) -> Result<(), EngineError> {
        if !node.reads.iter().all(|read| self.buffers.finite(read)) {
            return Err(EngineError::NotFinite { frame: step.frame, op: node.name.clone() });
        }
        let operands = Operands { node, buffers: &self.buffers, weights: &self.weights };
        let outputs = step.outputs(&operands);
        let mut outputs = outputs.map_err(|error| failed(&node.name, &error))?;
        if let Some(observer) = observer.as_deref_mut() {
            let mut writes: Vec<&mut [u8]> =
                outputs.iter_mut().map(|made| made.bytes_mut()).collect();
            observer.after(index, node, &mut writes);
        }
        for (write, made) in node.writes.iter().zip(&outputs) {
            self.buffers.store(write, made);
        }
        Ok(())
    }
}

impl Engine for ReferenceEngine {
    fn describe(&self) -> Description {
        let weights = match self.model.precision {
            Precision::Quantised => "int8 rows turned to float32",
            Precision::Float => "float32",
        };
        Description {
            engine: "reference".to_owned(),
            threads: get_num_threads() as u32,
            kernel_digest: Digest::default(),
            facts: vec![
                ("candle".to_owned(), CANDLE_VERSION.to_owned()),
                ("weights".to_owned(), weights.to_owned()),
            ],
        }
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let frames = start.frames(&model)?;
        self.header = Header { seed: start.seed, remembered: 0 };
        for prompt in frames {
            if let Some(noise) = prompt.noise {
                self.give_noise(noise);
            }
            let latent = self.buffers.resident_mut(model.prompt_latent);
            latent.copy_from_slice(prompt.latent);
            self.run(&model.prompt, prompt.frame, prompt.action, None)?;
        }
        Ok(())
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        let model = Arc::clone(&self.model);
        self.run(&model.frame, frame, action, observer)?;
        let outputs = model.frame.outputs.expect("a frame has a picture");
        Ok(Frame {
            picture: self.buffers.colours(&outputs.picture),
            state_sum: self.buffers.sums(&outputs.state_sum)[0],
        })
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.header.write(bytes);
        for (ring, slot) in slots(&self.model, self.header.remembered) {
            let ring: &[u8] = bytemuck::cast_slice(self.buffers.resident(ring));
            bytes.extend_from_slice(&ring[slot]);
        }
        Ok(())
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let (header, mut memory) = Header::read(bytes, &model)?;
        for (ring, slot) in slots(&model, header.remembered) {
            let (values, rest) = memory.split_at(slot.len());
            let ring: &mut [u8] = bytemuck::cast_slice_mut(self.buffers.resident_mut(ring));
            ring[slot].copy_from_slice(values);
            memory = rest;
        }
        self.header = header;
        Ok(())
    }
}

fn failed(op: &str, error: &candle_core::Error) -> EngineError {
    EngineError::Library { op: op.to_owned(), what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tapes_name_the_version_of_the_library_that_is_locked() {
        let entry = format!("name = \"candle-core\"\nversion = \"{CANDLE_VERSION}\"\n");
        assert!(include_str!("../../Cargo.lock").contains(&entry));
    }
}
