//! Instruction sets: which one runs, and how one source becomes code for each.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avxvnni;
mod dispatch;
mod products;
mod tile;

pub use dispatch::Isa;
pub(in crate::engine::cpu) use dispatch::{Level, kernel};
pub(in crate::engine::cpu) use products::ProductLayout;
pub(in crate::engine::cpu) use tile::{Panel, Rows, Walk};
