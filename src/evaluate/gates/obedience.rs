//! Does a button do what it says? Measured on the world and, by the same rule, on the real game.

use super::{Strip, Trial, median};
use crate::evaluate::{EvaluateError, Gate, Group, Picture, Plays, Shifts, Spec, flash, zoom};
use crate::event::Action;

/// Frames that a turn is held.
const TURN_FRAMES: usize = 6;
/// Frames that forward and backward are held: the game's walker takes a while to turn about.
const WALK_FRAMES: usize = 18;
/// Pictures of a walk that are compared, by number.
const WALK_PAIRS: [(usize, usize); 4] = [(9, 11), (11, 13), (13, 15), (15, 17)];
/// Frames within which a flash must show.
const ATTACK_FRAMES: usize = 10;
/// Share of the height, from the top, where motion is looked for: below is the gun.
const BOTTOM: f32 = 0.65;
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
    let (plays, memory) = (trial.data.episodes, trial.memory());
    let quiet = |&(play, frame): &(usize, usize)| {
        (frame - memory..frame).all(|frame| !plays.action(play, frame).holds(button))
    };
    let quiet = chosen(places(&plays, memory, 1).filter(quiet).collect(), trial.counts.starts);
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
    let (plays, memory) = (trial.data.episodes, trial.memory());
    let score = |is_such: &dyn Fn(usize, usize) -> bool| {
        let such = places(&plays, memory, demand.frames);
        let such = such.filter(|&(play, frame)| is_such(play, frame)).collect();
        let such = chosen(such, trial.counts.starts);
        let obeyed = such.iter().filter(|&&(play, frame)| {
            let frames = frame..frame + demand.frames;
            let pictures: Vec<&[u8]> = frames.map(|frame| plays.picture(play, frame)).collect();
            judge.obeys(demand.sign, plays.picture(play, frame - 1), &pictures)
        });
        (obeyed.count(), such.len())
    };
    let holds = |play, frame| plays.action(play, frame).holds(button);
    let quiet = |play, frame| (frame - memory..frame).all(|frame| !holds(play, frame));
    let alone = Action::NONE.with(button);
    let (obeyed, count) = score(&|play, frame| match demand.sign {
        Sign::Flash => holds(play, frame) && quiet(play, frame),
        _ => (frame..frame + demand.frames).all(|frame| plays.action(play, frame) == alone),
    });
    let gate = match count {
        0 => gate.noting("the held-out play never does this".to_owned()),
        _ => gate.beside(obeyed as f64 / count as f64, count as u64),
    };
    match demand.sign {
        Sign::Flash => {
            let (seen, of) = score(&|play, frame| {
                quiet(play, frame) && (frame..frame + demand.frames).all(|f| !holds(play, f))
            });
            gate.noting(format!("seen in {seen} of {of} real spans without attack"))
        }
        _ => gate,
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
            Sign::Flash => pictures.iter().any(|rgb| flash(picture(before), picture(rgb))),
        }
    }

    /// Brightness of the rows above the gun.
    fn upper(&self, picture: Picture<'_>) -> Vec<f32> {
        let mut grey = picture.grey();
        let rows = (picture.height() as f32 * BOTTOM) as usize;
        grey.truncate(rows.max(1) * self.width);
        grey
    }
}
