//! Measuring: samples and their percentiles, spans of frames and ops, work counted, doubts named.

mod doubts;
mod ops;
mod probe;
mod process;
mod samples;
mod spans;
mod stopwatch;
mod work;

pub use doubts::{Doubt, Evidence, doubts};
pub use ops::OpTimer;
pub use probe::{int8_peak_operations_per_second, read_bytes_per_second};
pub use process::{ProcessorTime, memory_bytes_max, other_load, processor_time};
pub use samples::{Samples, Summary};
pub use spans::{FrameSpans, Phase, TimedEngine, TimedSink, TimedSource, frame_spans};
pub use stopwatch::Stopwatch;
pub use work::{Work, work_of};
