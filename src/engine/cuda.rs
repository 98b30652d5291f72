//! The CUDA engine: the same programs on an NVIDIA GPU, to the same bits.
//!
//! Nothing of CUDA is needed to build it: driver and compiler are looked for at run time.

mod arena;
mod compile;
mod device;
mod kernels;
mod probe;
mod settings;
mod watch;

pub use compile::{KernelCache, NoCache};
pub use probe::{CompilerError, DriverError, GpuFacts, compiler, gpus};
pub use settings::{Code, Lane, Settings};

use super::state::{Header, slots};
use super::which::Which;
use super::{Description, Engine, EngineError, Frame, Observer, Start};
use super::{newest_slot, slots_oldest_first};
use crate::event::Action;
use crate::program::{BufferId, Model, Node, Precision, Program, WeightData};
use arena::{Layout, Moment};
use compile::Kernels;
use device::{Context, DeviceMemory, ELAPSED_DRIVER_MIN, Event, Graph, Pinned, Stream};
use kernels::{Launch, Plan, Planner};
use std::sync::Arc;
use watch::Watch;

/// What kernels answer in place of the index of a refused node: this less the index.
const REFUSED_BASE: u32 = 0x7fff_ffff;

/// CUDA's number for "out of memory".
const OUT_OF_MEMORY: u32 = 2;

/// Launches of one op in a row when it is timed: the graph's own beginning disappears in them.
const TIMED_LAUNCHES: usize = 16;

/// A GPU with our kernels on it.
pub struct Gpu {
    context: Arc<Context>,
    kernels: Kernels,
    facts: GpuFacts,
}

impl Gpu {
    /// Takes GPU `ordinal`: finds it, compiles the kernels for it or takes them from `cache`.
    ///
    /// # Errors
    /// [`EngineError`] naming what is missing: driver, GPU, compiler, or what failed.
    pub fn open(ordinal: u32, code: Code, cache: &dyn KernelCache) -> Result<Gpu, EngineError> {
        let facts = probe::gpu(ordinal)?;
        let context = Context::open(ordinal as i32).map_err(failed(ordinal, None))?;
        let kernels = Kernels::load(&context, &facts, code, cache)?;
        Ok(Gpu { context, kernels, facts })
    }

    /// What the driver says of it.
    pub fn facts(&self) -> &GpuFacts {
        &self.facts
    }

    /// Who made its machine code.
    pub fn code(&self) -> Code {
        self.kernels.code
    }

    fn device(&self) -> String {
        device_name(self.facts.ordinal)
    }
}

fn device_name(ordinal: u32) -> String {
    format!("cuda:{ordinal}")
}

/// An engine on one GPU. All of its memory is taken when it is made; a frame is one small copy to
/// the GPU, one graph, one copy back, one wait.
pub struct CudaEngine {
    frames: Stream,
    /// Copies that are no part of a frame: weights, prompts, states.
    transfers: Stream,
    graphs: [Option<Graph>; 2],
    plans: [Plan; 2],
    moment: Pinned,
    returned: Pinned,
    /// Made for the first frame whose outputs are to be digested.
    watch: Option<Box<Watch>>,
    memory: DeviceMemory,
    layout: Layout,
    settings: Settings,
    header: Header,
    model: Arc<Model>,
    gpu: Arc<Gpu>,
}

impl CudaEngine {
    /// Takes all memory, copies the weights, plans the launches, makes the graphs: what a GPU or
    /// its driver cannot do shows before a session begins.
    ///
    /// # Errors
    /// [`EngineError::FloatWeights`], [`EngineError::TooLarge`], [`EngineError::GpuMemory`],
    /// [`EngineError::Gpu`].
    pub fn new(
        gpu: Arc<Gpu>,
        model: Arc<Model>,
        settings: Settings,
    ) -> Result<CudaEngine, EngineError> {
        if model.precision != Precision::Quantised {
            return Err(EngineError::FloatWeights { engine: "cuda" });
        }
        kernels::check_sizes(&model)?;
        let layout = Layout::new(&model);
        let fail = failed(gpu.facts.ordinal, None);
        let frames = Stream::new(&gpu.context).map_err(&fail)?;
        let transfers = Stream::new(&gpu.context).map_err(&fail)?;
        let memory = take_memory(&gpu, layout.bytes, &transfers)?;
        put_weights(&model, &layout, &memory, &transfers).map_err(&fail)?;
        let moment = Pinned::zeroed(&gpu.context, layout.moment().len()).map_err(&fail)?;
        let returned = Pinned::zeroed(&gpu.context, layout.returned().len()).map_err(&fail)?;
        let planner =
            Planner { kernels: &gpu.kernels, layout: &layout, base: memory.address(), settings };
        let plans = [&model.prompt, &model.frame].map(|program| Plan::new(program, &planner));
        let mut engine = CudaEngine {
            frames,
            transfers,
            graphs: [None, None],
            plans,
            moment,
            returned,
            watch: None,
            memory,
            layout,
            settings,
            header: Header { seed: 0, remembered: 0 },
            model,
            gpu,
        };
        engine.make_graphs().map_err(&fail)?;
        Ok(engine)
    }

    /// What an error of the driver means while `frame` is made.
    fn failed(&self, frame: Option<u64>) -> impl Fn(DriverError) -> EngineError + use<> {
        failed(self.gpu.facts.ordinal, frame)
    }

    /// Makes the graphs, where graphs are wanted.
    fn make_graphs(&mut self) -> Result<(), DriverError> {
        if !self.settings.graph {
            return Ok(());
        }
        self.gpu.context.enter()?;
        for which in [Which::Prompt, Which::Frame] {
            let made = self.frames.capture(|| self.queue(which, |_| ()));
            self.graphs[which as usize] = Some(made?);
        }
        Ok(())
    }

    /// Queues a program launch by launch, each told to `before` by its index.
    fn queue(&self, which: Which, mut before: impl FnMut(usize)) -> Result<(), DriverError> {
        self.frames.zero(&self.memory, self.layout.zeroed())?;
        let launches = &self.plans[which as usize].together;
        launches.iter().enumerate().try_for_each(|(index, launch)| {
            before(index);
            self.launch(launch)
        })
    }

    fn launch(&self, launch: &Launch) -> Result<(), DriverError> {
        self.frames.launch(launch.kernel, launch.grid, &launch.parameter)
    }

    /// Tells the GPU what is to be made.
    fn begin(&mut self, frame: u64, action: Action) -> Result<(), DriverError> {
        let Header { seed, remembered } = self.header;
        let window = self.model.window;
        let mut slots = slots_oldest_first(remembered, window);
        let moment = Moment {
            seed,
            frame,
            held: slots.len() as u32,
            oldest: slots.next().unwrap_or_default() as u32,
            newest: newest_slot(remembered, window) as u32,
            action: action.0.into(),
        };
        self.moment.bytes_mut().copy_from_slice(bytemuck::bytes_of(&moment));
        self.frames.upload(&self.moment, &self.memory, self.layout.moment())
    }

    /// Runs one program and moves the ring on. Beside this, a frame calls nothing of the driver.
    fn run(&mut self, which: Which, frame: u64, action: Action) -> Result<(), EngineError> {
        let mut range = self.plans[which as usize].ranges.frame(frame);
        let mut run = |engine: &mut CudaEngine| {
            engine.gpu.context.enter()?;
            engine.begin(frame, action)?;
            match &engine.graphs[which as usize] {
                Some(graph) => engine.frames.run(graph)?,
                None => {
                    let ranges = &engine.plans[which as usize].ranges;
                    engine.queue(which, |launch| range.group(ranges, launch))?;
                    range.end_groups();
                }
            }
            engine.finish()
        };
        run(self).map_err(self.failed(Some(frame)))?;
        self.check_refused(which, frame)?;
        self.header.remembered += 1;
        Ok(())
    }

    /// Brings back what the host needs and waits for it.
    fn finish(&mut self) -> Result<(), DriverError> {
        self.frames.download(&self.memory, self.layout.returned(), &mut self.returned)?;
        self.frames.wait()
    }

    /// The error of the first op that met a value which is not finite.
    fn check_refused(&self, which: Which, frame: u64) -> Result<(), EngineError> {
        let word = &self.returned.bytes()[self.layout.returned_refused()];
        let answer = u32::from_le_bytes(std::array::from_fn(|i| word[i]));
        if answer == 0 {
            return Ok(());
        }
        let node = &which.program(&self.model).nodes[(REFUSED_BASE - answer) as usize];
        Err(EngineError::NotFinite { frame, op: node.name.clone() })
    }

    /// Runs the frame's nodes one by one, each under the eyes of `observer`.
    fn run_observed(
        &mut self,
        frame: u64,
        action: Action,
        observer: &mut dyn Observer,
    ) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let fail = self.failed(Some(frame));
        let _range = self.plans[Which::Frame as usize].ranges.frame(frame);
        self.gpu.context.enter().map_err(&fail)?;
        self.begin(frame, action).map_err(&fail)?;
        self.frames.zero(&self.memory, self.layout.zeroed()).map_err(&fail)?;
        for (index, node) in model.frame.nodes.iter().enumerate() {
            for launch in &self.plans[Which::Frame as usize].apart[index] {
                self.launch(launch).map_err(&fail)?;
            }
            self.finish().map_err(&fail)?;
            self.check_refused(Which::Frame, frame)?;
            self.show(&model.frame, index, node, observer).map_err(&fail)?;
        }
        self.finish().map_err(&fail)?;
        self.header.remembered += 1;
        Ok(())
    }

    /// Shows what a node wrote, and takes back what the observer made of it.
    fn show(
        &self,
        program: &Program,
        index: usize,
        node: &Node,
        observer: &mut dyn Observer,
    ) -> Result<(), DriverError> {
        let start = |operand| self.layout.operand(program, operand);
        let mut outputs = Vec::with_capacity(node.writes.len());
        for operand in &node.writes {
            let mut bytes = vec![0; operand.len * operand.dtype.bytes()];
            self.transfers.get(&self.memory, start(operand), &mut bytes)?;
            outputs.push(bytes);
        }
        let seen = outputs.clone();
        let mut writes: Vec<&mut [u8]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        observer.after(index, node, &mut writes);
        for ((operand, bytes), seen) in node.writes.iter().zip(&outputs).zip(&seen) {
            if bytes != seen {
                self.transfers.put(bytes, &self.memory, start(operand))?;
            }
        }
        Ok(())
    }

    fn outputs(&self) -> Frame<'_> {
        let returned = self.returned.bytes();
        let sum = &returned[self.layout.returned_sum()];
        Frame {
            picture: &returned[self.layout.returned_picture()],
            state_sum: u64::from_le_bytes(std::array::from_fn(|i| sum[i])),
        }
    }

    /// First byte of a buffer that lasts.
    fn resident(&self, id: BufferId) -> usize {
        self.layout.resident(&self.model.frame, id)
    }

    /// Puts values into a buffer that lasts.
    fn put_resident(&self, id: BufferId, values: &[f32]) -> Result<(), DriverError> {
        self.transfers.put(bytemuck::cast_slice(values), &self.memory, self.resident(id))
    }

    /// Nanoseconds of one run of a node's launches by the GPU's own clock, `rounds` samples.
    fn time_node(
        &self,
        index: usize,
        rounds: usize,
        [before, after]: &[Event; 2],
    ) -> Result<Vec<u64>, DriverError> {
        let launches = &self.plans[Which::Frame as usize].apart[index];
        let graph = self.frames.capture(|| {
            let mut all = (0..TIMED_LAUNCHES).flat_map(|_| launches);
            all.try_for_each(|launch| self.launch(launch))
        })?;
        self.frames.run(&graph)?; // the first run of a graph also brings it to the GPU
        let rounds = (0..rounds).map(|_| {
            self.frames.record(before)?;
            self.frames.run(&graph)?;
            self.frames.record(after)?;
            self.frames.wait()?;
            let ns = f64::from(after.since_ms(before)?) * 1e6;
            Ok((ns / TIMED_LAUNCHES as f64) as u64)
        });
        rounds.collect()
    }
}

impl Engine for CudaEngine {
    fn describe(&self) -> Description {
        let Gpu { kernels, facts, .. } = &*self.gpu;
        let rows = [
            ("gpu", facts.name.clone()),
            ("compute capability", facts.capability_text()),
            ("multiprocessors", facts.multiprocessors.to_string()),
            ("driver cuda", facts.driver_cuda_text()),
            ("nvrtc", probe::dotted(kernels.compiler)),
            ("kernels for", format!("{}, {}", kernels.architecture, kernels.code.name())),
            ("lane", self.settings.lane.to_string()),
        ];
        Description {
            engine: self.gpu.device(),
            threads: 1,
            kernel_digest: kernels.digest,
            facts: rows.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let frames = start.frames(&model)?;
        self.header = Header { seed: start.seed, remembered: 0 };
        for prompt in frames {
            let placed = match (prompt.noise, model.given_noise) {
                (Some(noise), Some(id)) => self.put_resident(id, noise),
                _ => Ok(()),
            };
            placed
                .and_then(|()| self.put_resident(model.prompt_latent, prompt.latent))
                .map_err(self.failed(None))?;
            self.run(Which::Prompt, prompt.frame, prompt.action)?;
        }
        Ok(())
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        match observer {
            None => self.run(Which::Frame, frame, action)?,
            Some(observer) => match observer.digests() {
                Some(digests) => self.run_digested(frame, action, digests)?,
                None => self.run_observed(frame, action, observer)?,
            },
        }
        Ok(self.outputs())
    }

    fn time_ops(&mut self, rounds: usize) -> Result<Option<Vec<Vec<u64>>>, EngineError> {
        if self.gpu.facts.driver_cuda < ELAPSED_DRIVER_MIN {
            return Ok(None);
        }
        let time = || {
            self.gpu.context.enter()?;
            let events = [Event::new(&self.gpu.context)?, Event::new(&self.gpu.context)?];
            let nodes = 0..self.model.frame.nodes.len();
            nodes.map(|node| self.time_node(node, rounds, &events)).collect::<Result<_, _>>()
        };
        time().map(Some).map_err(self.failed(None))
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.header.write(bytes);
        for (ring, slot) in slots(&self.model, self.header.remembered) {
            let start = bytes.len();
            bytes.resize(start + slot.len(), 0);
            let from = self.resident(ring) + slot.start;
            let got = self.transfers.get(&self.memory, from, &mut bytes[start..]);
            got.map_err(self.failed(None))?;
        }
        Ok(())
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let (header, mut memory) = Header::read(bytes, &model)?;
        for (ring, slot) in slots(&model, header.remembered) {
            let (values, rest) = memory.split_at(slot.len());
            let to = self.resident(ring) + slot.start;
            self.transfers.put(values, &self.memory, to).map_err(self.failed(None))?;
            memory = rest;
        }
        self.header = header;
        Ok(())
    }
}

/// Takes all memory of an engine at once.
fn take_memory(gpu: &Gpu, bytes: usize, stream: &Stream) -> Result<DeviceMemory, EngineError> {
    let fail = failed(gpu.facts.ordinal, None);
    let (free_bytes, _) = gpu.context.memory().map_err(&fail)?;
    DeviceMemory::zeroed(&gpu.context, bytes, stream).map_err(|error| {
        if error.code != OUT_OF_MEMORY {
            return fail(error);
        }
        let (device, what) = (gpu.device(), error.to_string());
        EngineError::GpuMemory { device, free_bytes, needed_bytes: bytes, what }
    })
}

fn put_weights(
    model: &Model,
    layout: &Layout,
    memory: &DeviceMemory,
    stream: &Stream,
) -> Result<(), DriverError> {
    for (index, weight) in model.weights.iter().enumerate() {
        let bytes: &[u8] = match &weight.data {
            WeightData::I8(values) => bytemuck::cast_slice(values),
            WeightData::F32(values) => bytemuck::cast_slice(values),
        };
        stream.put(bytes, memory, layout.weight(index))?;
    }
    Ok(())
}

/// What an error of the driver means for an engine on GPU `ordinal`; nothing is allocated before
/// there is one.
fn failed(ordinal: u32, frame: Option<u64>) -> impl Fn(DriverError) -> EngineError {
    move |error| {
        let (device, what) = (device_name(ordinal), error.to_string());
        EngineError::Gpu { device, frame, what }
    }
}
