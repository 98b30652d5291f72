//! The terminal: pictures as cells, lines of facts, and a terminal that is left as it was.

mod abilities;
mod lease;
mod output;
mod palette;
mod picture;
pub mod play;
mod recent;
mod sparkline;

pub use abilities::{Abilities, COLUMNS_MIN, ROWS_MIN, keyboard_releases, size};
pub use lease::{Lease, Modes};
pub use output::Output;
pub use palette::{Look, Palette};
pub use picture::{Cell, Picture, fit};
pub use recent::{RECENT, Recent};
pub use sparkline::Sparkline;
