//! Where two runs part: which frame, how far apart their pictures are, on which machines.

mod machines;
mod picture;
mod plays;
mod rewind;
mod strip;

pub use machines::{Fact, machine_differences};
pub use picture::{PictureDifference, heat_map, picture_difference};
pub use plays::{Divergence, Play, compare};
pub use rewind::{KEPT_BYTES_MAX, Rewind, RewindError, Seen};
pub use strip::{Mark, mark, marks, strip};
