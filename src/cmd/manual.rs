//! `worldtape manual`: the manual page, all verbs on one, made from what may be typed.

use super::{Exit, output};
use crate::cli::Cli;
use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::Roff;
use std::io;

/// How the page's parts begin, and how those of a verb do.
const SECTION: &str = ".SH ";
const SUBSECTION: &str = ".SS ";

pub(super) fn run() -> Result<Exit> {
    let mut program = Cli::command();
    program.build();
    let page = page(&program).context("making the manual page")?;
    output::bytes(&page)?;
    Ok(Exit::Ok)
}

/// The page of the program: itself, then every verb.
fn page(program: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(program.clone()).manual("Worldtape");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_extra_section(&mut page)?;
    for verb in verbs(program) {
        write_verb(verb, &mut page)?;
    }
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// The verbs that `--help` shows, but the one that shows help.
fn verbs(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

/// A part for one verb, and for each verb below it.
fn write_verb(verb: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let name = verb.get_bin_name().unwrap_or(verb.get_name());
    Roff::new().control("SH", [name.to_uppercase().as_str()]).to_writer(page)?;
    let man = Man::new(verb.clone());
    let mut parts = Vec::new();
    man.render_description_section(&mut parts)?;
    man.render_synopsis_section(&mut parts)?;
    if verb.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut parts)?;
    }
    if verb.get_after_help().is_some() {
        man.render_extra_section(&mut parts)?;
    }
    let parts = String::from_utf8(parts).map_err(io::Error::other)?;
    for line in parts.lines() {
        let below = line.strip_prefix(SECTION).map(|title| format!("{SUBSECTION}{title}"));
        page.extend_from_slice(below.as_deref().unwrap_or(line).as_bytes());
        page.push(b'\n');
    }
    verbs(verb).try_for_each(|verb| write_verb(verb, page))
}
