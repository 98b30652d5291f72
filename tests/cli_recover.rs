//! The program makes whole tapes of cut and damaged ones, and goes on where a session stopped.

#[path = "common/command.rs"]
mod command;
#[path = "cli_recover/going_on.rs"]
mod going_on;
#[path = "cli_recover/recovering.rs"]
mod recovering;
