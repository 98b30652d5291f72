//! Whole plays: tapes made again, every way to run, out of saved states, and for long.

use super::value::Value;
use super::variant::Variant;
use super::{CheckError, Tally, Tick, at_place};
use crate::drive::picture_digest;
use crate::engine::{Engine, EngineError, Start};
use crate::event::{Action, Outcome};
use crate::program::Model;
use std::sync::Arc;

/// Frames that [`variants`] makes each way.
pub const FRAMES_OF_VARIANT: usize = 40;
/// Frames that [`save_and_load`] makes: the state is saved when half of them are made. Why 24: with
/// its prompt, the memory of the shipped world has wrapped by then.
pub const FRAMES_OF_SAVE: usize = 24;

/// A session that was recorded, ready to be made again.
#[derive(Clone, Debug)]
pub struct Play {
    /// What reports call it.
    pub name: String,
    /// The world's programs.
    pub model: Arc<Model>,
    /// How the session begins.
    pub start: Start,
    /// The player's actions, from frame 0.
    pub actions: Vec<Action>,
    /// What each frame came to, from frame 0; never more than actions.
    pub outcomes: Vec<Outcome>,
}

/// An engine in the middle of a play.
struct Player<'a> {
    play: &'a Play,
    engine: &'a mut (dyn Engine + Send),
    tally: &'a mut Tally,
    tick: &'a mut Tick<'a>,
    /// The play and the way to run, for reports.
    place: String,
}

/// A state and what the engine saved after a further half.
struct Saved {
    middle: Vec<u8>,
    end: Vec<u8>,
}

/// Every frame of the play is what it was.
///
/// # Errors
/// Where the engine cannot be made or stops.
pub fn tape(
    play: &Play,
    variant: &dyn Variant,
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    tally.cases += 1;
    play.on(variant, tally, tick, |player| player.begin_and_hold(play.outcomes.len()))
}

/// The first frames of the play are what they were, every way to run.
///
/// # Errors
/// Where an engine cannot be made or stops.
pub fn variants(
    play: &Play,
    variants: &[Box<dyn Variant>],
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    for variant in variants {
        tally.cases += 1;
        let frames = play.outcomes.len().min(FRAMES_OF_VARIANT);
        play.on(variant.as_ref(), tally, tick, |player| player.begin_and_hold(frames))?;
    }
    Ok(())
}

/// The first of `frames` frames of the play that is not what it was, one way to run.
///
/// # Errors
/// Where the engine cannot be made or stops.
pub fn first_drift(
    play: &Play,
    frames: usize,
    variant: &dyn Variant,
    tick: &mut Tick<'_>,
) -> Result<Option<u64>, CheckError> {
    play.on(variant, &mut Tally::default(), tick, |player| {
        player.begin()?;
        for (frame, expected) in play.outcomes.iter().enumerate().take(frames) {
            let made = player.go_on(frame, &play.actions[frame..frame + 1])?;
            if made != [*expected] {
                return Ok(Some(frame as u64));
            }
        }
        Ok(None)
    })
}

/// A state saved in the middle of the play is the same bytes as `other` saves there, and brings the
/// same frames again, in the engine that saved it and in a new one.
///
/// # Errors
/// Where an engine cannot be made, stops, or refuses the state.
pub fn save_and_load(
    play: &Play,
    variant: &dyn Variant,
    other: &dyn Variant,
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    tally.cases += 4;
    let saved = play.on(variant, tally, tick, |player| {
        let saved = player.save_twice()?;
        player.place.push_str(", loaded again");
        player.load(&saved)?;
        Ok(saved)
    })?;
    play.on(variant, tally, tick, |player| {
        player.place.push_str(", loaded into a new engine");
        player.load(&saved)
    })?;
    let name = variant.name();
    play.on(other, tally, tick, |player| {
        let others = player.save_twice()?;
        let place = player.place.clone();
        for (when, others, ours) in
            [("middle", others.middle, &saved.middle), ("end", others.end, &saved.end)]
        {
            let named = || format!("{place} and {name}, state in the {when}");
            hold_bytes(player.tally, named, &others, ours);
        }
        Ok(())
    })
}

/// The play's actions over and over, for `frames` frames, twice from the start: both come to the
/// same, and to what the tape holds of them.
///
/// # Errors
/// Where the engine cannot be made or stops.
pub fn long(
    play: &Play,
    frames: usize,
    variant: &dyn Variant,
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    tally.cases += 1;
    let actions: Vec<Action> = play.actions.iter().copied().cycle().take(frames).collect();
    play.on(variant, tally, tick, |player| {
        player.begin()?;
        let first = player.go_on(0, &actions)?;
        let covered = first.len().min(play.outcomes.len());
        player.hold(0, &play.outcomes[..covered], &first[..covered]);
        player.place.push_str(", the second time");
        player.begin()?;
        let second = player.go_on(0, &actions)?;
        player.hold(0, &first, &second);
        Ok(())
    })
}

impl Play {
    /// Does `work` with a player of this play.
    fn on<T>(
        &self,
        variant: &dyn Variant,
        tally: &mut Tally,
        tick: &mut Tick<'_>,
        work: impl FnOnce(&mut Player<'_>) -> Result<T, EngineError>,
    ) -> Result<T, CheckError> {
        let place = format!("{} with {}", self.name, variant.name());
        let ran = variant.engine(&self.model).and_then(|mut engine| {
            let mut tick = |count| tick(count);
            let (engine, place) = (engine.as_mut(), place.clone());
            work(&mut Player { play: self, engine, tally, tick: &mut tick, place })
        });
        ran.map_err(at_place(|| place))
    }

    /// The frames after which a state is saved.
    fn halves(&self) -> (usize, usize) {
        let end = self.outcomes.len().min(FRAMES_OF_SAVE);
        (end / 2, end)
    }
}

impl Player<'_> {
    fn begin(&mut self) -> Result<(), EngineError> {
        self.engine.reset(&self.play.start)
    }

    /// Makes frames from number `first` on.
    fn go_on(&mut self, first: usize, actions: &[Action]) -> Result<Vec<Outcome>, EngineError> {
        let mut outcomes = Vec::with_capacity(actions.len());
        for (frame, &action) in (first as u64..).zip(actions) {
            let made = self.engine.step(frame, action)?;
            let picture = picture_digest(made.picture);
            outcomes.push(Outcome { picture, state_sum: made.state_sum });
            self.tally.runs += 1;
            (self.tick)(1);
        }
        Ok(outcomes)
    }

    /// Makes the frames of a range that the tape covers and holds them against it.
    fn go_on_and_hold(&mut self, frames: std::ops::Range<usize>) -> Result<(), EngineError> {
        let play = self.play;
        let found = self.go_on(frames.start, &play.actions[frames.clone()])?;
        self.hold(frames.start, &play.outcomes[frames], &found);
        Ok(())
    }

    fn begin_and_hold(&mut self, frames: usize) -> Result<(), EngineError> {
        self.begin()?;
        self.go_on_and_hold(0..frames)
    }

    /// Counts the frames that differ, the first of which has number `first`.
    fn hold(&mut self, first: usize, expected: &[Outcome], found: &[Outcome]) {
        let pairs = || (first..).zip(expected.iter().zip(found));
        let differing = pairs().filter(|(_, (expected, found))| expected != found).count();
        self.tally.differs(differing as u64, || {
            let mut pairs = pairs().filter(|(_, (expected, found))| expected != found);
            let told = pairs.next().map(|(frame, (e, f))| difference(frame, e, f));
            let told = told.unwrap_or_default();
            format!("{}: {told}; {differing} of {} frames differ", self.place, found.len())
        });
    }

    /// Plays from the start to the middle and to the end, saving at both.
    fn save_twice(&mut self) -> Result<Saved, EngineError> {
        let (middle, end) = self.play.halves();
        self.begin_and_hold(middle)?;
        let saved_middle = self.saved()?;
        self.go_on_and_hold(middle..end)?;
        Ok(Saved { middle: saved_middle, end: self.saved()? })
    }

    /// Goes on from a state saved in the middle: state, frames and the state at the end are as they
    /// were.
    fn load(&mut self, saved: &Saved) -> Result<(), EngineError> {
        let (middle, end) = self.play.halves();
        self.engine.load(&saved.middle)?;
        let again = self.saved()?;
        let place = self.place.clone();
        hold_bytes(self.tally, || format!("{place}, saved again"), &saved.middle, &again);
        self.go_on_and_hold(middle..end)?;
        let again = self.saved()?;
        hold_bytes(self.tally, || format!("{place}, saved at the end"), &saved.end, &again);
        Ok(())
    }

    fn saved(&self) -> Result<Vec<u8>, EngineError> {
        let mut bytes = Vec::new();
        self.engine.save(&mut bytes)?;
        Ok(bytes)
    }
}

/// What differs in one frame, the state first: it drifts before the picture does.
fn difference(frame: usize, expected: &Outcome, found: &Outcome) -> String {
    let mut told = format!("frame {frame}");
    if expected.state_sum != found.state_sum {
        let (found, expected) = (found.state_sum, expected.state_sum);
        told.push_str(&format!(": state sum {found:#018x}, not {expected:#018x}"));
    }
    if expected.picture != found.picture {
        let (found, expected) = (found.picture.short(), expected.picture.short());
        told.push_str(&format!(": picture {found}, not {expected}"));
    }
    told
}

/// Counts one difference where a saved state is not the bytes it must be.
fn hold_bytes(tally: &mut Tally, place: impl FnOnce() -> String, expected: &[u8], found: &[u8]) {
    let difference = Value::U8(expected.to_vec()).difference(found);
    tally.differs(u64::from(difference.is_some()), || {
        format!("{}: as bytes, {}", place(), difference.unwrap_or_default())
    });
}
