//! The `worldtape` program: parse, run one verb, exit with its code.

use clap::Parser;
use std::process::ExitCode;
use worldtape::{cli::Cli, cmd};

fn main() -> ExitCode {
    let code = cmd::run(Cli::parse());
    ExitCode::from(code.number())
}
