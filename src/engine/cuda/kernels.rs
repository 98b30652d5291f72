//! From ops to launches: which kernel, how many blocks, and the one struct that it is given.

mod attention;
mod digests;
mod places;
mod products;
mod rows;
mod sources;
mod sums;

pub(super) use digests::{Places, Span, Trees, VALUE_BYTES};

use super::super::EngineError;
use super::super::ranges::Ranges;
use super::arena::Layout;
use super::compile::Kernels;
use super::device::Kernel;
use super::settings::Settings;
use crate::program::{Model, Node, Op, Program};
use bytemuck::Pod;

/// Threads of a block where nothing else decides.
const THREADS: u32 = 256;

/// Most blocks of a launch; kernels go round where there is more work.
const BLOCKS_MAX: u64 = 1 << 20;

/// Most elements of an operand: kernels count in 32 bits, with room for a grid's step.
const ELEMENTS_MAX: usize = 1 << 30;

/// One kernel launch.
pub(super) struct Launch {
    /// What runs.
    pub(super) kernel: Kernel,
    /// Blocks and threads of a block.
    pub(super) grid: (u32, u32),
    /// The kernel's one parameter.
    pub(super) parameter: Vec<u8>,
}

/// The launches of a program.
pub(super) struct Plan {
    /// Of all nodes, neighbours together where they can be.
    pub(super) together: Vec<Launch>,
    /// Of each node by itself.
    pub(super) apart: Vec<Vec<Launch>>,
    /// Names for profilers, of `together`.
    pub(super) ranges: Ranges,
}

impl Plan {
    /// Plans a program.
    pub(super) fn new(program: &Program, planner: &Planner<'_>) -> Plan {
        let site = |index| Site { planner, program, index };
        let apart = (0..program.nodes.len()).map(|index| site(index).launches()).collect();
        let (mut together, mut nodes) = (Vec::new(), Vec::new());
        for group in &program.groups {
            let mut index = group.nodes.start;
            while index < group.nodes.end {
                let run = rows::run(program, index..group.nodes.end);
                if run.len() > 1 {
                    together.push(site(index).walk(run.clone()));
                } else {
                    together.extend(site(index).launches());
                }
                let next = index + run.len().max(1);
                nodes.resize(together.len(), index..next);
                index = next;
            }
        }
        let ranges = Ranges::new(program, nodes.into_iter());
        Plan { together, apart, ranges }
    }
}

/// What all launches are made with.
pub(super) struct Planner<'a> {
    /// The kernels.
    pub(super) kernels: &'a Kernels,
    /// Where things lie.
    pub(super) layout: &'a Layout,
    /// First byte of the memory, as kernels see it.
    pub(super) base: u64,
    /// Lane and grid.
    pub(super) settings: Settings,
}

impl Planner<'_> {
    /// A launch of `blocks` blocks, or as many as are allowed.
    fn launch(&self, kernel: &str, blocks: u64, threads: u32, parameter: &impl Pod) -> Launch {
        let most = self.settings.blocks_max.map_or(BLOCKS_MAX, u64::from);
        Launch {
            kernel: self.kernels.named(kernel),
            grid: (blocks.min(most).max(1) as u32, threads),
            parameter: bytemuck::bytes_of(parameter).to_vec(),
        }
    }

    /// A launch of one thread for each of `items`.
    fn launch_items(&self, kernel: &str, items: usize, parameter: &impl Pod) -> Launch {
        let blocks = items.div_ceil(THREADS as usize) as u64;
        self.launch(kernel, blocks, THREADS, parameter)
    }
}

/// One node, and what its launch is made with.
#[derive(Clone, Copy)]
struct Site<'a> {
    planner: &'a Planner<'a>,
    program: &'a Program,
    index: usize,
}

impl<'a> Site<'a> {
    fn node(&self) -> &'a Node {
        &self.program.nodes[self.index]
    }

    /// Address of read `i`.
    fn read(&self, i: usize) -> u64 {
        self.at(self.planner.layout.operand(self.program, &self.node().reads[i]))
    }

    /// Address of write `i`.
    fn write(&self, i: usize) -> u64 {
        self.at(self.planner.layout.operand(self.program, &self.node().writes[i]))
    }

    fn moment(&self) -> u64 {
        self.at(self.planner.layout.moment().start)
    }

    fn refused(&self) -> u64 {
        self.at(self.planner.layout.refused())
    }

    fn at(&self, offset: usize) -> u64 {
        self.planner.base.wrapping_add(offset as u64)
    }

    fn launch(&self, kernel: &str, blocks: u64, threads: u32, parameter: &impl Pod) -> Launch {
        self.planner.launch(kernel, blocks, threads, parameter)
    }

    fn launch_items(&self, kernel: &str, items: usize, parameter: &impl Pod) -> Launch {
        self.planner.launch_items(kernel, items, parameter)
    }

    /// The node by itself.
    fn launches(&self) -> Vec<Launch> {
        match self.node().op {
            Op::Noise { .. } | Op::Buttons { .. } | Op::TimeEmbedding { .. } => {
                vec![self.begin()]
            }
            Op::Permute { shape, axes } => vec![self.permute(shape, axes)],
            Op::ToPicture { count } => vec![self.colours(count)],
            Op::Quantise { rows, columns } if rows::is_long(rows, columns) => {
                self.quantise_long_row(columns)
            }
            Op::Linear { .. } | Op::Convolution { .. } => vec![self.product()],
            Op::Attention { .. } | Op::TemporalAttention { .. } => vec![self.attention()],
            Op::Remember { count, .. } => vec![self.remember(count)],
            Op::BitSum { .. } | Op::TotalSum { .. } => vec![self.sum()],
            Op::Add { .. }
            | Op::Silu { .. }
            | Op::Gelu { .. }
            | Op::Euler { .. }
            | Op::MixNoise { .. }
            | Op::Quantise { .. }
            | Op::LayerNorm { .. }
            | Op::Modulate { .. }
            | Op::GatedAdd { .. }
            | Op::PixelNorm { .. }
            | Op::ScaleShift { .. }
            | Op::SplitHeads { .. } => vec![self.walk(self.index..self.index + 1)],
        }
    }
}

/// Refuses a model with an operand that kernels cannot count.
pub(super) fn check_sizes(model: &Model) -> Result<(), EngineError> {
    for node in model.prompt.nodes.iter().chain(&model.frame.nodes) {
        let most = node.reads.iter().chain(&node.writes).map(|operand| operand.len).max();
        if let Some(elements) = most.filter(|&elements| elements > ELEMENTS_MAX) {
            let (op, elements_max) = (node.name.clone(), ELEMENTS_MAX);
            return Err(EngineError::TooLarge { op, elements, elements_max });
        }
    }
    Ok(())
}
