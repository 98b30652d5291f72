//! Measures the gates of a world: what is played, and what is made of it.

mod circle;
mod fidelity;
mod obedience;
mod sharpness;
mod stability;

use super::{Counts, EvaluateError, Gate, Group, HeldOut, Picture, Player};
use crate::event::Action;
use rayon::ThreadPool;

/// Real frames behind a mean over real frames.
const REAL_FRAMES: usize = 500;

/// Everything that gates are measured with.
pub struct Trial<'a> {
    /// The world.
    pub player: Player<'a>,
    /// The world again, for long plays at the same time; where there is none, `player` makes them
    /// one after the other. The results are the same.
    pub crew: Vec<Hand<'a>>,
    /// What the real game showed.
    pub data: HeldOut<'a>,
    /// Size of the world file.
    pub file_bytes: u64,
    /// The world's buttons, in the order of an action's bits.
    pub buttons: Vec<String>,
    /// The world's own prompts: latents one after the other, and their actions.
    pub prompts: Vec<(Vec<f32>, Vec<Action>)>,
    /// From which of them, in rising order, stability plays begin.
    pub played_prompts: Vec<usize>,
    /// How much is measured.
    pub counts: Counts,
    /// Pictures for people, as far as gates were measured.
    pub strips: Vec<Strip>,
    /// Told of every frame that was made.
    pub tick: &'a mut (dyn FnMut(u64) + Send),
}

/// One of several players, and the threads that its engine shall use.
pub struct Hand<'a> {
    /// The world.
    pub player: Player<'a>,
    /// Where it is played.
    pub pool: &'a ThreadPool,
}

/// Pictures of one size in rows, for people to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip {
    /// Name of a file without its ending.
    pub name: String,
    /// What each row shows, and its pictures.
    pub rows: Vec<(String, Vec<Vec<u8>>)>,
}

/// Measures the gates of a group. Where one cannot be measured, it says why.
///
/// # Errors
/// [`EvaluateError`] where no gate of the group could be.
pub fn measure(group: Group, trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    match group {
        Group::File => Ok(vec![group.specs()[0].measured(trial.file_bytes as f64, 1)]),
        Group::Reconstruction => fidelity::reconstruction(trial),
        Group::NextFrame => fidelity::next_frame(trial),
        Group::FreeRunning => fidelity::free_running(trial),
        Group::Sharpness => sharpness::sharpness(trial),
        Group::Stability => stability::stability(trial),
        Group::Obedience => obedience::obedience(trial),
        Group::Circle => circle::circle(trial),
    }
}

/// Frames that a group makes at most, for a bar of progress, of a world with so many prompts and
/// buttons.
pub fn planned_frames(
    group: Group,
    counts: Counts,
    data: &HeldOut<'_>,
    prompts: usize,
    buttons: usize,
) -> u64 {
    let starts = counts.starts as u64;
    match group {
        Group::File => 0,
        Group::Reconstruction | Group::NextFrame => starts,
        Group::FreeRunning => starts * fidelity::FREE_FRAMES as u64,
        Group::Sharpness => counts.long_plays() as u64 * sharpness::FRAMES,
        Group::Stability => (prompts * stability::kinds(buttons)) as u64 * counts.frames,
        Group::Obedience => starts * obedience::FRAMES_OF_A_START as u64,
        Group::Circle => {
            let frames = data.circles.map_or(0, |plays| plays.count * plays.frames);
            frames as u64
        }
    }
}

impl Trial<'_> {
    /// Frames of memory that plays begin with: those of the world's longest prompt, at least one.
    fn memory(&self) -> usize {
        let frames = self.prompts.iter().map(|(_, actions)| actions.len()).max();
        frames.unwrap_or(0).max(1)
    }

    /// At most as many places of the held-out play as there are starts, from which `frames` frames
    /// of play lie ahead and the memory behind.
    fn starts(&self, frames: usize) -> Result<Vec<(usize, usize)>, EvaluateError> {
        let (first, has) = (self.memory(), self.data.episodes.frames);
        if has < first + frames {
            let needs = first + frames;
            let what = format!("the episodes have {has} frames; this gate needs {needs}");
            return Err(EvaluateError::Lacks(what));
        }
        let places = self.data.episodes.spread(first..has + 1 - frames, self.counts.starts);
        Ok(places)
    }

    /// Begins a play at a place of the held-out episodes: its memory is what came before.
    fn begin_at(
        &mut self,
        seed: usize,
        (play, frame): (usize, usize),
    ) -> Result<(), EvaluateError> {
        let memory = frame - self.memory()..frame;
        let latents = self.data.episodes.latents(play, memory.clone());
        let actions = self.data.episodes.actions(play, memory);
        self.player.begin(seed as u64, latents, actions)
    }

    /// A picture of this world's size.
    fn picture<'p>(&self, rgb: &'p [u8]) -> Picture<'p> {
        Picture { width: self.data.width, rgb }
    }

    /// Places of the real frames that means are over.
    fn real_places(&self) -> Vec<(usize, usize)> {
        let plays = self.data.episodes;
        plays.spread(0..plays.frames, REAL_FRAMES)
    }

    /// Mean of a measure over real frames, and over how many.
    fn real_mean(&self, measure: impl Fn(usize, usize) -> f64) -> (f64, u64) {
        let places = self.real_places();
        let values: Vec<f64> = places.iter().map(|&(play, frame)| measure(play, frame)).collect();
        (mean(&values), values.len() as u64)
    }

    /// Mean gradient energy of real frames, and over how many.
    fn real_energy(&self) -> (f64, u64) {
        self.real_mean(|play, frame| {
            self.picture(self.data.episodes.picture(play, frame)).gradient_energy()
        })
    }
}

/// Mean of at least one value.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The middle value; of an even number, the mean of both in the middle; 0 of none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[middle],
        _ => 0.5 * (values[middle - 1] + values[middle]),
    }
}

/// `count` numbers from 0 to `last`, both among them, spread evenly.
fn moments(last: u64, count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |i| i * last / (count - 1).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn moments_reach_from_the_first_to_the_last() {
        assert_eq!(moments(10, 3).collect::<Vec<_>>(), [0, 5, 10]);
        assert_eq!(moments(10, 1).collect::<Vec<_>>(), [0]);
    }
}
