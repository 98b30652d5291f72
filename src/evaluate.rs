//! How good a world is: measures of pictures, and the gates that a world passes or fails.
//!
//! Pure: held-out data comes in as bytes, engines come in made, results go out as numbers. The
//! definitions are in `formats/evaluation.md`, the data in `formats/heldout.md`.

mod actions;
mod counts;
mod error;
mod flash;
mod gate;
mod gates;
mod heldout;
mod picture;
mod player;
#[cfg(test)]
mod scene;
mod shift;
mod zoom;

pub use actions::{Steady, random, scripted};
pub use counts::Counts;
pub use error::{EvaluateError, HeldOutError};
pub use flash::flash;
pub use gate::{ELSEWHERE, Gate, Group, Spec};
pub use gates::{Hand, Strip, Trial, measure, planned_frames};
pub use heldout::{DATA_BYTES_MAX, FORMAT, HeldOut, METADATA_KEY, Plays};
pub use picture::{Picture, correlation, psnr};
pub use player::Player;
pub use shift::Shifts;
pub use zoom::zoom;
