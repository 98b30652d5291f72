//! `worldtape completions`: what a shell needs to complete verbs and options.

use super::{Exit, output};
use crate::cli::{Cli, Completions};
use anyhow::Result;
use clap::CommandFactory;

/// The program's name, as it is typed.
const PROGRAM: &str = "worldtape";

pub(super) fn run(options: &Completions) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), PROGRAM, &mut script);
    output::bytes(&script)?;
    Ok(Exit::Ok)
}
