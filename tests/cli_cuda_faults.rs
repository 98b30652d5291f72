//! What a GPU, its driver and its compiler may do wrong: one line says what, the tape stays whole,
//! and `--device auto` plays on. The GPU is a fake (`tests/fake_cuda`).

#[path = "common/command.rs"]
mod command;
#[path = "common/fake_cuda.rs"]
mod fake_cuda;

#[path = "cli_cuda_faults/cache.rs"]
mod cache;
#[path = "cli_cuda_faults/choices.rs"]
mod choices;
#[path = "cli_cuda_faults/doctor.rs"]
mod doctor;
#[path = "cli_cuda_faults/frames.rs"]
mod frames;
#[path = "cli_cuda_faults/lost.rs"]
mod lost;
#[path = "cli_cuda_faults/machines.rs"]
mod machines;
#[path = "cli_cuda_faults/start.rs"]
mod start;

/// Records the script on the fake GPU.
const RECORD: &str = "record --actions walk.txt --world tiny.safetensors --device cuda:0";

/// Records it on whatever there is.
const RECORD_AUTO: &str = "record --actions walk.txt --world tiny.safetensors";

/// Replays a tape on the fake GPU.
const REPLAY: &str = "replay --world tiny.safetensors --device cuda:0";
