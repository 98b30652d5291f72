//! The terminal: pictures as cells, lines of facts, and a terminal that is left as it was.

mod abilities;
mod ansi;
mod boxes;
mod graphics;
mod lease;
mod output;
mod palette;
mod picture;
pub mod play;
mod query;
mod recent;
mod sparkline;
mod threads;
pub mod view;

pub use abilities::{Abilities, COLUMNS_MIN, ROWS_MIN, size};
pub use ansi::AnsiScreen;
pub use graphics::{Canvas, Graphics};
pub use lease::{Lease, Modes};
pub use output::Output;
pub use palette::{Look, Palette};
pub use picture::{Cell, Picture, fit};
pub use query::{Answers, ask};
pub use recent::{RECENT, Recent};
pub use sparkline::Sparkline;
pub use threads::ScreenError;
