//! Does a world stay a world? Every prompt, held buttons, none, chance and a tour, for long.

use super::{Player, Strip, Trial, moments};
use crate::engine::EngineError;
use crate::evaluate::picture::deviation;
use crate::evaluate::{EvaluateError, Gate, Group, Picture, Steady, random, scripted};
use crate::event::Action;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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

/// A play: from which prompt, with which seed, in which way.
struct Play<'a> {
    prompt: usize,
    seed: u64,
    kind: &'a Kind,
}

/// What all plays share.
struct Scene<'a> {
    prompts: &'a [(Vec<f32>, Vec<Action>)],
    buttons: &'a [String],
    frames: u64,
    /// Of a picture.
    width: usize,
    tick: &'a (dyn Fn(u64) + Sync),
}

/// What a play came to.
#[derive(Clone, Debug, Default)]
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

/// Plays from every prompt that is played, in every way.
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
    let kinds = all_kinds(&trial.buttons);
    let plays: Vec<Play<'_>> = (trial.played_prompts.iter())
        .flat_map(|&prompt| {
            kinds.iter().zip(0..).map(move |(kind, seed)| Play { prompt, seed, kind })
        })
        .collect();
    let mut strips = Vec::new();
    for (play, seen) in plays.iter().zip(all_seen(trial, &plays)?) {
        if play.seed == 0 {
            let name = format!("stability-prompt-{}", play.prompt);
            strips.push(Strip { name, rows: Vec::new() });
        }
        tally.take(&format!("prompt {}, {}", play.prompt, play.kind.name()), &seen);
        let strip = strips.last_mut().expect("seed 0 is the first of a prompt");
        strip.rows.push((play.kind.name().to_owned(), seen.shown));
    }
    trial.strips.append(&mut strips);
    Ok(tally.gates(flat))
}

/// All plays, each made by the next player that is free; in the order of `plays`.
fn all_seen(trial: &mut Trial<'_>, plays: &[Play<'_>]) -> Result<Vec<Seen>, EvaluateError> {
    let Trial { player, crew, tick, buttons, prompts, counts, data, .. } = trial;
    let tick = Mutex::new(tick);
    let tick = |count| tick.lock().expect("nothing panics with it in hand")(count);
    let scene = Scene { prompts, buttons, frames: counts.frames, width: data.width, tick: &tick };
    let next = AtomicUsize::new(0);
    let work = |player: &mut Player<'_>| -> Result<Vec<(usize, Seen)>, EvaluateError> {
        let mut made = Vec::new();
        while let (number, Some(play)) = taken(&next, plays) {
            made.push((number, one_play(player, &scene, play)?));
        }
        Ok(made)
    };
    if crew.is_empty() {
        return Ok(work(player)?.into_iter().map(|(_, seen)| seen).collect());
    }
    let mut all = thread::scope(|scope| {
        let work = &work;
        let hands = crew.iter_mut();
        let hands = hands.map(|hand| scope.spawn(|| hand.pool.install(|| work(&mut hand.player))));
        let hands: Vec<_> = hands.collect();
        let joined = hands.into_iter().map(|hand| hand.join().expect("a play does not panic"));
        joined.collect::<Result<Vec<_>, _>>()
    })?
    .concat();
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, seen)| seen).collect())
}

/// The next play that nobody has taken, and its number.
fn taken<'p>(next: &AtomicUsize, plays: &'p [Play<'p>]) -> (usize, Option<&'p Play<'p>>) {
    let number = next.fetch_add(1, Ordering::Relaxed);
    (number, plays.get(number))
}

fn one_play(
    player: &mut Player<'_>,
    scene: &Scene<'_>,
    &Play { prompt, seed, kind }: &Play<'_>,
) -> Result<Seen, EvaluateError> {
    let (latents, actions) = scene.prompts[prompt].clone();
    player.begin(seed, latents, actions)?;
    let (mut seen, frames) = (Seen::default(), scene.frames);
    let mut energy_sum = 0.0;
    for frame in 0..frames {
        let action = kind.action(seed, frame, scene.buttons);
        let looks = frame % LATENT_EVERY == LATENT_EVERY - 1;
        let made = match looks {
            true => player.step_seen(action).map(|(made, latent)| {
                seen.spreads.push(spread(&latent));
                made
            }),
            false => player.step(action),
        };
        let made = match made {
            Err(EvaluateError::Engine {
                source: error @ EngineError::NotFinite { .. }, ..
            }) => {
                seen.stopped = Some(error);
                (scene.tick)(frames - frame);
                break;
            }
            made => made?,
        };
        let picture = Picture { width: scene.width, rgb: made };
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
        (scene.tick)(1);
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
