//! What stays the same while a tape is viewed.

use crate::drift::Fact;
use crate::event::Action;

/// The tape, as the screen tells of it. All texts are without control characters.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The tape's name.
    pub tape: String,
    /// The world's buttons.
    pub buttons: Vec<String>,
    /// Width and height of a picture in pixels.
    pub picture: (usize, usize),
    /// The world's own rate, in thousandths of frames a second.
    pub rate_milli: u64,
    /// The action of each frame.
    pub actions: Vec<Action>,
    /// When each frame began, in microseconds of the session.
    pub times_us: Vec<u64>,
    /// Frames and what was noted of them, in order.
    pub notes: Vec<(u64, String)>,
    /// Who makes the frames: one side or two.
    pub sides: Vec<SideName>,
    /// What the machines are called and how they differ.
    pub machines: Vec<Machines>,
    /// What ends the tape early, where something does.
    pub ending: Option<String>,
    /// How to see the other side, where there is none.
    pub against: Option<String>,
    /// The command that names the first op, up to the frame and after it.
    pub explain: (String, String),
}

/// A side, by name.
#[derive(Clone, Debug, Default)]
pub struct SideName {
    /// Who makes it: `cpu, 2 threads, avx512`, or of which tape it is.
    pub name: String,
    /// The same in a word: `cpu`.
    pub short: String,
    /// Does a tape say what must come out? Another arithmetic never gives the same bits.
    pub is_checked: bool,
}

/// Two machines.
#[derive(Clone, Debug, Default)]
pub struct Machines {
    /// Which they are.
    pub title: String,
    /// What differs.
    pub facts: Vec<Fact>,
}
