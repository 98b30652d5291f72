//! What `report` takes.

use super::{Machinery, device};
use clap::Args;
use std::path::PathBuf;

/// `worldtape report`.
#[derive(Args, Clone, Debug)]
#[command(after_help = PAGE)]
pub struct Report {
    /// The tape.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A tape of the same world to hold against it.
    #[arg(value_name = "OTHER")]
    pub other: Option<PathBuf>,
    /// The page to write; never one that exists. Without it, FILE's name with .html.
    #[arg(short, long, value_name = "PAGE")]
    pub output: Option<PathBuf>,
    /// Make the frames on this engine too (those of OTHER, where it is given, instead of on
    /// --device) and show both sides: cpu, cuda:N or reference.
    #[arg(long, value_name = "ENGINE", value_parser = device)]
    pub against: Option<String>,
    /// Make no frame again: a page of what the tapes hold, without pictures.
    #[arg(long, conflicts_with = "against")]
    pub no_replay: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// What the page is and what the exit codes mean, as the help says.
const PAGE: &str = "The page is one file that fetches nothing. Exits as replay does: 0 same, \
    3 drift, 4 cut or damaged; the page is written in all of them. Of a tape that is not whole it \
    shows what is";
