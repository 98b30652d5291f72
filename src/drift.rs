//! Where two runs part: which frame, which op, by how much, on which machines.

mod elements;
mod explain;
mod growth;
mod local;
mod machines;
mod ops;
mod pair;
mod picture;
mod plays;
mod rewind;
mod settings;
mod shape;
mod side;
mod stop;
mod strip;
mod taps;
mod ways;

pub use elements::{ElementDifference, ValueDifference, value_difference};
pub use explain::{Cause, Explanation, OpFound};
pub use growth::{Growth, growth};
pub use local::Local;
pub use machines::{Fact, machine_differences};
pub use ops::{Inputs, OpsCompared};
pub use pair::{Pair, Search, Tick, Walk};
pub use picture::{PictureDifference, heat_map, picture_difference};
pub use plays::{Divergence, Play, compare};
pub use rewind::{KEPT_BYTES_MAX, Rewind, RewindError, Seen};
pub use settings::setting_differences;
pub use side::{Side, SideError};
pub use stop::{Stop, Stopped, Who};
pub use strip::{Mark, mark, marks, strip};
pub use taps::{Keep, Tap, Tapped, Taps, state_digest, tap_digest, tap_name};
pub use ways::{Deciding, Way, closest, deciding};
