//! With the feature `nvtx` a profiler sees each frame, its passes and their groups open and close,
//! by name and in order, and the frames are the same. The profiler is a library of our own.

#[path = "common/command.rs"]
mod command;
mod common;
#[path = "common/fake_cuda.rs"]
mod fake_cuda;

#[path = "ranges/cpu.rs"]
mod cpu;
#[path = "ranges/cuda.rs"]
mod cuda;
#[path = "ranges/seen.rs"]
mod seen;
