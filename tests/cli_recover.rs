//! The program makes whole tapes of cut and damaged ones.

#[path = "common/command.rs"]
mod command;
#[path = "cli_recover/recovering.rs"]
mod recovering;
