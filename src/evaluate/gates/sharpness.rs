//! Does long play keep the detail of the game? Blur and noise both show.

use super::{Strip, Trial, mean, moments};
use crate::evaluate::{EvaluateError, Gate, Group, Picture};

/// Frames of a play.
pub(super) const FRAMES: u64 = 600;
/// The first that counts.
const FIRST: u64 = 60;
/// Pictures of each play that a strip shows.
const SHOWN: u64 = 6;

/// Gradient energy of frames 60 to 600 of long plays over that of real frames. The actions are
/// the held-out play's, begun anew where it ends. Beside it, the same of real latents, decoded:
/// more than that no world has but by noise.
pub(super) fn sharpness(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let (real, real_count) = trial.real_energy();
    if real <= 0.0 {
        return Err(EvaluateError::Lacks("the held-out pictures are all flat".to_owned()));
    }
    let plays = trial.data.episodes;
    let first = trial.memory();
    trial.starts(1)?;
    let mut strip = Strip { name: "sharpness".to_owned(), rows: Vec::new() };
    let mut energies = Vec::new();
    let places = plays.spread(first..first + 1, trial.counts.long_plays());
    for (seed, (play, first)) in places.into_iter().enumerate() {
        trial.begin_at(seed, (play, first))?;
        let mut shown = Vec::new();
        for frame in 0..FRAMES {
            let action = plays.action(play, (first + frame as usize) % plays.frames);
            let made = trial.player.step(action)?;
            let picture = Picture { width: trial.data.width, rgb: made };
            if frame >= FIRST {
                energies.push(picture.gradient_energy());
            }
            if moments(FRAMES - 1, SHOWN).any(|moment| moment == frame) {
                shown.push(made.to_vec());
            }
            (trial.tick)(1);
        }
        strip.rows.push((format!("world, the actions of episode {play}"), shown));
    }
    trial.strips.push(strip);
    let gate = Group::Sharpness.specs()[0].measured(mean(&energies) / real, energies.len() as u64);
    let (drawn, drawn_count) = drawn_energy(trial)?;
    let gate = gate.beside(drawn / real, drawn_count);
    Ok(vec![gate.noting(format!("mean of {real_count} real frames: {real:.1}"))])
}

/// Mean gradient energy of what the decoder draws of real frames' latents, and of how many.
fn drawn_energy(trial: &mut Trial<'_>) -> Result<(f64, u64), EvaluateError> {
    let (plays, width) = (trial.data.episodes, trial.data.width);
    let mut energies = Vec::new();
    for (play, frame) in trial.real_places() {
        let rgb = trial.player.decode(plays.latents(play, frame..frame + 1))?;
        energies.push(Picture { width, rgb }.gradient_energy());
    }
    Ok((mean(&energies), energies.len() as u64))
}
