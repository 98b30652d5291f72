//! What the system says of this process, where it has a /proc.

use super::files;
use crate::measure::{self, ProcessorTime};
use std::path::Path;

/// The most memory that this process had at once so far.
pub(super) fn memory_bytes_max() -> Option<u64> {
    measure::memory_bytes_max(&text("self/status")?)
}

/// Processor time of the machine and of this process so far.
pub(super) fn processor_time() -> Option<ProcessorTime> {
    measure::processor_time(&text("stat")?, &text("self/stat")?)
}

fn text(name: &str) -> Option<String> {
    files::read_text(&Path::new("/proc").join(name)).ok()
}
