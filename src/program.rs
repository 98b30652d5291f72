//! A world as data: named ops over buffers that are planned before the first frame runs.

mod buffer;
mod builder;
mod model;
mod op;
mod planner;
mod split;

pub use buffer::{Buffer, BufferId, Dtype, Operand, Place, WeightId};
pub use builder::{ModelBuilder, ProgramBuilder};
pub use model::{Model, Node, Outputs, Precision, Program, Weight, WeightData};
pub use op::{Op, RANK, Signature};
pub use planner::{ALIGNMENT, Layout, Lifetime, plan};
pub use split::{Group, SPLIT_OPERANDS_MAX, Split, WHOLE_OPERANDS_MAX};

/// Most nodes a program may have; a manifest that asks for more is refused.
pub const NODES_MAX: usize = 65_536;

/// Most reads or writes of one node.
pub const OPERANDS_MAX: usize = 8;
