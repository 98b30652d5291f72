//! Builds the programs of a latent transformer world: denoise passes, decoder, memory, state sum.

mod decoder;
mod transformer;

use super::manifest::{Schedule, Shape};
use super::{World, WorldError};
use crate::program::{BufferId, Place, Program};
use crate::program::{Dtype, Model, ModelBuilder, Op, Operand, Outputs, ProgramBuilder};
use transformer::{Memory, Pass};

/// Draw number of a frame's own noise.
const DRAW_FRAME: u32 = 0;
/// Draw number of the noise mixed into a prompt frame.
const DRAW_PROMPT: u32 = 1;

/// Where the noise comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseFrom {
    /// From the session's seed, as every session does.
    Seed,
    /// From a buffer that the caller fills: for comparison with vectors made elsewhere.
    Given,
}

/// Builds the model of a world for one number of passes.
///
/// # Errors
/// [`WorldError::NoSuch`] where the world has no schedule of that many passes.
pub fn build(world: &World, passes: u32, noise: NoiseFrom) -> Result<Model, WorldError> {
    let schedule = world.manifest.schedule(passes)?;
    let mut builder = Builder::new(world, noise);
    let prompt = builder.prompt(schedule);
    let frame = builder.frame(schedule);
    let prompt_latent = buffer_of(&builder.prompt_latent);
    let given_noise = builder.given_noise.as_ref().map(buffer_of);
    let memory = builder.memory.iter().flat_map(|m| [m.keys, m.values]).map(|m| buffer_of(&m));
    let memory = memory.collect();
    Ok(Model {
        precision: world.precision,
        weights: builder.model.weights,
        residents: builder.model.residents,
        memory,
        window: world.manifest.shape.window,
        prompt_latent,
        given_noise,
        prompt,
        frame,
    })
}

/// Builds a model that only decodes: frame 0 shows the one latent of its prompt. For measuring the
/// decoder by itself; no session has such a model.
pub fn build_decoder(world: &World) -> Model {
    let mut builder = Builder::remembering(world, NoiseFrom::Seed, 0);
    let latent = builder.prompt_latent;
    let count = builder.shape.latent_len();
    let summed = |program: &mut ProgramBuilder| {
        let op = Op::BitSum { count, first_index: 0 };
        let [state_sum] = program.node("state.latent", op, &[latent]);
        state_sum
    };
    let mut prompt = builder.model.program();
    summed(&mut prompt);
    let mut frame = builder.model.program();
    let state_sum = summed(&mut frame);
    let picture = builder.decoder(&mut frame, latent);
    Model {
        precision: world.precision,
        weights: builder.model.weights,
        residents: builder.model.residents,
        memory: Vec::new(),
        window: world.manifest.shape.window,
        prompt_latent: buffer_of(&latent),
        given_noise: None,
        prompt: prompt.finish(None),
        frame: frame.finish(Some(Outputs { picture, state_sum })),
    }
}

/// A model half built.
struct Builder<'a> {
    world: &'a World,
    shape: &'a Shape,
    model: ModelBuilder,
    memory: Vec<Memory>,
    prompt_latent: Operand,
    given_noise: Option<Operand>,
}

impl<'a> Builder<'a> {
    /// Lays out what lasts: the memory of every block, the prompt's latent, a given noise.
    fn new(world: &'a World, noise: NoiseFrom) -> Builder<'a> {
        Builder::remembering(world, noise, world.manifest.shape.blocks)
    }

    /// The same with the memory of the first `blocks` blocks alone.
    fn remembering(world: &'a World, noise: NoiseFrom, blocks: usize) -> Builder<'a> {
        let shape = &world.manifest.shape;
        let mut model = ModelBuilder::default();
        let past = shape.window * shape.tokens() * shape.width;
        let memory = (0..blocks)
            .map(|block| Memory {
                keys: model.resident(&format!("memory.{block}.keys"), Dtype::F32, past),
                values: model.resident(&format!("memory.{block}.values"), Dtype::F32, past),
            })
            .collect();
        let prompt_latent = model.resident("prompt.latent", Dtype::F32, shape.latent_len());
        let given_noise = (noise == NoiseFrom::Given)
            .then(|| model.resident("given.noise", Dtype::F32, shape.latent_len()));
        Builder { world, shape, model, memory, prompt_latent, given_noise }
    }

    /// One prompt frame: noise it to the level of the last pass and remember what the net makes of
    /// it.
    fn prompt(&mut self, schedule: &Schedule) -> Program {
        let mut program = self.model.program();
        let count = self.shape.latent_len();
        let time = schedule.levels[schedule.passes as usize - 1];
        let noise = self.noise(&mut program, DRAW_PROMPT);
        let op = Op::MixNoise { count, time };
        let [latent] = program.node("prompt.mixed", op, &[self.prompt_latent, noise]);
        let action = self.action(&mut program);
        let pass = Pass { name: "prompt".to_owned(), time, sums: None, remember: true };
        self.blocks(&mut program, &pass, latent, action);
        program.finish(None)
    }

    /// One frame: every pass, the decoder, the sums.
    fn frame(&mut self, schedule: &Schedule) -> Program {
        let mut program = self.model.program();
        let count = self.shape.latent_len();
        let passes = schedule.passes as usize;
        let sums = program.scratch("state.parts", Dtype::U64, 1 + 2 * self.shape.blocks);
        let mut latent = self.noise(&mut program, DRAW_FRAME);
        let action = self.action(&mut program);
        for k in 0..passes {
            let remember = k + 1 == passes;
            let (name, time) = (format!("pass{k}"), schedule.levels[k]);
            let pass = Pass { name, time, sums: remember.then_some(sums), remember };
            let (h, modulation) = self.blocks(&mut program, &pass, latent, action);
            let velocity = self.head(&mut program, &pass, h, modulation);
            let op = Op::Euler { count, step: schedule.levels[k + 1] - schedule.levels[k] };
            [latent] = program.node(&format!("pass{k}.latent"), op, &[latent, velocity]);
        }
        let op = Op::BitSum { count, first_index: 0 };
        program.node_into("state.latent", op, &[latent], &[sums.part(0, 1)]);
        let [state_sum] = program.node("state.sum", Op::TotalSum { count: sums.len }, &[sums]);
        let picture = self.decoder(&mut program, latent);
        program.finish(Some(Outputs { picture, state_sum }))
    }

    fn noise(&self, program: &mut ProgramBuilder, draw: u32) -> Operand {
        if let Some(given) = self.given_noise {
            return given;
        }
        let [noise] =
            program.node("noise", Op::Noise { draw, count: self.shape.latent_len() }, &[]);
        noise
    }

    /// `NAME.weight`, `NAME.scale`, `NAME.bias`.
    fn product_weights(&mut self, name: &str) -> [Operand; 3] {
        ["weight", "scale", "bias"].map(|part| self.weight(&format!("{name}.{part}")))
    }

    fn weight(&mut self, name: &str) -> Operand {
        let tensors = &self.world.tensors;
        self.model.weight(name, || match tensors.get(name) {
            Some(data) => data.clone(),
            None => panic!("tensor {name} was checked at loading"),
        })
    }

    /// Quantises rows of `x` and multiplies them by a weight.
    fn linear(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        weights: &str,
        x: Operand,
        rows: usize,
    ) -> Operand {
        let [weight, scale, bias] = self.product_weights(weights);
        let (inputs, outputs) = (x.len / rows, bias.len);
        let quantise = Op::Quantise { rows, columns: inputs };
        let [q, s] = program.node(&format!("{name}.quantised"), quantise, &[x]);
        let op = Op::Linear { rows, inputs, outputs };
        let [y] = program.node(name, op, &[q, s, weight, scale, bias]);
        y
    }
}

fn buffer_of(operand: &Operand) -> BufferId {
    match operand.place {
        Place::Arena(id) => id,
        Place::Weight(id) => panic!("weight {id:?} is no buffer"),
    }
}
