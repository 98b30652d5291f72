//! A world: weights and manifest in one file, and the programs built from them.

mod doom;
mod error;
mod file;
mod manifest;
mod pack;

pub use doom::{NoiseFrom, build, build_decoder};
pub use error::WorldError;
pub use file::{FILE_BYTES_MAX, HEADER_BYTES_MAX, MANIFEST_KEY, World, manifest_in};
pub use manifest::{
    ARCHITECTURE, ActionName, FORMAT, Manifest, PictureSize, PromptInfo, Schedule, Shape,
};
pub use pack::{Kind, TensorSpec, pack, required_tensors};
