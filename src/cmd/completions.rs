//! `worldtape completions`: what a shell needs to complete verbs and options.

use super::{Exit, output};
use crate::cli::{Cli, Completions};
use anyhow::Result;
use clap::{Command, CommandFactory};

/// The program's name, as it is typed.
const PROGRAM: &str = "worldtape";

pub(super) fn run(options: &Completions) -> Result<Exit> {
    let mut script = Vec::new();
    let mut program = without_hidden(&Cli::command());
    clap_complete::generate(options.shell, &mut program, PROGRAM, &mut script);
    output::bytes(&script)?;
    Ok(Exit::Ok)
}

/// The same command as far as completing goes, without what `--help` does not show either.
fn without_hidden(command: &Command) -> Command {
    let mut shown = Command::new(command.get_name().to_owned());
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        shown = shown.version(version.to_owned());
    }
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    shown.args(arguments.cloned()).subcommands(verbs.map(without_hidden))
}
