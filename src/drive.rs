//! The one loop of live play and replay: an action in, a frame out, everything told to the sinks.

mod digest;
mod error;
mod going_on;
mod recorder;
mod verify;

pub use digest::picture_digest;
pub use error::DriveError;
pub use going_on::GoingOn;
pub use recorder::{Durability, Durable, QUEUE_MAX, Recorder, Recording};
pub use verify::{TapeActions, Verdict, Verifier};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::event::{Action, Outcome};

/// Where actions come from: a keyboard, a script, a tape.
pub trait Source: Send {
    /// The action of `frame`; `None` ends the session.
    ///
    /// # Errors
    /// [`DriveError`] where the source fails.
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError>;
}

/// Goes on or ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// This was the last frame.
    Stop,
}

/// A frame as sinks see it.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Its number.
    pub frame: u64,
    /// What made it.
    pub action: Action,
    /// What a replay must meet.
    pub outcome: Outcome,
    /// RGB u8 rows.
    pub picture: &'a [u8],
    /// When the engine was done, before the digest; as `at_us`.
    pub computed_us: u64,
    /// When it was known, in microseconds since the session began.
    pub at_us: u64,
}

/// Takes what happens: a tape, a screen, a verifier.
pub trait Sink: Send {
    /// Told before the frame runs.
    ///
    /// # Errors
    /// [`DriveError`] where the action cannot be kept: the frame then does not run.
    fn action(&mut self, frame: u64, action: Action, at_us: u64) -> Result<(), DriveError>;

    /// Told after the frame ran.
    ///
    /// # Errors
    /// [`DriveError`] where the outcome cannot be kept.
    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError>;
}

/// Runs frames until the source ends or a sink stops; returns how many ran. Every sink is told of
/// an action before the frame runs, and of the outcome after it. A clock with a pace (a
/// [`crate::clock::Pacer`]) decides when a frame begins, never what is in it.
///
/// # Errors
/// The first error of source, engine or sink; frames before it have been told to all sinks.
pub fn run(
    source: &mut dyn Source,
    engine: &mut dyn Engine,
    sinks: &mut [&mut dyn Sink],
    clock: &dyn Clock,
) -> Result<u64, DriveError> {
    run_from(0, source, engine, sinks, clock)
}

/// The same from frame `first` on, where the engine has made all frames before it; returns the
/// frame that would be next.
///
/// # Errors
/// As [`run`].
pub fn run_from(
    first: u64,
    source: &mut dyn Source,
    engine: &mut dyn Engine,
    sinks: &mut [&mut dyn Sink],
    clock: &dyn Clock,
) -> Result<u64, DriveError> {
    let mut frame = first;
    loop {
        clock.await_frame(frame);
        let Some(action) = source.next(frame)? else {
            break;
        };
        let at_us = clock.now_us();
        for sink in sinks.iter_mut() {
            sink.action(frame, action, at_us)?;
        }
        let made = engine.step(frame, action)?;
        let (picture, computed_us) = (made.picture, clock.now_us());
        let outcome = Outcome { picture: picture_digest(picture), state_sum: made.state_sum };
        let made = Made { frame, action, outcome, picture, computed_us, at_us: clock.now_us() };
        let mut flow = Flow::Continue;
        for sink in sinks.iter_mut() {
            if sink.made(&made)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        frame += 1;
        if flow == Flow::Stop {
            break;
        }
    }
    Ok(frame)
}
