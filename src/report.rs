//! One self-contained page about a tape: data in, HTML out.
//!
//! [`Report`] is what is told, [`Report::page`] the page. The page fetches nothing: style, script,
//! pictures and the columns of the frames are in it, and its policy forbids anything else. The same
//! report gives the same bytes.

mod base64;
mod chart;
mod columns;
mod detail;
mod facts;
mod gallery;
mod latency;
mod page;
mod picture;
mod played;
mod rows;
mod selected;
mod text;
mod timeline;
mod verdict;
mod wanted;

pub use detail::{DETAIL_FRAMES_MAX, Detail};
pub use picture::{PICTURE_BYTES_MAX, Picture, PictureError};
pub use rows::Row;
pub use verdict::Verdict;
pub use wanted::{FILM_FRAMES_MAX, drift_frames, film_frames};

use crate::drift::PictureDifference;
use crate::event::Outcome;
use crate::session::{Machine, Tape};

/// Everything that a page tells.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The tape.
    pub tape: Recorded<'a>,
    /// The tape that it is held against, of the same world.
    pub other: Option<Recorded<'a>>,
    /// Who made frames again: nobody, one, or two to be held against each other.
    pub runs: Vec<Run>,
    /// Pictures of the first run at regular intervals, in order of their frames.
    pub film: Vec<Shot>,
    /// Pictures around the first drift, in order of their frames.
    pub drift: Vec<Moment>,
    /// How the page came to be.
    pub made: MadeBy,
}

/// A tape and the file that it is in.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    /// Name of the file.
    pub name: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// What it holds.
    pub tape: &'a Tape,
    /// When its session began, for people.
    pub started: String,
    /// What ends it early, for people; nothing for a closed tape.
    pub ending: Option<String>,
}

/// Which tape a run is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// [`Report::tape`].
    Tape,
    /// [`Report::other`].
    Other,
}

/// A tape's frames made again, all that it has outcomes of.
#[derive(Clone, Debug)]
pub struct Run {
    /// Whose frames.
    pub of: Of,
    /// The engine in a few words.
    pub label: String,
    /// What it ran on.
    pub machine: Machine,
    /// Does it compute the arithmetic of the tape? If not, its frames are close and never the same,
    /// and say nothing about the verdict.
    pub is_exact: bool,
    /// What came of each frame.
    pub outcomes: Vec<Outcome>,
}

/// The picture of a frame.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Its number.
    pub frame: u64,
    /// What the first run made.
    pub picture: Picture,
}

/// A frame around a drift as each run made it.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Its number.
    pub frame: u64,
    /// One a run, in the order of [`Report::runs`]; nothing where the run has no such frame.
    pub pictures: Vec<Option<Picture>>,
    /// Where and how far the two runs' pictures differ; nothing where there are no two.
    pub difference: Option<(Picture, PictureDifference)>,
}

/// How a page came to be.
#[derive(Clone, Debug)]
pub struct MadeBy {
    /// Version of Worldtape.
    pub version: String,
    /// Commit it was built from.
    pub commit: String,
    /// The commands that give the verdict and the page again, for a shell.
    pub commands: Vec<String>,
}

impl Report<'_> {
    /// The tape that a run is of.
    fn tape_of(&self, of: Of) -> &Recorded<'_> {
        match of {
            Of::Tape => &self.tape,
            Of::Other => self.other.as_ref().expect("a run of another tape comes with the tape"),
        }
    }

    /// Frames of the longest tape.
    fn frames(&self) -> usize {
        let tapes = [Some(&self.tape), self.other.as_ref()];
        tapes.into_iter().flatten().map(|tape| tape.frames() as usize).max().unwrap_or(0)
    }
}

impl Recorded<'_> {
    /// Frames that it has outcomes of.
    fn frames(&self) -> u64 {
        self.tape.outcomes.len() as u64
    }
}
