//! A frame whose outputs are all digested on the GPU: the same launches over an arena in which no
//! two buffers share bytes, so that everything that was written is still there at the end.

use super::super::which::Which;
use super::device::{DeviceMemory, Graph, Pinned};
use super::kernels::{Launch, Places, Plan, Planner, Span, Trees, VALUE_BYTES};
use super::{CudaEngine, DriverError, take_memory};
use crate::engine::{Digests, EngineError, written};
use crate::event::{Action, Digest};
use crate::program::{Buffer, BufferId, Operand, Place, Program};
use std::ops::Range;

/// Each part of the memory begins at a multiple of this many bytes.
const ALIGNMENT: usize = 256;

/// What digests a frame's outputs. It is made for the first frame that asks for them: who only
/// plays does not pay for it.
pub(super) struct Watch {
    graph: Option<Graph>,
    /// The frame, then its digests.
    launches: Vec<Launch>,
    outputs: Vec<Output>,
    spans: Pinned,
    digests: Pinned,
    layout: Layout,
    memory: DeviceMemory,
}

/// What one op wrote, and where.
struct Output {
    node: usize,
    /// Which of its writes.
    index: usize,
    /// In the memory of the watch; else in the engine's.
    is_own: bool,
    /// First byte there.
    start: usize,
    bytes: usize,
}

/// Where everything lies in the memory of the watch.
struct Layout {
    /// First byte of each buffer of the frame; 0 for one that lasts, which is in the engine's.
    buffers: Vec<usize>,
    spans: Range<usize>,
    firsts: usize,
    values: [usize; 2],
    digests: Range<usize>,
    bytes: usize,
}

impl Layout {
    fn new(program: &Program, trees: &Trees, outputs: usize) -> Layout {
        let mut end = 0;
        let mut take = |bytes: usize| {
            let start = end;
            end += bytes.next_multiple_of(ALIGNMENT);
            start
        };
        let mut place = |buffer: &Buffer| match buffer.resident {
            true => 0,
            false => take(buffer.bytes()),
        };
        let buffers = program.buffers.iter().map(&mut place).collect();
        let spans = take(outputs * size_of::<Span>());
        let firsts = take(size_of_val(&trees.firsts()[..]));
        let values = [0, 1].map(|_| take(trees.values_bytes()));
        let digests = take(outputs * VALUE_BYTES);
        Layout {
            buffers,
            spans: spans..spans + outputs * size_of::<Span>(),
            firsts,
            values,
            digests: digests..digests + outputs * VALUE_BYTES,
            bytes: end,
        }
    }
}

impl Watch {
    fn new(engine: &CudaEngine) -> Result<Watch, EngineError> {
        let fail = engine.failed(None);
        let program = &engine.model.frame;
        let sizes: Vec<usize> = program
            .nodes
            .iter()
            .flat_map(|node| node.writes.iter().map(|write| (&node.op, bytes_of(write))))
            .map(|(op, bytes)| written(op, bytes, 0).len())
            .collect();
        let trees = Trees::new(&sizes);
        let layout = Layout::new(program, &trees, sizes.len());
        let memory = take_memory(&engine.gpu, layout.bytes, &engine.transfers)?;
        let firsts = trees.firsts();
        let firsts: &[u8] = bytemuck::cast_slice(&firsts);
        engine.transfers.put(firsts, &memory, layout.firsts).map_err(&fail)?;
        let spans = Pinned::zeroed(&engine.gpu.context, layout.spans.len()).map_err(&fail)?;
        let digests = Pinned::zeroed(&engine.gpu.context, layout.digests.len()).map_err(&fail)?;
        let launches = launches(engine, &layout, &memory, &trees);
        let outputs = outputs(engine, &layout);
        let mut watch = Watch { graph: None, launches, outputs, spans, digests, layout, memory };
        if engine.settings.graph {
            let graph = engine.frames.capture(|| watch.queue(engine)).map_err(&fail)?;
            watch.graph = Some(graph);
        }
        Ok(watch)
    }

    /// Queues the frame and its digests launch by launch.
    fn queue(&self, engine: &CudaEngine) -> Result<(), DriverError> {
        engine.frames.zero(&engine.memory, engine.layout.zeroed())?;
        self.launches.iter().try_for_each(|launch| engine.launch(launch))
    }

    /// Says what of each output the frame after `remembered` frames writes, and where.
    fn place_spans(&mut self, engine: &CudaEngine, remembered: u64) {
        let (own, engines) = (self.memory.address(), engine.memory.address());
        let places = self.spans.bytes_mut().chunks_exact_mut(size_of::<Span>());
        for (place, output) in places.zip(&self.outputs) {
            let range = output.range(engine, remembered);
            let memory = if output.is_own { own } else { engines };
            let start = memory + range.start as u64;
            let span = Span { start, bytes: range.len() as u64 };
            place.copy_from_slice(bytemuck::bytes_of(&span));
        }
    }
}

impl Output {
    /// What the op itself writes, in its memory.
    fn range(&self, engine: &CudaEngine, remembered: u64) -> Range<usize> {
        let node = &engine.model.frame.nodes[self.node];
        let range = written(&node.op, self.bytes, remembered);
        self.start + range.start..self.start + range.end
    }
}

/// The frame over an arena of its own, then the digests of what it wrote.
fn launches(
    engine: &CudaEngine,
    layout: &Layout,
    memory: &DeviceMemory,
    trees: &Trees,
) -> Vec<Launch> {
    let (base, own) = (engine.memory.address(), memory.address());
    let mut program = engine.model.frame.clone();
    let shift = engine.layout.arena_offset(base, own);
    let buffers = program.layout.offsets.iter_mut().zip(&program.buffers).zip(&layout.buffers);
    for ((offset, _), start) in buffers.filter(|((_, buffer), _)| !buffer.resident) {
        *offset = shift.wrapping_add(*start);
    }
    let at = |start: usize| own + start as u64;
    let places = Places {
        spans: at(layout.spans.start),
        firsts: at(layout.firsts),
        values: layout.values.map(at),
        digests: at(layout.digests.start),
    };
    let planner = Planner {
        kernels: &engine.gpu.kernels,
        layout: &engine.layout,
        base,
        settings: engine.settings,
    };
    let mut launches = Plan::new(&program, &planner).together;
    launches.extend(trees.launches(&planner, &places));
    launches
}

/// Every output, in the order in which the nodes run.
fn outputs(engine: &CudaEngine, layout: &Layout) -> Vec<Output> {
    let program = &engine.model.frame;
    let mut outputs = Vec::new();
    for (node, whose) in program.nodes.iter().enumerate() {
        for (index, write) in whose.writes.iter().enumerate() {
            let in_engine = engine.layout.operand(program, write);
            let own = match write.place {
                Place::Arena(id) if !is_in_engine(engine, id) => {
                    Some(layout.buffers[id.0 as usize])
                }
                _ => None,
            };
            outputs.push(Output {
                node,
                index,
                is_own: own.is_some(),
                start: own.map_or(in_engine, |start| start + write.offset * write.dtype.bytes()),
                bytes: bytes_of(write),
            });
        }
    }
    outputs
}

fn bytes_of(operand: &Operand) -> usize {
    operand.len * operand.dtype.bytes()
}

/// Does a buffer last, or does it come back after each frame?
fn is_in_engine(engine: &CudaEngine, id: BufferId) -> bool {
    let program = &engine.model.frame;
    program.buffers[id.0 as usize].resident || engine.layout.is_output(program, id)
}

impl CudaEngine {
    /// Makes a frame and tells `digests` of every output.
    pub(super) fn run_digested(
        &mut self,
        frame: u64,
        action: Action,
        digests: &mut dyn Digests,
    ) -> Result<(), EngineError> {
        let mut watch = match self.watch.take() {
            Some(watch) => watch,
            None => Box::new(Watch::new(self)?),
        };
        let remembered = self.header.remembered;
        let made = self.run_watched(&mut watch, frame, action);
        let told = made.and_then(|()| self.tell(&watch, remembered, frame, digests));
        self.watch = Some(watch);
        told
    }

    fn run_watched(
        &mut self,
        watch: &mut Watch,
        frame: u64,
        action: Action,
    ) -> Result<(), EngineError> {
        watch.place_spans(self, self.header.remembered);
        let mut run = |engine: &mut CudaEngine| {
            engine.gpu.context.enter()?;
            engine.begin(frame, action)?;
            let Layout { spans, digests, .. } = &watch.layout;
            engine.frames.upload(&watch.spans, &watch.memory, spans.clone())?;
            match &watch.graph {
                Some(graph) => engine.frames.run(graph)?,
                None => watch.queue(engine)?,
            }
            engine.frames.download(&watch.memory, digests.clone(), &mut watch.digests)?;
            engine.finish()
        };
        run(self).map_err(self.failed(Some(frame)))?;
        self.check_refused(Which::Frame, frame)?;
        self.header.remembered += 1;
        Ok(())
    }

    /// Tells the digests that came back, and fetches the bytes that are wanted.
    fn tell(
        &self,
        watch: &Watch,
        remembered: u64,
        frame: u64,
        digests: &mut dyn Digests,
    ) -> Result<(), EngineError> {
        let found = watch.digests.bytes().chunks_exact(VALUE_BYTES);
        for (output, found) in watch.outputs.iter().zip(found) {
            let node = &self.model.frame.nodes[output.node];
            let range = output.range(self, remembered);
            let bytes = match digests.wants(node, output.index) {
                true => {
                    let mut bytes = vec![0; range.len()];
                    let memory = if output.is_own { &watch.memory } else { &self.memory };
                    let got = self.transfers.get(memory, range.start, &mut bytes);
                    got.map_err(self.failed(Some(frame)))?;
                    Some(bytes)
                }
                false => None,
            };
            let digest = Digest(std::array::from_fn(|i| found[i]));
            digests.digested(node, output.index, range.len(), digest, bytes.as_deref());
        }
        Ok(())
    }
}
