//! Instruction sets: which one runs, and how one source becomes code for each.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avxvnni;
mod dispatch;
#[cfg(target_arch = "x86_64")]
mod eight;
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
mod products;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_macros, unused_imports))]
mod tile;

pub use dispatch::Isa;
pub(in crate::engine::cpu) use dispatch::{Level, kernel};
pub(in crate::engine::cpu) use products::ProductLayout;
pub(in crate::engine::cpu) use tile::{Panel, Path, Rows};
