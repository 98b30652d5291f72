//! The `worldtape` program: parse, run one verb, exit with its code.

use clap::Parser;
use std::process::ExitCode;
use worldtape::{cli::Cli, cmd, measure::Stopwatch};

fn main() -> ExitCode {
    let started = Stopwatch::start();
    let code = cmd::run(Cli::parse(), started);
    ExitCode::from(code.number())
}
