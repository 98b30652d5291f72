//! A bar on stderr, where stderr is a terminal.

use crate::drive::{DriveError, Flow, Made, Sink};
use crate::event::Action;
use indicatif::{ProgressBar, ProgressStyle};

/// A sink that moves a bar.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar of `frames` with a word before it; nothing is drawn where stderr is no terminal.
    pub(super) fn new(frames: u64, word: &'static str) -> Progress {
        Progress::counting(frames, "frames", word)
    }

    /// A bar of `count` of anything else.
    pub(super) fn counting(count: u64, what: &str, word: &'static str) -> Progress {
        let style =
            format!("{{prefix}} {{wide_bar}} {{pos}}/{{len}} {what}, {{per_sec}}, {{eta}} left");
        let style = ProgressStyle::with_template(&style).unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::new(count).with_style(style);
        bar.set_prefix(word);
        Progress(bar)
    }

    /// Moves on.
    pub(super) fn tick(&self, count: u64) {
        self.0.inc(count);
    }
}

/// A bar of steps that take long each, with the name of the one at hand. Nothing is drawn while a
/// step runs: a measurement is not disturbed.
pub(super) struct Steps(ProgressBar);

impl Steps {
    /// A bar of `count` steps; nothing is drawn where stderr is no terminal.
    pub(super) fn new(count: u64, word: &'static str) -> Steps {
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}");
        let style = style.unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::new(count).with_style(style);
        bar.set_prefix(word);
        Steps(bar)
    }

    /// The next step begins.
    pub(super) fn next(&self, what: &'static str) {
        self.0.set_message(what);
        self.0.inc(1);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Sink for Progress {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        Ok(())
    }

    fn made(&mut self, _: &Made<'_>) -> Result<Flow, DriveError> {
        self.tick(1);
        Ok(Flow::Continue)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
