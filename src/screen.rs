//! The terminal in play: pictures as cells, a line of facts, and a terminal that is left as it was.

mod abilities;
mod ansi;
mod draw;
mod keys;
mod lease;
mod output;
mod palette;
mod picture;
mod slot;
mod stage;
mod status;

pub use abilities::{Abilities, COLUMNS_MIN, ROWS_MIN, keyboard_releases, size};
pub use ansi::AnsiScreen;
pub use lease::{Lease, Modes};
pub use output::Output;
pub use palette::Palette;
pub use picture::{Picture, fit};
pub use slot::{Drawn, Latest, Shown, Slot};
pub use stage::{ScreenError, Stage};
pub use status::{Facts, Status};
