//! `worldtape world evaluate`: gates that pass what is good, fail what is not, and refuse bad data.

#[path = "common/command.rs"]
mod command;
mod common;
#[path = "common/heldout.rs"]
mod heldout;

#[path = "cli_evaluate/gates.rs"]
mod gates;
#[path = "cli_evaluate/refusals.rs"]
mod refusals;
#[path = "cli_evaluate/shipped.rs"]
mod shipped;
