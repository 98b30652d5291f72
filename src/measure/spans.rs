//! Spans of the real loop: a source, an engine and a sink with a clock around the real ones.

use super::stopwatch::Stopwatch;
use crate::drive::{DriveError, Flow, Made, Sink, Source};
use crate::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use crate::event::Action;
use serde::Serialize;

/// What a frame is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// To fill caches, branch predictors and the memory of the world; never counted.
    WarmUp,
    /// To be counted.
    Measured,
}

/// Where the time of one frame went. What `frame_ns` has beyond the others is the loop itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FrameSpans {
    /// What it was made for.
    pub phase: Phase,
    /// From asking the source for its action to asking for the next.
    pub frame_ns: u64,
    /// The engine's step.
    pub step_ns: u64,
    /// From the step's end until the sinks are told: the digest of the picture.
    pub digest_ns: u64,
    /// Both calls of the recorder.
    pub log_ns: u64,
}

/// A source that notes when each frame begins; it ends after `frames`.
#[derive(Debug)]
pub struct TimedSource {
    watch: Stopwatch,
    buttons: usize,
    frames: u64,
    starts_ns: Vec<u64>,
}

/// Frames that one button of a [`TimedSource`] is held.
const HOLD_FRAMES: u64 = 10;

impl TimedSource {
    /// Holds nothing and each of `buttons` in turn.
    pub fn new(watch: Stopwatch, buttons: usize, frames: u64) -> TimedSource {
        let starts_ns = Vec::with_capacity(frames as usize + 1);
        TimedSource { watch, buttons, frames, starts_ns }
    }

    /// When the first frame was done.
    pub fn first_frame_ns(&self) -> Option<u64> {
        self.starts_ns.get(1).copied()
    }

    /// The action of a frame.
    pub fn action(&self, frame: u64) -> Action {
        match (frame / HOLD_FRAMES) as usize % (self.buttons + 1) {
            0 => Action::NONE,
            held => Action::NONE.with(held - 1),
        }
    }
}

impl Source for TimedSource {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        self.starts_ns.push(self.watch.now_ns());
        Ok((frame < self.frames).then(|| self.action(frame)))
    }
}

/// An engine and when its steps began and ended.
pub struct TimedEngine<'a> {
    watch: Stopwatch,
    engine: &'a mut dyn Engine,
    steps_ns: Vec<(u64, u64)>,
}

impl<'a> TimedEngine<'a> {
    /// `engine`, with room for `frames`.
    pub fn new(watch: Stopwatch, engine: &'a mut dyn Engine, frames: u64) -> TimedEngine<'a> {
        TimedEngine { watch, engine, steps_ns: Vec::with_capacity(frames as usize) }
    }
}

impl Engine for TimedEngine<'_> {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        self.engine.reset(start)
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        let start_ns = self.watch.now_ns();
        let made = self.engine.make(frame, action, observer);
        self.steps_ns.push((start_ns, self.watch.now_ns()));
        made
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.engine.save(bytes)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.engine.load(bytes)
    }
}

/// A sink and when its calls began and ended.
pub struct TimedSink<'a> {
    watch: Stopwatch,
    sink: &'a mut dyn Sink,
    actions_ns: Vec<(u64, u64)>,
    outcomes_ns: Vec<(u64, u64)>,
}

impl<'a> TimedSink<'a> {
    /// `sink`, with room for `frames`.
    pub fn new(watch: Stopwatch, sink: &'a mut dyn Sink, frames: u64) -> TimedSink<'a> {
        let room = || Vec::with_capacity(frames as usize);
        TimedSink { watch, sink, actions_ns: room(), outcomes_ns: room() }
    }
}

impl Sink for TimedSink<'_> {
    fn action(&mut self, frame: u64, action: Action, at_us: u64) -> Result<(), DriveError> {
        let start_ns = self.watch.now_ns();
        let kept = self.sink.action(frame, action, at_us);
        self.actions_ns.push((start_ns, self.watch.now_ns()));
        kept
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        let start_ns = self.watch.now_ns();
        let flow = self.sink.made(made);
        self.outcomes_ns.push((start_ns, self.watch.now_ns()));
        flow
    }
}

/// Spans of every frame that the three saw, the first `warm_up` of them apart.
pub fn frame_spans(
    source: &TimedSource,
    engine: &TimedEngine<'_>,
    sink: &TimedSink<'_>,
    warm_up: u64,
) -> Vec<FrameSpans> {
    let frames = source.starts_ns.windows(2).zip(&engine.steps_ns);
    let calls = sink.actions_ns.iter().zip(&sink.outcomes_ns);
    let spans =
        frames.zip(calls).enumerate().map(|(frame, ((starts, step), (action, outcome)))| {
            let phase = if (frame as u64) < warm_up { Phase::WarmUp } else { Phase::Measured };
            FrameSpans {
                phase,
                frame_ns: starts[1] - starts[0],
                step_ns: step.1 - step.0,
                digest_ns: outcome.0 - step.1,
                log_ns: action.1 - action.0 + outcome.1 - outcome.0,
            }
        });
    spans.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_has_its_turn_and_so_has_none() {
        let source = TimedSource::new(Stopwatch::start(), 2, 60);
        let held = [0, 10, 20, 30, 59].map(|frame| source.action(frame));
        let [one, two] = [Action::NONE.with(0), Action::NONE.with(1)];
        assert_eq!(held, [Action::NONE, one, two, Action::NONE, two]);
    }
}
