//! What is seen of a frame: its pictures, and where they differ.

use super::album::Print;
use super::desk::Desk;
use crate::drift::{PictureDifference, heat_map, picture_difference};

/// How two pictures differ.
#[derive(Clone, Debug)]
pub struct Contrast {
    /// By how much.
    pub difference: PictureDifference,
    /// Where, as RGB u8 rows.
    pub heat: Vec<u8>,
}

/// The frame on the screen.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    frame: u64,
    first: Option<Print>,
    second: Option<Print>,
    contrast: Option<Contrast>,
}

impl Scene {
    /// Fetches what the desk has of `frame`; what was seen before stays until the first side has
    /// it. Says whether anything is new.
    pub fn refresh(&mut self, desk: &Desk, frame: u64) -> bool {
        let mut is_new = false;
        if !self.shows(frame) {
            let Some(first) = desk.look(0, frame) else { return false };
            *self = Scene { frame, first: Some(first), ..Scene::default() };
            is_new = true;
        }
        if self.second.is_none() {
            self.second = desk.look(1, frame);
            is_new |= self.second.is_some();
            self.contrast = self.contrasted();
        }
        is_new
    }

    /// Is this the frame, and was it made?
    pub fn shows(&self, frame: u64) -> bool {
        self.first.is_some() && self.frame == frame
    }

    /// The frame that is shown; 0 before there is one.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// What a side made of it.
    pub fn print(&self, side: usize) -> Option<&Print> {
        [&self.first, &self.second].into_iter().nth(side)?.as_ref()
    }

    /// How the pictures of the two sides differ, once both are there.
    pub fn contrast(&self) -> Option<&Contrast> {
        self.contrast.as_ref()
    }

    fn contrasted(&self) -> Option<Contrast> {
        let (first, second) = (&self.first.as_ref()?.pixels, &self.second.as_ref()?.pixels);
        let difference = picture_difference(first, second);
        Some(Contrast { difference, heat: heat_map(first, second) })
    }
}
