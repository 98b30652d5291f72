//! How much of each gate is measured.

use serde::Serialize;

/// How much is measured. Every gate says with its value how many it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Places of the held-out play that short plays start from, for each gate and each button.
    pub starts: usize,
    /// Frames of each play of the stability gates.
    pub frames: u64,
}

impl Counts {
    /// The counts that the aims of a shipped world are stated for.
    pub const FULL: Counts = Counts { starts: 500, frames: 5000 };

    /// Long plays of the sharpness gate: one for every 25 starts, at least two.
    pub fn long_plays(&self) -> usize {
        self.starts.div_ceil(25).max(2)
    }
}
