//! Does a button do what it says? Measured on the world and, by the same rule, on the real game.

use super::{Strip, Trial, median};
use crate::evaluate::flash::ABOVE_THE_MUZZLE;
use crate::evaluate::{EvaluateError, Gate, Group, Picture, Plays, Shifts, Spec, flash, zoom};
use crate::event::Action;

/// Frames that a turn is held.
const TURN_FRAMES: usize = 6;
/// Frames that forward and backward are held: the game's walker takes seven to turn about.
const WALK_FRAMES: usize = 14;
/// The last of these, in which a real player must not turn to be measured.
const STRAIGHT_FRAMES: usize = 5;
/// Pictures of a walk that are compared, by number: all within the straight frames.
const WALK_PAIRS: [(usize, usize); 3] = [(9, 11), (10, 12), (11, 13)];
/// Frames within which a flash must show.
const ATTACK_FRAMES: usize = 10;
/// Share of the height, from the top, where growth is looked for: below is the gun.
const BOTTOM: f32 = 0.65;
/// Where the real game shows a sign in fewer of its spans, the world is not judged by it: a player
/// without ammunition makes no flash.
const REAL_LEAST: f64 = 0.5;
/// Pictures of each row of the strip.
const SHOWN: usize = 6;

/// Frames that are made from one start, over all buttons.
pub(super) const FRAMES_OF_A_START: usize = 2 * TURN_FRAMES + 2 * WALK_FRAMES + ATTACK_FRAMES;

/// A button and what pressing it must show.
#[derive(Clone, Copy, Debug)]
struct Demand {
    button: &'static str,
    /// Frames that it is held.
    frames: usize,
    sign: Sign,
}

/// What shows that a button is obeyed.
#[derive(Clone, Copy, Debug)]
enum Sign {
    /// The picture moves sideways; 1 is to the right.
    Shift(f64),
    /// The picture grows (1) or shrinks (-1).
    Zoom(f64),
    /// The gun flashes.
    Flash,
}

/// In the order of the gates.
const DEMANDS: [Demand; 5] = [
    // Who turns left sees the world move right.
    Demand { button: "left", frames: TURN_FRAMES, sign: Sign::Shift(1.0) },
    Demand { button: "right", frames: TURN_FRAMES, sign: Sign::Shift(-1.0) },
    Demand { button: "forward", frames: WALK_FRAMES, sign: Sign::Zoom(1.0) },
    Demand { button: "backward", frames: WALK_FRAMES, sign: Sign::Zoom(-1.0) },
    Demand { button: "attack", frames: ATTACK_FRAMES, sign: Sign::Flash },
];

/// All buttons.
pub(super) fn obedience(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let judge = Judge { shifts: Shifts::new(trial.data.width), width: trial.data.width };
    let mut strip = Strip { name: "obedience".to_owned(), rows: Vec::new() };
    let mut gates = Vec::new();
    for (demand, spec) in DEMANDS.iter().zip(Group::Obedience.specs()) {
        match one_button(trial, &judge, demand, spec, &mut strip) {
            Err(EvaluateError::Lacks(why)) => gates.push(spec.unmeasured(&why)),
            gate => gates.push(gate?),
        }
    }
    trial.strips.push(strip);
    Ok(gates)
}

fn one_button(
    trial: &mut Trial<'_>,
    judge: &Judge,
    demand: &Demand,
    spec: &Spec,
    strip: &mut Strip,
) -> Result<Gate, EvaluateError> {
    let button = trial.buttons.iter().position(|name| name == demand.button);
    let lacks = || EvaluateError::Lacks(format!("the world has no button {}", demand.button));
    let button = button.ok_or_else(lacks)?;
    let starts = starts(trial, demand, button)?;
    let (count, mut obeyed) = (starts.len(), 0);
    for (seed, (play, frame)) in starts.into_iter().enumerate() {
        trial.begin_at(seed, (play, frame))?;
        let mut made = Vec::new();
        for _ in 0..demand.frames {
            made.push(trial.player.step(Action::NONE.with(button))?.to_vec());
            (trial.tick)(1);
        }
        let pictures: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
        let before = trial.data.episodes.picture(play, frame - 1);
        obeyed += u64::from(judge.obeys(demand.sign, before, &pictures));
        if seed == count / 2 {
            let apart = demand.frames.div_ceil(SHOWN);
            let shown = made.iter().step_by(apart).cloned().collect();
            strip.rows.push((format!("{}, every {apart} frames", demand.button), shown));
        }
    }
    let gate = spec.measured(obeyed as f64 / count as f64, count as u64);
    Ok(beside_the_game(trial, judge, demand, button, gate))
}

/// Where plays start: for the gun, only where it was not fired within the memory.
fn starts(
    trial: &Trial<'_>,
    demand: &Demand,
    button: usize,
) -> Result<Vec<(usize, usize)>, EvaluateError> {
    if !matches!(demand.sign, Sign::Flash) {
        return trial.starts(1);
    }
    trial.starts(1)?;
    let done = Done::new(trial, demand, button);
    let quiet = |&(play, frame): &(usize, usize)| done.quiet(play, frame);
    let quiet = places(&done.plays, done.memory, 1).filter(quiet).collect();
    let quiet = chosen(quiet, trial.counts.starts);
    match quiet.is_empty() {
        true => Err(EvaluateError::Lacks("the held-out play never stops shooting".to_owned())),
        false => Ok(quiet),
    }
}

/// The same rule on what the game showed where its player did just this.
fn beside_the_game(
    trial: &Trial<'_>,
    judge: &Judge,
    demand: &Demand,
    button: usize,
    gate: Gate,
) -> Gate {
    let plays = trial.data.episodes;
    let done = Done::new(trial, demand, button);
    let score = |is_such: &dyn Fn(usize, usize) -> bool| {
        let such = places(&plays, done.memory, demand.frames);
        let such = such.filter(|&(play, frame)| is_such(play, frame)).collect();
        let such = chosen(such, trial.counts.starts);
        let obeyed = such.iter().filter(|&&(play, frame)| {
            let frames = frame..frame + demand.frames;
            let pictures: Vec<&[u8]> = frames.map(|frame| plays.picture(play, frame)).collect();
            judge.obeys(demand.sign, plays.picture(play, frame - 1), &pictures)
        });
        (obeyed.count(), such.len())
    };
    let (obeyed, count) = score(&|play, frame| done.just_this(play, frame));
    if count == 0 {
        return gate.noting("the held-out play never does this".to_owned());
    }
    let real = obeyed as f64 / count as f64;
    let mut gate = gate.beside(real, count as u64);
    if matches!(demand.sign, Sign::Flash) {
        let (seen, of) = score(&|play, frame| done.nothing_of_it(play, frame));
        gate = gate.noting(format!("seen in {seen} of {of} real spans without {}", demand.button));
    }
    if real < REAL_LEAST {
        let why = "the real game does not show it either in this data: not judged";
        gate = Gate { passed: None, ..gate.noting(why.to_owned()) };
    }
    gate
}

/// What the player of the held-out play did.
struct Done<'a> {
    plays: Plays<'a>,
    memory: usize,
    frames: usize,
    sign: Sign,
    button: usize,
    /// Buttons that would hide the sign: the other way, and turns.
    opposite: Option<usize>,
    turns: Vec<usize>,
}

impl<'a> Done<'a> {
    fn new(trial: &Trial<'a>, demand: &Demand, button: usize) -> Done<'a> {
        let index = |name: &str| trial.buttons.iter().position(|button| button == name);
        let (frames, sign) = (demand.frames, demand.sign);
        let opposite = index(if demand.button == "forward" { "backward" } else { "forward" });
        let turns = ["left", "right"].into_iter().filter_map(index).collect();
        let (plays, memory) = (trial.data.episodes, trial.memory());
        Done { plays, memory, frames, sign, button, opposite, turns }
    }

    fn holds(&self, play: usize, frame: usize, button: usize) -> bool {
        self.plays.action(play, frame).holds(button)
    }

    /// Does the button's span begin here, so that its sign must show?
    fn just_this(&self, play: usize, frame: usize) -> bool {
        let mut span = frame..frame + self.frames;
        match self.sign {
            Sign::Flash => self.holds(play, frame, self.button) && self.quiet(play, frame),
            Sign::Shift(_) => {
                span.all(|frame| self.plays.action(play, frame) == Action::NONE.with(self.button))
            }
            Sign::Zoom(_) => {
                let turning = |frame| self.turns.iter().any(|&turn| self.holds(play, frame, turn));
                let straight = span.end - STRAIGHT_FRAMES..span.end;
                let walks = span.all(|frame| {
                    let back = self.opposite.is_some_and(|button| self.holds(play, frame, button));
                    self.holds(play, frame, self.button) && !back
                });
                walks && !straight.into_iter().any(turning)
            }
        }
    }

    /// Is the button neither held in the span nor in the memory before it?
    fn nothing_of_it(&self, play: usize, frame: usize) -> bool {
        let mut span = frame..frame + self.frames;
        self.quiet(play, frame) && span.all(|frame| !self.holds(play, frame, self.button))
    }

    /// Was the button not held in the memory before this frame?
    fn quiet(&self, play: usize, frame: usize) -> bool {
        (frame - self.memory..frame).all(|frame| !self.holds(play, frame, self.button))
    }
}

/// Every place with the memory behind it and `frames` frames ahead.
fn places(plays: &Plays<'_>, memory: usize, frames: usize) -> impl Iterator<Item = (usize, usize)> {
    let last = (plays.frames + 1).saturating_sub(frames);
    (0..plays.count).flat_map(move |play| (memory..last).map(move |frame| (play, frame)))
}

/// At most `count` of them, spread evenly.
fn chosen(all: Vec<(usize, usize)>, count: usize) -> Vec<(usize, usize)> {
    let count = count.min(all.len());
    (0..count).map(|i| all[(2 * i + 1) * all.len() / (2 * count)]).collect()
}

/// The rules.
struct Judge {
    shifts: Shifts,
    width: usize,
}

impl Judge {
    /// Do the pictures show the sign? `before` is what was seen before the first of them.
    fn obeys(&self, sign: Sign, before: &[u8], pictures: &[&[u8]]) -> bool {
        let picture = |rgb| Picture { width: self.width, rgb };
        match sign {
            Sign::Shift(sign) => {
                let rows: Vec<Vec<f32>> =
                    pictures.iter().map(|rgb| self.upper(picture(rgb))).collect();
                let pairs = rows.windows(2);
                let mut shifts: Vec<f64> =
                    pairs.map(|pair| self.shifts.shift(&pair[0], &pair[1])).collect();
                sign * median(&mut shifts) > 0.0
            }
            Sign::Zoom(sign) => {
                let grey = |index: usize| picture(pictures[index]).grey();
                let mut zooms =
                    WALK_PAIRS.map(|(a, b)| zoom(&grey(a), &grey(b), self.width, BOTTOM));
                sign * median(&mut zooms) > 0.0
            }
            Sign::Flash => {
                let earlier = std::iter::once(&before).chain(pictures);
                earlier.zip(pictures).any(|(rgb, next)| flash(picture(rgb), picture(next)))
            }
        }
    }

    /// Brightness of the rows above the muzzle: gun and flash stand still while the view turns.
    fn upper(&self, picture: Picture<'_>) -> Vec<f32> {
        let mut grey = picture.grey();
        let rows = (picture.height() as f64 * ABOVE_THE_MUZZLE) as usize;
        grey.truncate(rows.max(1) * self.width);
        grey
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::scene::scene;

    /// A view that moved by `offset` pixels, as bytes, with a flash in front of it.
    fn turned(offset: f32) -> Vec<u8> {
        let (width, height) = (128, 96);
        let faint = |value: f32| (100.0 + 0.1 * (value - 100.0)).clamp(0.0, 255.0) as u8;
        let view = scene(width, height, |x, y| (3.0 * (x - offset), y)).into_iter().map(faint);
        let mut bytes: Vec<u8> = view.flat_map(|grey| [grey; 3]).collect();
        for (x, y) in (50..62).flat_map(|y| (54..74).map(move |x| (x, y))) {
            bytes[3 * (y * width + x)..][..3].copy_from_slice(&[255; 3]);
        }
        bytes
    }

    #[test]
    fn a_turn_is_seen_behind_a_flash_that_stands_still() {
        let judge = Judge { shifts: Shifts::new(128), width: 128 };
        for (pixels, sign) in [(4.0, 1.0), (-4.0, -1.0)] {
            let pictures: Vec<Vec<u8>> = (0..6).map(|i| turned(i as f32 * pixels)).collect();
            let pictures: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
            assert!(judge.obeys(Sign::Shift(sign), pictures[0], &pictures));
            assert!(!judge.obeys(Sign::Shift(-sign), pictures[0], &pictures));
        }
    }
}
