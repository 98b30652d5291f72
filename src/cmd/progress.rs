//! A bar on stderr, where stderr is a terminal.

use crate::drive::{DriveError, Flow, Made, Sink};
use crate::event::Action;
use indicatif::{ProgressBar, ProgressStyle};

/// A sink that moves a bar.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar of `frames` with a word before it; nothing is drawn where stderr is no terminal.
    pub(super) fn new(frames: u64, word: &'static str) -> Progress {
        let style = "{prefix} {wide_bar} {pos}/{len} frames, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::new(frames).with_style(style);
        bar.set_prefix(word);
        Progress(bar)
    }
}

impl Sink for Progress {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        Ok(())
    }

    fn made(&mut self, _: &Made<'_>) -> Result<Flow, DriveError> {
        self.0.inc(1);
        Ok(Flow::Continue)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
