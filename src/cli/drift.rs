//! What may be typed to find a drift: `diff`, `taps`, `explain`, `bisect`.

use super::{Machinery, VARIABLES};
use clap::{Args, value_parser};
use std::ops::Range;
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

/// `worldtape taps`.
#[derive(Args, Clone, Debug)]
#[command(after_help = VARIABLES)]
pub struct Taps {
    /// The tape.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The frame whose ops are listed.
    #[arg(long, value_name = "N")]
    pub frame: u64,
    /// Write what this op wrote to a file, with --raw; may be given several times.
    #[arg(long, value_name = "NAME", requires = "raw")]
    pub op: Vec<String>,
    /// The file for the --op before it; never one that exists.
    #[arg(long, value_name = "OUT", requires = "op")]
    pub raw: Vec<PathBuf>,
    /// Make the frame from the state in this file instead of the tape's frames before it.
    #[arg(long, value_name = "STATE")]
    pub from_state: Option<PathBuf>,
    /// Write the state before the frame to a file; never one that exists. N may be the number of
    /// frames here: then nothing is listed.
    #[arg(long, value_name = "STATE", conflicts_with_all = ["from_state", "op"])]
    pub save_state: Option<PathBuf>,
    /// List what each frame up to the frame comes to, instead of its ops.
    #[arg(long, conflicts_with_all = ["op", "from_state", "save_state"])]
    pub outcomes: bool,
    /// With --outcomes: the digest of the state before each frame, from this frame on.
    #[arg(long, value_name = "N", requires = "outcomes")]
    pub states_from: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// `worldtape explain`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXPLAINED)]
pub struct Explain {
    /// The tape.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The frame to explain; without it, the first that differs. A..B: every op of the frames from
    /// A to before B, one by one, and the first of those frames in which anything differs.
    #[arg(long, value_name = "N|A..B|first", default_value = "first", value_parser = frame)]
    pub frame: FrameWord,
    /// The other side: cpu, cuda:N, reference, or the program of another build.
    #[arg(long, value_name = "WHAT")]
    pub against: Option<String>,
    /// Run the tape every way this engine can be run, one at a time, and name the setting by which
    /// those that drift can be told: instruction sets and threads, lanes, machine code, graph.
    #[arg(long, conflicts_with_all = ["against", "heat"])]
    pub settings: bool,
    /// Write where the pictures differ as a PNG; never over one that exists.
    #[arg(long, value_name = "OUT.png", requires = "against")]
    pub heat: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// Which frame is explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameWord {
    /// The first that differs.
    First,
    /// The one of this number.
    Number(u64),
    /// The first of these in which anything differs; there is one at least.
    Range(Range<u64>),
}

/// The words `--frame` takes.
fn frame(word: &str) -> Result<FrameWord, String> {
    let number = |word: &str| word.parse::<u64>().ok();
    let range = word.split_once("..");
    let range = range.and_then(|(from, to)| Some(number(from)?..number(to)?));
    match (word, number(word), range) {
        ("first", _, _) => Ok(FrameWord::First),
        (_, Some(number), _) => Ok(FrameWord::Number(number)),
        (_, _, Some(range)) if !range.is_empty() => Ok(FrameWord::Range(range)),
        _ => Err("there is a frame's number, from 0, a range such as 0..100, which ends before \
            100, and first"
            .to_owned()),
    }
}

/// What `explain` needs and how it exits, as its help says.
const EXPLAINED: &str = concat!(
    "Without --against the tape is held against this engine: its digests say which frame differs, \
        not which op. Exits with 0 where nothing differs, 3 where something does. Against \
        reference, which is never the same, errors are listed op by op, with exit 0.\n",
    gpu_variables!()
);

/// `worldtape bisect`.
#[derive(Args, Clone, Debug)]
#[command(after_help = BISECTED)]
pub struct Bisect {
    /// The tape, closed.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A commit whose build makes the tape's frames.
    #[arg(long, value_name = "REV")]
    pub good: String,
    /// A later commit whose build does not.
    #[arg(long, value_name = "REV")]
    pub bad: String,
    /// The repository: a checkout of it, or a folder in one.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub repository: PathBuf,
    /// What builds a commit, for a shell in its root; it fails where the commit cannot be built.
    #[arg(long, value_name = "COMMAND", default_value = "cargo build --release --locked")]
    pub build: String,
    /// Where it leaves the program, from the commit's root; without it, release/worldtape in the
    /// folder that cargo builds in.
    #[arg(long, value_name = "PATH")]
    pub program: Option<PathBuf>,
    /// Where cargo builds (its CARGO_TARGET_DIR): what is there already need not be built. Without
    /// it, a folder of its own, the same for all commits.
    #[arg(long, value_name = "FOLDER")]
    pub target: Option<PathBuf>,
    /// Longest that one build may take; a commit that takes longer is skipped.
    #[arg(long, value_name = "N", default_value_t = 60)]
    #[arg(value_parser = value_parser!(u64).range(1..=1440))]
    pub limit_minutes: u64,
    /// Keep the two builds between which the drift came in, as FOLDER/good and FOLDER/bad; never a
    /// folder that exists.
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// How `bisect` works and exits, as its help says.
const BISECTED: &str = concat!(
    "git picks the commits, in a temporary worktree that is gone at the end; checkout, index and \
        branches stay as they are. Each build judges the tape itself, by replay --bisect; a commit \
        that cannot be built or cannot judge it is skipped. Exits with 3 where the drift is found, \
        1 where good drifts, bad does not, or nothing can be told.\n",
    gpu_variables!()
);
