//! `worldtape world evaluate`: what may be typed.

use super::{DEVICE, device};
use clap::{Args, ValueEnum, value_parser};
use std::path::PathBuf;

/// `worldtape world evaluate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EVALUATED)]
pub struct Evaluate {
    /// The world file; without it, worlds/arena.safetensors of the checkout.
    #[arg(value_name = "WORLD")]
    pub world: Option<PathBuf>,
    /// Held-out play of the real game (formats/heldout.md).
    #[arg(long, value_name = "HELDOUT.safetensors")]
    pub data: PathBuf,
    /// Places of the held-out play to start from, for each gate and each button.
    #[arg(long, value_name = "N", default_value_t = 40)]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    pub starts: u32,
    /// Frames of each play of the stability gates.
    #[arg(long, value_name = "N", default_value_t = 300)]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub frames: u32,
    /// Measure as much as the limits are stated for: 500 starts, 5000 frames.
    #[arg(long, conflicts_with_all = ["starts", "frames"])]
    pub full: bool,
    /// Measure these gates only.
    #[arg(long, value_name = "GATE,GATE", value_delimiter = ',')]
    pub only: Vec<GateName>,
    /// Denoise passes a frame; without it, the world's own choice.
    #[arg(long, value_name = "K")]
    pub passes: Option<u32>,
    /// Stability plays at the same time, each on an engine of its own; the results are the same.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = value_parser!(u32).range(1..=64))]
    pub at_once: u32,
    /// Stability plays from these of the world's prompts, counted from 0; without it, from all. So
    /// several processes or machines can share them.
    #[arg(long, value_name = "N,N", value_delimiter = ',')]
    pub prompts: Vec<u32>,
    /// auto, cpu, cuda:N or reference; the bits are the same on every one but reference.
    #[arg(long, default_value = DEVICE, value_parser = device)]
    pub device: String,
    /// Print one JSON object (formats/evaluation.md).
    #[arg(long)]
    pub json: bool,
    /// Write pictures of what was measured as PNG files into this folder, new or empty.
    #[arg(long, value_name = "FOLDER")]
    pub strips: Option<PathBuf>,
}

/// Gates that are measured together, in the order in which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GateName {
    /// Size of the world file.
    File,
    /// The decoder alone.
    Reconstruction,
    /// One frame ahead.
    NextFrame,
    /// Eight and sixteen frames ahead.
    FreeRunning,
    /// Detail of long play.
    Sharpness,
    /// Long play of every kind from every prompt.
    Stability,
    /// Does each button do what it says?
    Obedience,
    /// Once round on the spot.
    Circle,
}

/// What the exit codes of `world evaluate` mean, and how long it takes, as its help says.
const EVALUATED: &str = "Exits with 0 where every measured gate passes, 1 where one fails (the \
    result is printed all the same) or nothing can be measured. On two cores the usual counts take \
    about ten minutes, --full hours: a GPU with --at-once is for that";
