//! A whole model: its weights and the programs that run on one arena.

use super::buffer::{Buffer, BufferId, Dtype, Operand, Place, WeightId};
use super::op::Op;
use super::planner::Layout;
use super::split::Group;

/// One step of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique within its program, such as `pass0.block3.space.qkv`.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// What it reads, in the order of [`Op::signature`]. No two operands of a node share an element
    /// of the arena.
    pub reads: Vec<Operand>,
    /// What it writes, in the order of [`Op::signature`]. No write overlaps a read.
    pub writes: Vec<Operand>,
}

/// What the outside takes from a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// RGB u8 rows of the picture.
    pub picture: Operand,
    /// One u64.
    pub state_sum: Operand,
}

/// A fixed list of nodes, run in order, over a planned arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Resident buffers first, then this program's scratch.
    pub buffers: Vec<Buffer>,
    /// The steps.
    pub nodes: Vec<Node>,
    /// The steps again, in runs that may walk their rows together.
    pub groups: Vec<Group>,
    /// Where each buffer lies.
    pub layout: Layout,
    /// What is read back; none for a program that only fills the memory.
    pub outputs: Option<Outputs>,
}

impl Program {
    /// Byte range of an arena operand; `None` for a weight.
    pub fn byte_range(&self, operand: &Operand) -> Option<std::ops::Range<usize>> {
        let Place::Arena(BufferId(id)) = operand.place else {
            return None;
        };
        let start = self.layout.offsets[id as usize] + operand.offset * operand.dtype.bytes();
        Some(start..start + operand.len * operand.dtype.bytes())
    }
}

/// The values of one weight.
#[derive(Clone, Debug, PartialEq)]
pub enum WeightData {
    /// Quantised, each in -127..=127.
    I8(Vec<i8>),
    /// Float.
    F32(Vec<f32>),
}

impl WeightData {
    /// Elements.
    pub fn len(&self) -> usize {
        match self {
            WeightData::I8(values) => values.len(),
            WeightData::F32(values) => values.len(),
        }
    }

    /// No element?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What one element is.
    pub fn dtype(&self) -> Dtype {
        match self {
            WeightData::I8(_) => Dtype::I8,
            WeightData::F32(_) => Dtype::F32,
        }
    }
}

/// One named weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Its name in the world file.
    pub name: String,
    /// Its values, row after row.
    pub data: WeightData,
}

/// Which numbers a model's products are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// int8 weights: any engine runs it, to the same bits.
    Quantised,
    /// Float weights: the reference engine alone runs it, for comparison.
    Float,
}

/// Everything an engine needs to run a world.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Quantised or float products.
    pub precision: Precision,
    /// All weights; operands refer to them by index.
    pub weights: Vec<Weight>,
    /// Buffers that last, first in every program's list.
    pub residents: Vec<Buffer>,
    /// The rings among them that [`Op::Remember`] writes: keys, then values, of each block.
    pub memory: Vec<BufferId>,
    /// Frames the memory holds.
    pub window: usize,
    /// Where a prompt's latent goes before [`Model::prompt`] runs.
    pub prompt_latent: BufferId,
    /// Where a given noise goes, in a model built to take its noise from outside.
    pub given_noise: Option<BufferId>,
    /// Fills the memory with one prompt frame.
    pub prompt: Program,
    /// Makes one frame: all passes, the decoder, the picture, the state sum.
    pub frame: Program,
}

impl Model {
    /// Bytes of the arena that holds either program.
    pub fn arena_bytes(&self) -> usize {
        self.prompt.layout.bytes.max(self.frame.layout.bytes)
    }

    /// The weight behind an operand, if it is one.
    pub fn weight(&self, operand: &Operand) -> Option<&Weight> {
        match operand.place {
            Place::Weight(WeightId(id)) => Some(&self.weights[id as usize]),
            Place::Arena(_) => None,
        }
    }
}
