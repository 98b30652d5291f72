//! What can be wrong with a world file, with numbers.

use thiserror::Error;

/// Why a world is refused.
#[derive(Debug, Error, PartialEq)]
pub enum WorldError {
    /// The file is larger than any world may be.
    #[error("the world file has {found} bytes; at most {limit} are read")]
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
    /// Safetensors, but no manifest of ours in its metadata.
    #[error(
        "the safetensors file has no \"{key}\" entry in its metadata: it is not a packed world"
    )]
    NoManifest {
        /// The metadata key that was looked for.
        key: &'static str,
    },
    /// The manifest's JSON does not read.
    #[error("the manifest does not read: {what}")]
    Manifest {
        /// Where and why.
        what: String,
    },
    /// A value of the manifest is outside its range.
    #[error("manifest: {field} is {found}, must be {allowed}")]
    OutOfRange {
        /// Which field.
        field: String,
        /// Its value.
        found: String,
        /// What it may be.
        allowed: String,
    },
    /// The world was made for another arithmetic.
    #[error("the world is of arithmetic {found}; this build computes {expected}")]
    Arithmetic {
        /// The world's.
        found: String,
        /// Ours.
        expected: &'static str,
    },
    /// A tensor that the manifest's shapes need is not there.
    #[error("tensor {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor that the manifest's shapes do not know.
    #[error("tensor {name} is not part of a world of this shape")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A tensor of another type or shape than the manifest promises.
    #[error("tensor {name} is {found}, the manifest makes it {expected}")]
    Shape {
        /// Its name.
        name: String,
        /// Type and shape in the file.
        found: String,
        /// Type and shape that the manifest's numbers ask for.
        expected: String,
    },
    /// A value that exact-1 does not allow.
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
    /// A choice that the world does not offer.
    #[error("the world has no {what} {found}; it has {offered}")]
    NoSuch {
        /// What was asked for: a prompt, a number of passes, a button.
        what: &'static str,
        /// The value asked for.
        found: String,
        /// What there is.
        offered: String,
    },
}
