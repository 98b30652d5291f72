//! What may be typed to find a drift: `diff`.

use clap::Args;
use std::path::PathBuf;

/// `worldtape diff`.
#[derive(Args, Clone, Debug)]
#[command(after_help = DIFFED)]
pub struct Diff {
    /// One tape.
    #[arg(value_name = "A")]
    pub left: PathBuf,
    /// The other.
    #[arg(value_name = "B")]
    pub right: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What the exit codes of `diff` mean, as its help says.
const DIFFED: &str = "Exits with 0 where both are the same play, 3 where settings, actions or \
    frames differ or one goes on for longer, 4 where all is the same as far as a tape that is cut \
    or damaged goes. Machines and times may differ";
