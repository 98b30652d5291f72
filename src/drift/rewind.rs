//! A tape under an engine, with states kept on the way: any frame is a short run away.

use crate::drive::picture_digest;
use crate::engine::{Engine, EngineError, Start};
use crate::event::{Action, Outcome};
use thiserror::Error;

/// Most bytes of kept states. Why 512 MiB: 27 states of the shipped world, a fraction of what a
/// machine that runs it has.
pub const KEPT_BYTES_MAX: usize = 512 << 20;

/// Frames between kept states, as long as there is room: one second at the game's rate.
const INTERVAL_FRAMES: u64 = 35;

/// Why a frame cannot be seen.
#[derive(Debug, Error)]
pub enum RewindError {
    /// The tape does not go there.
    #[error("frame {frame} is not on the tape: it has {frames}")]
    NoSuchFrame {
        /// The frame that was asked for.
        frame: u64,
        /// Frames of the tape.
        frames: u64,
    },
    /// The engine stopped.
    #[error("frame {frame} cannot be made again")]
    Engine {
        /// The frame that was being made; 0 while the memory was filled.
        frame: u64,
        /// What the engine said.
        source: EngineError,
    },
}

/// A frame made again; it stays valid until the next call.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its number.
    pub frame: u64,
    /// What made it.
    pub action: Action,
    /// What came of it here.
    pub outcome: Outcome,
    /// RGB u8 rows.
    pub picture: &'a [u8],
}

/// The actions of a tape and an engine that makes its frames again, in any order.
///
/// States are kept every `INTERVAL_FRAMES` frames; when they reach their most bytes, every second
/// one goes and the interval doubles. So a seek runs at most one interval, and a walk forward runs
/// each frame once.
pub struct Rewind {
    engine: Box<dyn Engine + Send>,
    actions: Vec<Action>,
    /// What the engine made of each frame, where it did.
    outcomes: Vec<Option<Outcome>>,
    /// States before frame `interval * i`, one after the other.
    kept: Vec<Vec<u8>>,
    kept_bytes_max: usize,
    interval: u64,
    /// One more state and the frame it is before, where somebody goes on from.
    marked: Option<(u64, Vec<u8>)>,
    /// The frame that the engine would make next.
    next: u64,
    /// The last picture made: that of frame `next - 1`, where there is one.
    picture: Vec<u8>,
}

impl Rewind {
    /// Stands before frame 0 of `actions`.
    ///
    /// # Errors
    /// [`RewindError::Engine`] where the start does not fit the engine.
    pub fn new(
        engine: Box<dyn Engine + Send>,
        start: &Start,
        actions: &[Action],
    ) -> Result<Rewind, RewindError> {
        Rewind::within(engine, start, actions, KEPT_BYTES_MAX)
    }

    /// The same with at most `kept_bytes_max` bytes of states, one state at least.
    ///
    /// # Errors
    /// As [`Rewind::new`].
    pub fn within(
        mut engine: Box<dyn Engine + Send>,
        start: &Start,
        actions: &[Action],
        kept_bytes_max: usize,
    ) -> Result<Rewind, RewindError> {
        let failed = |source| RewindError::Engine { frame: 0, source };
        engine.reset(start).map_err(failed)?;
        let mut first = Vec::new();
        engine.save(&mut first).map_err(failed)?;
        Ok(Rewind {
            engine,
            actions: actions.to_vec(),
            outcomes: vec![None; actions.len()],
            kept: vec![first],
            kept_bytes_max,
            interval: INTERVAL_FRAMES,
            marked: None,
            next: 0,
            picture: Vec::new(),
        })
    }

    /// Frames that can be seen.
    pub fn frames(&self) -> u64 {
        self.actions.len() as u64
    }

    /// What the engine made of each frame, as far as it was asked.
    pub fn outcomes(&self) -> &[Option<Outcome>] {
        &self.outcomes
    }

    /// The engine, to say what it is.
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// Frames that [`Rewind::see`] would have to make to show `frame`.
    pub fn frames_to_make(&self, frame: u64) -> u64 {
        if frame < self.next {
            let is_shown = frame + 1 == self.next && !self.picture.is_empty();
            return if is_shown { 0 } else { frame + 1 - self.nearest(frame) };
        }
        frame + 1 - self.next.max(self.nearest(frame))
    }

    /// Makes frame `frame` again, from the nearest state before it.
    ///
    /// # Errors
    /// [`RewindError`]; another frame may be asked for after it.
    pub fn see(&mut self, frame: u64) -> Result<Seen<'_>, RewindError> {
        let frames = self.frames();
        if frame >= frames {
            return Err(RewindError::NoSuchFrame { frame, frames });
        }
        if self.frames_to_make(frame) > 0 {
            self.stand_before(frame)?;
            self.make_next()?;
        }
        let action = self.actions[frame as usize];
        let outcome = self.outcomes[frame as usize].expect("it was made");
        Ok(Seen { frame, action, outcome, picture: &self.picture })
    }

    /// Brings the engine to where it would make `frame` next: what looks at that frame's ops goes
    /// on from here, by [`Rewind::engine_before`].
    fn stand_before(&mut self, frame: u64) -> Result<(), RewindError> {
        let (from, state) = nearest(&self.kept, self.interval, self.marked.as_ref(), frame);
        if frame < self.next || from > self.next {
            let failed = |source| RewindError::Engine { frame: from, source };
            self.engine.load(state).map_err(failed)?;
            self.next = from;
            self.picture.clear();
        }
        while self.next < frame {
            self.make_next()?;
        }
        Ok(())
    }

    /// The engine, standing before `frame`, for one call of [`Engine::make`] of that frame with the
    /// action given here. Whatever is done with it, the next call starts from a kept state.
    ///
    /// # Errors
    /// As [`Rewind::see`].
    pub fn engine_before(
        &mut self,
        frame: u64,
    ) -> Result<(&mut (dyn Engine + Send), Action), RewindError> {
        let frames = self.frames();
        if frame >= frames {
            return Err(RewindError::NoSuchFrame { frame, frames });
        }
        self.stand_before(frame)?;
        self.forget_place();
        Ok((&mut *self.engine, self.actions[frame as usize]))
    }

    /// The state of the session before `frame`; before the frame that would follow the last, where
    /// `frame` is their number.
    ///
    /// # Errors
    /// As [`Rewind::see`].
    pub fn state_before(&mut self, frame: u64) -> Result<Vec<u8>, RewindError> {
        let frames = self.frames();
        if frame > frames {
            return Err(RewindError::NoSuchFrame { frame, frames });
        }
        self.stand_before(frame)?;
        let mut state = Vec::with_capacity(self.kept.last().map_or(0, Vec::len));
        let failed = |source| RewindError::Engine { frame, source };
        self.engine.save(&mut state).map_err(failed)?;
        Ok(state)
    }

    /// The engine with a state from elsewhere, for calls of [`Engine::make`] of `frame` with the
    /// action given here. Whatever is done with it, the next call starts from a kept state.
    ///
    /// # Errors
    /// As [`Rewind::see`], and where the bytes are no state of this model.
    pub fn engine_from(
        &mut self,
        frame: u64,
        state: &[u8],
    ) -> Result<(&mut (dyn Engine + Send), Action), RewindError> {
        let frames = self.frames();
        if frame >= frames {
            return Err(RewindError::NoSuchFrame { frame, frames });
        }
        self.forget_place();
        let failed = |source| RewindError::Engine { frame, source };
        self.engine.load(state).map_err(failed)?;
        Ok((&mut *self.engine, self.actions[frame as usize]))
    }

    /// What the engine holds is not known any more.
    fn forget_place(&mut self) {
        self.next = u64::MAX;
        self.picture.clear();
    }

    /// Keeps the state before `frame` beside the others, in place of the one that was marked
    /// before: frames from there on are as near as they can be.
    ///
    /// # Errors
    /// As [`Rewind::see`].
    pub fn mark(&mut self, frame: u64) -> Result<(), RewindError> {
        if self.marked.as_ref().is_none_or(|marked| marked.0 != frame) {
            self.marked = Some((frame, self.state_before(frame)?));
        }
        Ok(())
    }

    /// Which frame the last state at or before `frame` is before.
    fn nearest(&self, frame: u64) -> u64 {
        nearest(&self.kept, self.interval, self.marked.as_ref(), frame).0
    }

    fn make_next(&mut self) -> Result<(), RewindError> {
        let frame = self.next;
        let action = self.actions[frame as usize];
        // Where it fails, the engine's state is undefined.
        self.forget_place();
        let failed = |source| RewindError::Engine { frame, source };
        let made = self.engine.step(frame, action).map_err(failed)?;
        let (picture, state_sum) = (picture_digest(made.picture), made.state_sum);
        self.picture.extend_from_slice(made.picture);
        self.outcomes[frame as usize] = Some(Outcome { picture, state_sum });
        self.next = frame + 1;
        if self.next == self.kept.len() as u64 * self.interval {
            self.keep()?;
        }
        Ok(())
    }

    /// Keeps the state before `next`, if there is room; makes room by forgetting every second one.
    fn keep(&mut self) -> Result<(), RewindError> {
        let mut state = Vec::with_capacity(self.kept.last().map_or(0, Vec::len));
        let failed = |source| RewindError::Engine { frame: self.next, source };
        self.engine.save(&mut state).map_err(failed)?;
        let room = self.kept_bytes_max.saturating_sub(state.len());
        while self.kept_bytes() > room && self.kept.len() > 1 {
            self.forget_every_second();
        }
        let is_its_turn = self.next == self.kept.len() as u64 * self.interval;
        if is_its_turn && self.kept_bytes() <= room {
            self.kept.push(state);
        }
        Ok(())
    }

    fn kept_bytes(&self) -> usize {
        self.kept.iter().map(Vec::len).sum()
    }

    fn forget_every_second(&mut self) {
        let mut index = 0;
        self.kept.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.interval *= 2;
    }
}

/// The last state at or before `frame`, and the frame it is before. The marked one is nearer where
/// it lies between the kept one and `frame`.
fn nearest<'a>(
    kept: &'a [Vec<u8>],
    interval: u64,
    marked: Option<&'a (u64, Vec<u8>)>,
    frame: u64,
) -> (u64, &'a [u8]) {
    let index = (frame / interval).min(kept.len() as u64 - 1);
    let from = index * interval;
    match marked {
        Some((at, state)) if (from..=frame).contains(at) => (*at, state),
        _ => (from, &kept[index as usize]),
    }
}
