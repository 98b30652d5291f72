//! How close pictures are to what the game showed: decoded, one frame ahead, sixteen ahead.

use super::{Strip, Trial, mean};
use crate::evaluate::{EvaluateError, Gate, Group, psnr};

/// Frames of a free run.
pub(super) const FREE_FRAMES: usize = 16;
/// The other length that is reported.
const FREE_FRAMES_SHORT: usize = 8;
/// Free runs that a strip shows.
const SHOWN: usize = 6;
/// Their frames, counted from 1.
const SHOWN_FRAMES: [usize; 6] = [1, 2, 4, 8, 12, 16];

/// Decoded latents against the pictures that they were encoded from.
pub(super) fn reconstruction(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let plays = trial.data.episodes;
    let mut values = Vec::new();
    for (play, frame) in plays.spread(0..plays.frames, trial.counts.starts) {
        let made = trial.player.decode(plays.latents(play, frame..frame + 1))?;
        values.push(psnr(made, plays.picture(play, frame)));
        (trial.tick)(1);
    }
    Ok(vec![Group::Reconstruction.specs()[0].measured(mean(&values), values.len() as u64)])
}

/// One frame from true memory and the true action.
pub(super) fn next_frame(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let plays = trial.data.episodes;
    let mut values = Vec::new();
    for (seed, (play, frame)) in trial.starts(1)?.into_iter().enumerate() {
        trial.begin_at(seed, (play, frame))?;
        let made = trial.player.step(plays.action(play, frame))?;
        values.push(psnr(made, plays.picture(play, frame)));
        (trial.tick)(1);
    }
    Ok(vec![Group::NextFrame.specs()[0].measured(mean(&values), values.len() as u64)])
}

/// Many frames from true memory and the true actions; nothing of the game is seen on the way.
pub(super) fn free_running(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let plays = trial.data.episodes;
    let starts = trial.starts(FREE_FRAMES)?;
    let apart = starts.len().div_ceil(SHOWN);
    let mut strip = Strip { name: "free-running".to_owned(), rows: Vec::new() };
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for (seed, (play, first)) in starts.into_iter().enumerate() {
        trial.begin_at(seed, (play, first))?;
        let (mut real, mut world) = (Vec::new(), Vec::new());
        for n in 1..=FREE_FRAMES {
            let frame = first + n - 1;
            let shown = plays.picture(play, frame);
            let made = trial.player.step(plays.action(play, frame))?;
            match n {
                FREE_FRAMES_SHORT => short.push(psnr(made, shown)),
                FREE_FRAMES => long.push(psnr(made, shown)),
                _ => {}
            }
            if seed.is_multiple_of(apart) && SHOWN_FRAMES.contains(&n) {
                real.push(shown.to_vec());
                world.push(made.to_vec());
            }
            (trial.tick)(1);
        }
        if !real.is_empty() {
            strip.rows.push((format!("game, episode {play} from frame {first}"), real));
            strip.rows.push(("world, frames 1, 2, 4, 8, 12, 16".to_owned(), world));
        }
    }
    trial.strips.push(strip);
    let specs = Group::FreeRunning.specs();
    let gate =
        |spec: usize, values: &[f64]| specs[spec].measured(mean(values), values.len() as u64);
    Ok(vec![gate(0, &short), gate(1, &long)])
}
