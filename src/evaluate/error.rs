//! What can be wrong with held-out data, and what keeps a gate from being measured.

use crate::engine::EngineError;
use thiserror::Error;

/// Why a held-out file is refused.
#[derive(Debug, Error, PartialEq)]
pub enum HeldOutError {
    /// The file is larger than any that is read.
    #[error("the held-out file has {found} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes of the file.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Not safetensors at all, or cut short.
    #[error("not a whole safetensors file ({what}); the file has {bytes} bytes")]
    NotSafetensors {
        /// What the reader met.
        what: String,
        /// Bytes of the file.
        bytes: u64,
    },
    /// No description in the metadata.
    #[error("the safetensors file has no \"{key}\" entry in its metadata: it is no held-out data")]
    NoDescription {
        /// The metadata key that was looked for.
        key: &'static str,
    },
    /// The description's JSON does not read.
    #[error("the description in the metadata does not read: {what}")]
    Description {
        /// Where and why.
        what: String,
    },
    /// A field of the description that is not the world's.
    #[error("the held-out data's {field} is {found}; the world's is {expected}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What this build or the world has.
        expected: String,
    },
    /// A tensor that is not there.
    #[error("tensor {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor of another type or shape.
    #[error("tensor {name} is {found}; it must be {expected}")]
    Shape {
        /// Its name.
        name: String,
        /// Type and shape in the file.
        found: String,
        /// Type and shape that it must have.
        expected: String,
    },
    /// A value that means nothing.
    #[error("tensor {name}: element {index} is {found}, {allowed}")]
    Value {
        /// The tensor.
        name: String,
        /// Which element, counted from 0.
        index: usize,
        /// The value.
        found: String,
        /// What it may be.
        allowed: &'static str,
    },
}

/// What keeps a gate from being measured.
#[derive(Debug, Error, PartialEq)]
pub enum EvaluateError {
    /// The engine stopped.
    #[error("{place}: {source}")]
    Engine {
        /// What was made.
        place: String,
        /// What the engine says.
        source: EngineError,
    },
    /// The data or the world lacks what the gate is measured on.
    #[error("{0}")]
    Lacks(String),
}
