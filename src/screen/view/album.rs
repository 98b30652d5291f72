//! Frames that were made, for as long as there is room: those nearest to the viewer stay.

use crate::event::Outcome;
use std::collections::BTreeMap;

/// A frame as it was made here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Print {
    /// What came of it.
    pub outcome: Outcome,
    /// RGB u8 rows.
    pub pixels: Vec<u8>,
}

/// Prints of the frames of one side.
#[derive(Debug)]
pub struct Album {
    prints: BTreeMap<u64, Print>,
    prints_max: usize,
}

impl Album {
    /// Room for `prints_max` prints, one at least.
    pub fn new(prints_max: usize) -> Album {
        Album { prints: BTreeMap::new(), prints_max: prints_max.max(1) }
    }

    /// The print of a frame.
    pub fn get(&self, frame: u64) -> Option<&Print> {
        self.prints.get(&frame)
    }

    /// Is there a print of it?
    pub fn holds(&self, frame: u64) -> bool {
        self.prints.contains_key(&frame)
    }

    /// How many frames on each side of one there is surely room for.
    pub fn reach(&self) -> u64 {
        (self.prints_max as u64 - 1) / 2
    }

    /// Keeps a print of `frame`, unless there is no room and it is the farthest from frame `near`.
    pub fn put(&mut self, frame: u64, outcome: Outcome, pixels: &[u8], near: u64) {
        if self.holds(frame) {
            return;
        }
        if self.prints.len() == self.prints_max {
            let farthest = self.farthest(near);
            if farthest.abs_diff(near) <= frame.abs_diff(near) {
                return;
            }
            self.prints.remove(&farthest);
        }
        self.prints.insert(frame, Print { outcome, pixels: pixels.to_vec() });
    }

    /// The frame farthest from `near`; itself in an empty album.
    fn farthest(&self, near: u64) -> u64 {
        let ends = [self.prints.first_key_value(), self.prints.last_key_value()];
        let frames = ends.into_iter().flatten().map(|(frame, _)| *frame);
        frames.max_by_key(|frame| frame.abs_diff(near)).unwrap_or(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(album: &mut Album, frame: u64, near: u64) {
        album.put(frame, Outcome::default(), &[frame as u8; 10], near);
    }

    #[test]
    fn the_frames_around_the_viewer_stay() {
        let mut album = Album::new(5);
        (0..100).for_each(|frame| put(&mut album, frame, 50));
        let held: Vec<u64> = (0..100).filter(|frame| album.holds(*frame)).collect();
        assert_eq!(held, [48, 49, 50, 51, 52]);
        assert_eq!((album.reach(), &album.get(50).expect("held").pixels[..]), (2, &[50; 10][..]));
    }

    #[test]
    fn the_frame_that_is_looked_at_is_kept_however_small_the_album_is() {
        let mut album = Album::new(0);
        put(&mut album, 7, 7);
        put(&mut album, 8, 7);
        assert!(album.holds(7) && !album.holds(8));
        put(&mut album, 9, 9);
        assert!(album.holds(9) && !album.holds(7));
    }
}
