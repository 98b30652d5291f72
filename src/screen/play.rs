//! The screen of a play: a menu of prompts, the world with its instruments around it, the keys.

mod draw;
mod facts;
mod help;
mod keys;
mod latest;
mod menu;
mod panel;
mod slot;
mod stage;

pub use draw::View;
pub use facts::{Facts, size};
pub use latest::Latest;
pub use menu::{Chosen, Menu, MenuView};
pub use slot::{Drawn, Shot, Shown, Slot};
pub use stage::{Setup, Stage};
