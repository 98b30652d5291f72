//! What stays the same through a session.

use crate::input::Commands;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What the screen says of a session, whatever the frame.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The tape's name and its bytes so far; `None` where nothing is recorded.
    pub tape: Option<(String, Arc<AtomicU64>)>,
    /// The world's buttons, and the keys of each.
    pub buttons: Vec<(String, String)>,
    /// Keys of the program.
    pub commands: Commands,
    /// Does the terminal tell of releases?
    pub has_releases: bool,
    /// Engine, threads, instruction set.
    pub device: String,
    /// The world's own rate.
    pub frames_per_second: u32,
    /// Width and height of a picture in pixels.
    pub picture: (usize, usize),
}

/// Bytes for people, rounded down: `999 B`, `12 kB`, `3.4 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [999, 1_000, 999_999, 1_000_000, 123_456_789].map(size);
        assert_eq!(sizes, ["999 B", "1 kB", "999 kB", "1.0 MB", "123.4 MB"]);
    }
}
