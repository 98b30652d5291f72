//! Does a world stay a world? Every prompt, held buttons, none, chance and a tour, for long.

use super::{Strip, Trial, moments};
use crate::engine::EngineError;
use crate::evaluate::picture::deviation;
use crate::evaluate::{EvaluateError, Gate, Group, Picture, Steady, random, scripted};
use crate::event::Action;

/// Frames from one look at the latent to the next: looking runs every op by itself.
const LATENT_EVERY: u64 = 10;
/// Frames of a window of gradient energy.
const WINDOW: u64 = 100;
/// A picture whose bytes deviate less is a flat colour.
const FLAT_DEVIATION: f64 = 3.0;
/// Share of flat frames that is allowed above the real game's.
const FLAT_SHARE: f64 = 0.01;
/// Pictures of each play that a strip shows.
const SHOWN: u64 = 8;

/// A way to play.
#[derive(Clone, Debug)]
enum Kind {
    Steady(Steady),
    Scripted,
    Random,
}

impl Kind {
    fn name(&self) -> &str {
        match self {
            Kind::Steady(steady) => &steady.name,
            Kind::Scripted => "scripted",
            Kind::Random => "random",
        }
    }

    fn action(&self, seed: u64, frame: u64, buttons: &[String]) -> Action {
        match self {
            Kind::Steady(steady) => steady.action,
            Kind::Scripted => scripted(frame, buttons),
            Kind::Random => random(seed, frame, buttons.len()),
        }
    }
}

/// Every way to play a world with these buttons.
fn all_kinds(buttons: &[String]) -> Vec<Kind> {
    let steady = Steady::all(buttons).into_iter().map(Kind::Steady);
    steady.chain([Kind::Scripted, Kind::Random]).collect()
}

/// How many ways there are with so many buttons: each, none, the tour, chance.
pub(super) fn kinds(buttons: usize) -> usize {
    buttons + 3
}

/// What a play came to.
#[derive(Debug, Default)]
struct Seen {
    /// Spreads of latents.
    spreads: Vec<f64>,
    /// Mean gradient energy of each window.
    energies: Vec<f64>,
    frames: u64,
    flat_frames: u64,
    /// What stopped it, where something did.
    stopped: Option<EngineError>,
    shown: Vec<Vec<u8>>,
}

/// All plays, judged.
#[derive(Debug)]
struct Tally {
    /// Mean spread of the data's latents and mean gradient energy of its pictures.
    real: (f64, f64),
    plays: u64,
    least: Extreme,
    most: Extreme,
    energy: Extreme,
    frames: u64,
    flat_frames: u64,
    stopped: Vec<String>,
}

/// The worst of many values, where it was, and in how many plays the limit is broken.
#[derive(Debug, Default)]
struct Extreme {
    value: Option<f64>,
    count: u64,
    plays_outside: u64,
    place: String,
}

impl Extreme {
    /// Takes a play's values; `sign` is 1 where large is bad, -1 where small is.
    fn take(&mut self, values: &[f64], sign: f64, limit: f64, place: &str) {
        self.count += values.len() as u64;
        let Some(worst) = values.iter().copied().max_by(|a, b| (sign * a).total_cmp(&(sign * b)))
        else {
            return;
        };
        self.plays_outside += u64::from(sign * worst > sign * limit);
        if self.value.is_none_or(|value| sign * worst > sign * value) {
            self.value = Some(worst);
            place.clone_into(&mut self.place);
        }
    }
}

/// Plays from every prompt in every way.
pub(super) fn stability(trial: &mut Trial<'_>) -> Result<Vec<Gate>, EvaluateError> {
    let plays = trial.data.episodes;
    let latents = trial.real_mean(|play, frame| spread(&plays.latents(play, frame..frame + 1)));
    let flat = trial.real_mean(|play, frame| {
        let picture = trial.picture(plays.picture(play, frame));
        f64::from(u8::from(picture.deviation() < FLAT_DEVIATION))
    });
    let energy = trial.real_energy();
    if latents.0 <= 0.0 || energy.0 <= 0.0 {
        let what = "the held-out latents or pictures are all flat: there is nothing to compare";
        return Err(EvaluateError::Lacks(what.to_owned()));
    }
    let mut tally = Tally::new((latents.0, energy.0));
    for prompt in 0..trial.prompts.len() {
        let name = format!("stability-prompt-{prompt}");
        let mut strip = Strip { name, rows: Vec::new() };
        for (seed, kind) in all_kinds(&trial.buttons).into_iter().enumerate() {
            let seen = one_play(trial, prompt, seed as u64, &kind)?;
            tally.take(&format!("prompt {prompt}, {}", kind.name()), &seen);
            strip.rows.push((kind.name().to_owned(), seen.shown));
        }
        trial.strips.push(strip);
    }
    Ok(tally.gates(flat))
}

fn one_play(
    trial: &mut Trial<'_>,
    prompt: usize,
    seed: u64,
    kind: &Kind,
) -> Result<Seen, EvaluateError> {
    let (latents, actions) = trial.prompts[prompt].clone();
    trial.player.begin(seed, latents, actions)?;
    let (mut seen, frames) = (Seen::default(), trial.counts.frames);
    let mut energy_sum = 0.0;
    for frame in 0..frames {
        let action = kind.action(seed, frame, &trial.buttons);
        let looks = frame % LATENT_EVERY == LATENT_EVERY - 1;
        let made = match looks {
            true => trial.player.step_seen(action).map(|(made, latent)| {
                seen.spreads.push(spread(&latent));
                made
            }),
            false => trial.player.step(action),
        };
        let made = match made {
            Err(EvaluateError::Engine {
                source: error @ EngineError::NotFinite { .. }, ..
            }) => {
                seen.stopped = Some(error);
                (trial.tick)(frames - frame);
                break;
            }
            made => made?,
        };
        let picture = Picture { width: trial.data.width, rgb: made };
        seen.frames += 1;
        seen.flat_frames += u64::from(picture.deviation() < FLAT_DEVIATION);
        energy_sum += picture.gradient_energy();
        if (frame + 1) % WINDOW == 0 || (frame + 1 == frames && frames < WINDOW) {
            seen.energies.push(energy_sum / WINDOW.min(frames) as f64);
            energy_sum = 0.0;
        }
        if moments(frames - 1, SHOWN).any(|moment| moment == frame) {
            seen.shown.push(made.to_vec());
        }
        (trial.tick)(1);
    }
    Ok(seen)
}

impl Tally {
    fn new(real: (f64, f64)) -> Tally {
        Tally {
            real,
            plays: 0,
            least: Extreme::default(),
            most: Extreme::default(),
            energy: Extreme::default(),
            frames: 0,
            flat_frames: 0,
            stopped: Vec::new(),
        }
    }

    fn take(&mut self, place: &str, seen: &Seen) {
        let specs = Group::Stability.specs();
        let (low, high) = (specs[0].low.unwrap_or(0.0), specs[1].high.unwrap_or(f64::INFINITY));
        let ratios: Vec<f64> = seen.spreads.iter().map(|spread| spread / self.real.0).collect();
        let energies: Vec<f64> = seen.energies.iter().map(|energy| energy / self.real.1).collect();
        self.least.take(&ratios, -1.0, low, place);
        self.most.take(&ratios, 1.0, high, place);
        self.energy.take(&energies, 1.0, specs[2].high.unwrap_or(f64::INFINITY), place);
        self.plays += 1;
        self.frames += seen.frames;
        self.flat_frames += seen.flat_frames;
        if let Some(error) = &seen.stopped {
            self.stopped.push(format!("{place}: {error}"));
        }
    }

    /// The gates; `flat` is the share of flat real frames, and of how many.
    fn gates(self, flat: (f64, u64)) -> Vec<Gate> {
        let specs = Group::Stability.specs();
        let plays = self.plays;
        let extreme = |spec: usize, extreme: &Extreme| match extreme.value {
            None => specs[spec].unmeasured("too few frames: there was nothing to look at"),
            Some(value) => specs[spec].measured(value, extreme.count).noting(format!(
                "in {}; outside in {} of {plays} plays",
                extreme.place, extreme.plays_outside
            )),
        };
        let flat_spec = crate::evaluate::Spec { high: Some(flat.0 + FLAT_SHARE), ..specs[3] };
        let flat_share = self.flat_frames as f64 / self.frames.max(1) as f64;
        let stopped = specs[4].measured(self.stopped.len() as f64, plays);
        vec![
            extreme(0, &self.least),
            extreme(1, &self.most),
            extreme(2, &self.energy),
            flat_spec.measured(flat_share, self.frames).beside(flat.0, flat.1),
            match self.stopped.first() {
                None => stopped,
                Some(first) => stopped.noting(format!("the first: {first}")),
            },
        ]
    }
}

/// Standard deviation of a latent's values.
fn spread(latent: &[f32]) -> f64 {
    deviation(latent.iter().map(|&x| f64::from(x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extreme_keeps_the_worst_with_its_place() {
        let (mut least, mut most) = (Extreme::default(), Extreme::default());
        for (values, place) in [([0.9, 1.1], "a"), ([0.5, 1.2], "b"), ([1.0, 1.6], "c")] {
            least.take(&values, -1.0, 0.6, place);
            most.take(&values, 1.0, 1.4, place);
        }
        assert_eq!((least.value, least.place.as_str(), least.plays_outside), (Some(0.5), "b", 1));
        assert_eq!((most.value, most.place.as_str(), most.plays_outside), (Some(1.6), "c", 1));
        assert_eq!(most.count, 6);
    }

    #[test]
    fn a_play_that_fades_or_stops_fails_its_gates() {
        let error = EngineError::NotFinite { frame: 7, op: "pass0.latent".to_owned() };
        let mut tally = Tally::new((1.0, 100.0));
        tally.take("good", &Seen { spreads: vec![1.0], frames: 50, ..Seen::default() });
        let stopped = Some(error);
        tally.take("bad", &Seen { frames: 50, flat_frames: 40, stopped, ..Seen::default() });
        let gates = tally.gates((0.02, 500));
        let flat = &gates[3];
        assert_eq!(
            (flat.value, flat.limit_high, flat.passed),
            (Some(0.4), Some(0.03), Some(false))
        );
        assert_eq!((gates[4].value, gates[4].passed), (Some(1.0), Some(false)));
        assert!(
            gates[4].why.as_ref().is_some_and(|why| why.starts_with("the first: bad: frame 7"))
        );
        assert_eq!(gates[2].value, None);
    }
}
