//! Once round on the spot: is the view the same after a full circle?

use super::{Strip, Trial, mean, moments};
use crate::evaluate::{EvaluateError, Gate, Group, correlation, psnr};

/// Pictures of each circle that a strip shows.
const SHOWN: u64 = 8;

/// The last picture of a circle against the view that it began with. The world is given the first
/// frames as its memory and the game's own actions for the rest.
pub(super) fn circle(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let Some(circles) = trial.data.circles else {
        return Err(EvaluateError::Lacks("the held-out data has no circles".to_owned()));
    };
    let memory = circles.latents.min(trial.memory());
    if circles.frames <= memory {
        let what = format!("the circles have {} frames, all of them memory", circles.frames);
        return Err(EvaluateError::Lacks(what));
    }
    let mut strip = Strip { name: "circle".to_owned(), rows: Vec::new() };
    let mut values: [Vec<f64>; 4] = Default::default();
    let last = circles.frames - 1;
    for play in 0..circles.count {
        let before = circles.picture(play, 0);
        let (latents, actions) =
            (circles.latents(play, 0..memory), circles.actions(play, 0..memory));
        trial.player.begin(play as u64, latents, actions)?;
        let mut view = Vec::new();
        let mut world = Vec::new();
        let shown = |frame| moments(last as u64, SHOWN).any(|moment| moment == frame as u64);
        for frame in memory..circles.frames {
            view = trial.player.step(circles.action(play, frame))?.to_vec();
            if shown(frame) {
                world.push(view.clone());
            }
            (trial.tick)(1);
        }
        let after = circles.picture(play, last);
        let found = [
            psnr(&view, before),
            psnr(after, before),
            correlation(&view, before),
            correlation(after, before),
        ];
        values.iter_mut().zip(found).for_each(|(values, value)| values.push(value));
        let real = (0..circles.frames).filter(|&frame| shown(frame));
        let real = real.map(|frame| circles.picture(play, frame).to_vec());
        strip.rows.push((format!("game, circle {play}"), real.collect()));
        // The memory is the game's own.
        let known = (0..memory).filter(|&frame| shown(frame));
        let known = known.map(|frame| circles.picture(play, frame).to_vec());
        strip.rows.push(("world".to_owned(), known.chain(world).collect()));
    }
    trial.strips.push(strip);
    let count = circles.count as u64;
    let gate = |spec: usize, of: usize| {
        let gate = Group::Circle.specs()[spec].measured(mean(&values[of]), count);
        gate.beside(mean(&values[of + 1]), count)
    };
    Ok(vec![gate(0, 0), gate(1, 2)])
}
