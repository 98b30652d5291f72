//! What may be typed: clap types and the words they take, no behaviour.

mod evaluate;
mod export;
mod report;

pub use evaluate::{Evaluate, GateName};
pub use export::{Completions, Export, ExportFormat, FrameRange, Times};
pub use report::Report;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use std::path::PathBuf;

/// The flight recorder of neural worlds: play a world model, tape it, replay it bit for bit.
#[derive(Debug, Parser)]
#[command(name = "worldtape", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; without it: play in a terminal, elsewhere record and replay a built-in script.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The exit codes, as `--help` prints them.
const EXIT_CODES: &str = "Exit codes: 0 same or done, 1 error, 2 usage, 3 drift, \
    4 tape damaged or cut short (valid through the frame named)";

/// Where the variables of GPUs are explained, as the help of verbs says that run one.
macro_rules! gpu_variables {
    () => {
        "GPU: WORLDTAPE_LANE, WORLDTAPE_CUDA_CODE, WORLDTAPE_CUDA_GRAPH and \
            WORLDTAPE_KERNEL_CACHE, see docs/gpu.md."
    };
}

mod drift;

pub use drift::{Bisect, Diff, Explain, FrameWord, Taps};

/// What else decides how a session runs, as the help of `record` and `replay` says.
const VARIABLES: &str = gpu_variables!();

/// What else decides a measurement, as its help says.
const BENCH_VARIABLES: &str = concat!(
    "Threads: RAYON_NUM_THREADS=N. Instruction set: WORLDTAPE_ISA=avx512, avxvnni, avx2 or \
        scalar. ",
    gpu_variables!()
);

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Play a world in this terminal; every frame goes onto a tape.
    Play(Play),
    /// Record a session from an action script.
    #[command(after_help = VARIABLES)]
    Record(Record),
    /// Replay tapes and hold every frame against them.
    #[command(after_help = VARIABLES)]
    Replay(Replay),
    /// View a tape in this terminal, with the verdict of its replay on every frame.
    #[command(after_help = VIEWING)]
    View(View),
    /// Show what a tape holds; every checksum is checked.
    Inspect(Inspect),
    /// Make a whole tape of what can be trusted of one that was cut or damaged.
    Recover(Recover),
    /// Replay a tape into a file that others open: GIF, PNG sheet, Y4M video, asciicast.
    #[command(after_help = VARIABLES)]
    Export(Export),
    /// Hold two tapes against each other, without a model: where they part, whether they meet.
    Diff(Diff),
    /// List what every op of a frame wrote, as digests, without changing a bit of it.
    Taps(Taps),
    /// Name the first frame and op in which a tape drifts, and by how much.
    Explain(Explain),
    /// Name the commit, the frame and the op from which on a tape drifts; commits are built.
    Bisect(Bisect),
    /// Write one page about a tape, or about two: what was played, where it drifts, how it looks.
    Report(Report),
    /// Measure frames, ops, start and memory, and say what speaks against the numbers.
    #[command(after_help = BENCH_VARIABLES)]
    Bench(Bench),
    /// Hold an engine against its definition, the golden tapes and itself, bit for bit.
    #[command(after_help = CHECKS)]
    Check(Check),
    /// Pack, show and check world files.
    World {
        /// What to do with it.
        #[command(subcommand)]
        verb: WorldVerb,
    },
    /// Say whether this machine and terminal can play, and with what.
    Doctor(Doctor),
    /// Print what a shell needs to complete verbs and options.
    Completions(Completions),
    /// Print the manual page: worldtape manual | man -l -
    Manual,
}

/// Which world and engine.
#[derive(Args, Clone, Debug)]
pub struct Machinery {
    /// World file; without it, worlds/arena.safetensors of the checkout.
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// auto, cpu, cuda:N or reference; the bits are the same on every one but reference.
    #[arg(long, default_value = DEVICE, value_parser = device)]
    pub device: String,
}

/// The device where none is asked for.
const DEVICE: &str = "auto";

impl Default for Machinery {
    fn default() -> Machinery {
        Machinery { world: None, device: DEVICE.to_owned() }
    }
}

/// The words `--device` takes. Whether this build has such an engine is found out later.
fn device(word: &str) -> Result<String, String> {
    let number = word.strip_prefix("cuda:");
    let is_cuda = number.is_some_and(|number| number.parse::<u16>().is_ok());
    if is_cuda || ["auto", "cpu", "reference"].contains(&word) {
        return Ok(word.to_owned());
    }
    Err("there is auto, cpu, cuda:N (cuda:0, cuda:1 and so on) and reference".to_owned())
}

/// What is played: the settings that go onto the tape.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Choice {
    /// Key of all noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Which prompt to start from.
    #[arg(long, value_name = "PROMPT", default_value_t = 0)]
    pub start: u32,
    /// Denoise passes a frame; without it, the world's own choice.
    #[arg(long, value_name = "K")]
    pub passes: Option<u32>,
}

/// `worldtape play`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = KEYS)]
pub struct Play {
    /// The tape to write; never one that exists. Without it, play-DATE-TIME.wtape (UTC) in the
    /// current folder.
    #[arg(short, long, value_name = "FILE", conflicts_with = "no_record")]
    pub output: Option<PathBuf>,
    /// Write no tape.
    #[arg(long)]
    pub no_record: bool,
    /// Go on where this tape ends, in a new tape that begins with its frames. World, seed, prompt
    /// and passes are the tape's.
    #[arg(long = "continue", value_name = "TAPE")]
    #[arg(conflicts_with_all = ["seed", "start", "passes", "no_record"])]
    pub going_on: Option<PathBuf>,
    /// Key of all noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Which prompt to start from; without it, a menu asks.
    #[arg(long, value_name = "PROMPT")]
    pub start: Option<u32>,
    /// Denoise passes a frame; without it, the world's own choice.
    #[arg(long, value_name = "K")]
    pub passes: Option<u32>,
    /// End after that many frames (those of --continue do not count).
    #[arg(long, value_name = "N")]
    pub frames: Option<u64>,
    /// How pictures are drawn.
    #[arg(long, value_enum, default_value_t)]
    pub graphics: Graphics,
    /// How long a key counts as held.
    #[arg(long, value_enum, default_value_t)]
    pub hold: Hold,
    /// Write when each frame was made and shown, as JSON lines; never to a file that exists.
    #[arg(long, value_name = "FILE")]
    pub samples: Option<PathBuf>,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

impl Play {
    /// The settings that go onto the tape, from the first prompt where none is named.
    pub fn choice(&self) -> Choice {
        Choice { seed: self.seed, start: self.start.unwrap_or(0), passes: self.passes }
    }
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Graphics {
    /// By the best protocol that the terminal says it has, else as blocks.
    #[default]
    Auto,
    /// The kitty graphics protocol.
    Kitty,
    /// Sixels.
    Sixel,
    /// The inline images of iTerm2.
    #[value(name = "iterm")]
    Iterm2,
    /// Half blocks: text of two colours a cell.
    Blocks,
}

/// How long a key counts as held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Hold {
    /// While it is down; where releases are not told, a first tap lasts half a second.
    #[default]
    Bridge,
    /// While it is down; where releases are not told, a held key pauses until it repeats.
    Tap,
    /// From one press to the next.
    Latch,
}

/// The keys, as `play --help` prints them.
const KEYS: &str = concat!(
    "Keys: those of the world (in Doom arrows or WASD, space attacks); p pauses, n makes one \
        frame, r restarts from the prompt in another tape, m marks the moment on the tape, l \
        latches keys, h shows all keys, q or Ctrl-C ends the play and closes the tape. NO_COLOR \
        draws with letters. docs/terminal.md has the rest.\n",
    gpu_variables!()
);

/// `worldtape doctor`.
#[derive(Args, Clone, Debug)]
pub struct Doctor {
    /// World file; without it, worlds/arena.safetensors of the checkout.
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `worldtape record`.
#[derive(Args, Clone, Debug)]
pub struct Record {
    /// Action script: one span a line, such as "40 forward+right" or "10 wait".
    #[arg(long, value_name = "FILE")]
    pub actions: PathBuf,
    /// The tape to write; never one that exists. Without it, the script's name with .wtape.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Go on where this tape ends, in a new tape that begins with its frames. World, seed, prompt
    /// and passes are the tape's.
    #[arg(long = "continue", value_name = "TAPE")]
    #[arg(conflicts_with_all = ["seed", "start", "passes"])]
    pub going_on: Option<PathBuf>,
    /// What is played.
    #[command(flatten)]
    pub choice: Choice,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print "durable N" whenever more frames, now N, will survive the machine: what a test that
    /// kills the program or its disk holds the tape against.
    #[arg(long, hide = true, conflicts_with_all = ["json", "going_on"])]
    pub acknowledge: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// `worldtape replay`.
#[derive(Args, Clone, Debug)]
pub struct Replay {
    /// Tapes.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Stop at the first frame that differs instead of counting them all.
    #[arg(long)]
    pub until_drift: bool,
    /// Exit as `git bisect run` wants it: 0 same, 1 drift, 125 anything else. Stops at the first
    /// frame that differs.
    #[arg(long)]
    pub bisect: bool,
    /// Print one JSON object a tape.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// `worldtape view`.
#[derive(Args, Clone, Debug)]
pub struct View {
    /// The tape.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A second side to see beside the first: another engine (cpu, cuda:N, reference), or another
    /// tape (OTHER.wtape), made again on the same engine.
    #[arg(long, value_name = "OTHER", value_parser = against)]
    pub against: Option<String>,
    /// Make no frame but those that are looked at: the strip shows these alone.
    #[arg(long)]
    pub no_verify: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// The words `view --against` takes.
fn against(word: &str) -> Result<String, String> {
    if word.ends_with(".wtape") {
        return Ok(word.to_owned());
    }
    device(word).map_err(|devices| format!("{devices}; a tape ends in .wtape"))
}

/// The keys and exit codes of `view`, as its help prints them.
const VIEWING: &str = concat!(
    "Keys: space plays, arrows step, a number and enter jumps, n goes to the next drift, h shows \
        all keys, q quits. NO_COLOR draws with letters.\n\
    Exits with 0 where no frame that was made again differs, 3 where one does, 4 where the tape is \
        damaged or cut short.\n",
    gpu_variables!()
);

/// `worldtape inspect`.
#[derive(Args, Clone, Debug)]
pub struct Inspect {
    /// The tape.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Check the chain of blocks too, and what the tape says it goes on from.
    #[arg(long)]
    pub verify: bool,
    /// Show one frame, found through the index of a closed tape; nothing else is read.
    #[arg(long, value_name = "N", conflicts_with = "verify")]
    pub frame: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `worldtape recover`.
#[derive(Args, Clone, Debug)]
#[command(after_help = RECOVERED)]
pub struct Recover {
    /// The tape; it is only read.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The tape to write; never one that exists.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What the exit codes of `recover` mean, as its help says.
const RECOVERED: &str = "Exits with 0 where nothing is lost, 4 where something is (each loss is \
    listed), 1 where nothing can be recovered: then there is no OUT";

/// `worldtape bench`.
#[derive(Args, Clone, Debug)]
pub struct Bench {
    /// Frames to measure.
    #[arg(long, value_name = "N", default_value_t = 300)]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    pub frames: u32,
    /// Frames before them that are not counted.
    #[arg(long, value_name = "N", default_value_t = 35)]
    #[arg(value_parser = value_parser!(u32).range(0..=100_000))]
    pub warm_up: u32,
    /// What is played.
    #[command(flatten)]
    pub choice: Choice,
    /// Write every sample as JSON lines: to a file (never one that exists), or with - to stdout
    /// in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// `worldtape check`.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// Run these checks only.
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',', hide_possible_values = true)]
    pub only: Vec<CheckName>,
    /// Frames of the long play.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub frames: u32,
    /// Give the functions every Nth bit pattern of float32; 1 is all of them.
    #[arg(long, value_name = "N", default_value_t = 17)]
    #[arg(value_parser = value_parser!(u64).range(1..=1 << 32))]
    pub every: u64,
    /// Folder of tapes; without it, sessions of the checkout.
    #[arg(long, value_name = "FOLDER")]
    pub tapes: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which world and engine.
    #[command(flatten)]
    pub machinery: Machinery,
}

/// The checks, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckName {
    /// Every op at many sizes.
    Ops,
    /// silu, gelu and the colour of a value.
    Functions,
    /// Every tape, replayed.
    Tapes,
    /// The first frames of a tape, every way to run.
    Variants,
    /// A saved state goes on the same.
    SaveAndLoad,
    /// A long play, twice.
    Long,
}

/// What the checks hold against what, as `check --help` prints it.
const CHECKS: &str = "Checks: ops (each op, every way to run, against its definition), functions \
    (of one value, the same), tapes (all of the folder replayed), variants (frames of a tape, \
    every way to run), save-and-load, long (a play twice). The last three play the folder's first \
    tape";

/// `worldtape world`.
#[derive(Debug, Subcommand)]
pub enum WorldVerb {
    /// Make a world file of a float safetensors file.
    Pack(Pack),
    /// Show what a world file says of itself.
    Info(WorldFile),
    /// Check a world file whole: every value, every schedule, a frame from every prompt.
    Check(WorldFile),
    /// Hold a world against the game it was made from: every gate, a number.
    Evaluate(Evaluate),
}

/// `worldtape world pack`.
#[derive(Args, Clone, Debug)]
pub struct Pack {
    /// The float file that training made.
    #[arg(value_name = "FLOAT.safetensors")]
    pub float: PathBuf,
    /// The manifest (JSON); without it, the one in the float file, or the Doom world's.
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// The world file to write; never one that exists.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A world file to look at.
#[derive(Args, Clone, Debug)]
pub struct WorldFile {
    /// The world file; without it, worlds/arena.safetensors of the checkout.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
