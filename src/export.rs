//! Pictures of a play as files that others open: GIF, PNG, Y4M and asciicast, over `Write`.
//!
//! An encoder takes one picture after the other and holds little more than one of them; it gathers
//! what it writes. It knows no tape and no clock: when a picture begins and ends is said with it.

mod cast;
mod digits;
mod gif;
mod pixels;
mod rate;
mod sheet;
mod y4m;

pub use cast::{CAST_SIDE_MAX, CastEncoder, CastHead};
pub use digits::digit_rows;
pub use gif::{DELAY_CS_MAX, DELAY_CS_MIN, GIF_SIDE_MAX, GifEncoder};
pub use pixels::{EDGE, draw_edge};
pub use rate::Rate;
pub use sheet::{SHEET_PIXELS_MAX, SheetEncoder, SheetLayout};
pub use y4m::{Y4mEncoder, ycbcr};

use std::io;
use thiserror::Error;

/// Most pixels of one picture, enlarged: some of it lie in memory at once.
pub const PICTURE_PIXELS_MAX: u64 = 1 << 26;

/// Bytes that are gathered for one write.
const BUFFER_BYTES: usize = 1 << 18;

/// Most times that a picture is enlarged, in both directions.
pub const SCALE_MAX: u32 = 16;

/// Why pictures cannot be written.
#[derive(Debug, Error)]
pub enum ExportError {
    /// Whoever takes the bytes takes no more.
    #[error("the bytes cannot be written")]
    Write(#[from] io::Error),
    /// More than the format or the memory holds.
    #[error("{what}: {found}; at most {max} can be")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much of it.
        found: u64,
        /// How much can be.
        max: u64,
    },
    /// Pictures follow each other faster or slower than a GIF can say.
    #[error(
        "a GIF picture would last {found_us} us; viewers keep to {min_us} us and more, \
        and at most {max_us} us can be said"
    )]
    Delay {
        /// How long it would last.
        found_us: u64,
        /// Shortest that viewers keep to.
        min_us: u64,
        /// Longest that the format can say.
        max_us: u64,
    },
    /// A library refused what it was given.
    #[error("the {format} cannot be made: {what}")]
    Refused {
        /// Which format.
        format: &'static str,
        /// What the library said.
        what: String,
    },
}

/// One picture and when it is seen.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    /// Frame that it is of.
    pub frame: u64,
    /// RGB u8 rows.
    pub pixels: &'a [u8],
    /// When it appears, in microseconds since the first picture.
    pub begins_us: u64,
    /// When it goes.
    pub ends_us: u64,
    /// A line about it, for formats with text.
    pub line: &'a str,
    /// Remarks on the moment, for formats that have such.
    pub remarks: &'a [String],
}

/// Takes pictures in the order in which they are seen.
pub trait Encoder: Send {
    /// The next picture; its size is the one the encoder was made for.
    ///
    /// # Errors
    /// [`ExportError`]; nothing may follow.
    fn picture(&mut self, shot: &Shot<'_>) -> Result<(), ExportError>;

    /// What comes after the last picture.
    ///
    /// # Errors
    /// [`ExportError`]
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// Size of the pictures that come in, and how many times larger they go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels in a row, as they come.
    pub width: usize,
    /// Rows, as they come.
    pub height: usize,
    /// Pixels that go out for one that came, in both directions; 1 to [`SCALE_MAX`].
    pub scale: usize,
}

impl Size {
    /// Pixels in a row and rows, as they go out.
    pub fn enlarged(&self) -> (usize, usize) {
        (self.width * self.scale, self.height * self.scale)
    }

    /// Refuses pictures that take too much memory.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`]
    fn check(&self) -> Result<(), ExportError> {
        let (width, height) = self.enlarged();
        at_most("pixels of a picture", (width * height) as u64, PICTURE_PIXELS_MAX)
    }
}

/// Refuses what is more than `max`.
fn at_most(what: &'static str, found: u64, max: u64) -> Result<(), ExportError> {
    if found > max {
        return Err(ExportError::TooLarge { what, found, max });
    }
    Ok(())
}
