//! Instruction sets: which one runs, and how one source becomes code for each.

mod dispatch;

pub use dispatch::Isa;
pub(in crate::engine::cpu) use dispatch::{Level, kernel};
