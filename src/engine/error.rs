//! What can stop an engine, with numbers.

use thiserror::Error;

/// Why an engine stopped or refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EngineError {
    /// A NaN or an infinity met an op.
    #[error("frame {frame}: op {op} met a value that is not finite; the session cannot go on")]
    NotFinite {
        /// The frame being made; prompt frames count from 0 too.
        frame: u64,
        /// Name of the op.
        op: String,
    },
    /// The model has float weights; only the reference engine runs those.
    #[error("engine {engine} runs packed worlds only; this one has float weights")]
    FloatWeights {
        /// The engine that was asked.
        engine: &'static str,
    },
    /// The prompt does not fit the model.
    #[error("the prompt has {latents} values and {actions} actions; a latent has {latent} values")]
    Prompt {
        /// Values given.
        latents: usize,
        /// Actions given.
        actions: usize,
        /// Values of one latent.
        latent: usize,
    },
    /// Noise from outside that the model does not take, or not the right amount of it.
    #[error("the prompt comes with {found} values of noise; this model takes {expected}")]
    Noise {
        /// Values given.
        found: usize,
        /// Values the model takes.
        expected: usize,
    },
    /// Saved bytes that are not a state of this model.
    #[error("not a state of this world: {what} is {found}, expected {expected}")]
    State {
        /// Which part.
        what: &'static str,
        /// Its value.
        found: u64,
        /// What it had to be.
        expected: u64,
    },
    /// An instruction set that this processor lacks, or no such name.
    #[error("instruction set {found} is not to be had here; there is {offered}")]
    Isa {
        /// What was asked for.
        found: String,
        /// What there is.
        offered: String,
    },
    /// No driver of a GPU.
    #[error("no CUDA driver: {what}; install NVIDIA's driver, or use --device cpu")]
    NoDriver {
        /// What was looked for.
        what: String,
    },
    /// A driver that is installed and does not work.
    #[error("NVIDIA's driver does not work: {what}; ask nvidia-smi, or use --device cpu")]
    Driver {
        /// The call and what the driver said.
        what: String,
    },
    /// A driver that lacks calls we need.
    #[error(
        "the driver speaks CUDA {}; at least {} is needed: update NVIDIA's driver, or use \
            --device cpu",
        cuda_version(*.found),
        cuda_version(*.needed)
    )]
    OldDriver {
        /// CUDA version times 1000, as the driver says.
        found: u32,
        /// The same of the oldest that will do.
        needed: u32,
    },
    /// No such GPU.
    #[error("there is no cuda:{ordinal}; the driver shows {}", shown(*.count))]
    NoGpu {
        /// The N that was asked for.
        ordinal: u32,
        /// GPUs there are.
        count: usize,
    },
    /// A GPU that lacks instructions we need.
    #[error("{name} has compute capability {found}; at least {needed} is needed: use --device cpu")]
    OldGpu {
        /// Its name.
        name: String,
        /// Its compute capability.
        found: String,
        /// The least that will do.
        needed: String,
    },
    /// No run-time compiler, or one that does not answer.
    #[error(
        "no CUDA compiler: {what}; install NVRTC (it comes with the CUDA toolkit) where the \
            system's linker finds it, or name its folder in LD_LIBRARY_PATH"
    )]
    NoCompiler {
        /// What was looked for or what it said.
        what: String,
    },
    /// A kernel that does not compile, or that the driver does not load.
    #[error("no kernels for {architecture}: {what}; use --device cpu")]
    Kernels {
        /// The chip, such as `sm_90a`.
        architecture: String,
        /// What the compiler or the driver said.
        what: String,
    },
    /// A GPU without enough free memory.
    #[error(
        "{device} has {free_bytes} bytes free; this world needs {needed_bytes}: {what}; free some, \
            or use --device cpu"
    )]
    GpuMemory {
        /// `cuda:N`.
        device: String,
        /// Bytes free before.
        free_bytes: usize,
        /// Bytes asked for.
        needed_bytes: usize,
        /// What the driver said.
        what: String,
    },
    /// The GPU or its driver failed.
    #[error("{device} failed{}: {what}", at_frame(.frame.as_ref()))]
    Gpu {
        /// `cuda:N`.
        device: String,
        /// The frame being made, once frames are made.
        frame: Option<u64>,
        /// The call, what the driver said, its name and number for it.
        what: String,
    },
    /// A lane that this GPU lacks, or no such name.
    #[error("lane {found} is not to be had here; there is {offered}")]
    Lane {
        /// What was asked for.
        found: String,
        /// What there is.
        offered: String,
    },
    /// An op whose operands a GPU kernel cannot count.
    #[error("op {op} has an operand of {elements} elements; a GPU takes at most {elements_max}")]
    TooLarge {
        /// Name of the op.
        op: String,
        /// Elements of the operand.
        elements: usize,
        /// The most.
        elements_max: usize,
    },
    /// The float library of the reference engine failed.
    #[error("reference engine, op {op}: {what}")]
    Library {
        /// Name of the op.
        op: String,
        /// Its message.
        what: String,
    },
}

/// The version of CUDA that a driver gives as thousands, such as 12040.
pub(super) fn cuda_version(number: u32) -> String {
    format!("{}.{}", number / 1000, number % 1000 / 10)
}

/// The GPUs that can be named.
fn shown(count: usize) -> String {
    match count {
        0 => "no GPU (does CUDA_VISIBLE_DEVICES hide them?); use --device cpu".to_owned(),
        1 => "one GPU, cuda:0".to_owned(),
        count => format!("{count} GPUs, cuda:0 to cuda:{}", count - 1),
    }
}

fn at_frame(frame: Option<&u64>) -> String {
    frame.map_or_else(String::new, |frame| format!(" at frame {frame}"))
}
