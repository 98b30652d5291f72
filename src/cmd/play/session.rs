//! One session of a play: from a filled memory to a closed tape.

use super::super::going_on::Before;
use super::super::machinery::{self, Prepared};
use super::super::output;
use super::super::record::short_root;
use super::samples::{FrameTimes, Sampler};
use super::taping::Taping;
use crate::cli::Play;
use crate::clock::{Clock, Lateness, Pacer, Since};
use crate::drive::{self, GoingOn, Recording, Sink};
use crate::engine::Engine;
use crate::input::{Commands, Controls, Gate, Live};
use crate::screen::play::{Facts, Stage};
use crate::world::Manifest;
use anyhow::Result;
use std::path::PathBuf;
use std::sync::Arc;

/// What is played, and how far.
pub(super) struct Session<'a> {
    pub(super) options: &'a Play,
    pub(super) prepared: &'a Prepared,
    pub(super) manifest: &'a Manifest,
    /// The tape that it goes on from.
    pub(super) before: Option<&'a Before<'a>>,
    /// Which session of the play, from 0.
    pub(super) number: usize,
    pub(super) frames_max: u64,
}

/// What a session came to.
pub(super) struct Played {
    pub(super) frames: u64,
    pub(super) drawn: u64,
    pub(super) lateness: Lateness,
    pub(super) tape: Option<(PathBuf, Recording)>,
    pub(super) seconds: f64,
    /// The engine in a few words.
    pub(super) device: String,
    /// What the screen's clock showed when the session's showed 0.
    pub(super) base_us: u64,
    /// Times of each frame, where they were asked for.
    pub(super) times: Vec<FrameTimes>,
}

impl Session<'_> {
    /// Makes frames until the player or the options say enough, and closes the tape.
    pub(super) fn play(
        &self,
        engine: &mut dyn Engine,
        stage: &Stage,
        controls: &Controls,
        clock: &Since<'_>,
    ) -> Result<Played> {
        let description = engine.describe();
        let Session { options, prepared, before, number, .. } = *self;
        let mut taping = None;
        if !options.no_record {
            let (description, controls) = (&description, controls);
            taping = Some(Taping::start(options, number, prepared, description, before, controls)?);
        }
        let device =
            machinery::engine_label(&description.engine, description.threads, &description.facts);
        let facts = self.facts(&device, taping.as_ref(), controls);
        let mut latest = stage.begin(facts, clock.base_us());
        let pacer = Pacer::new(clock, self.manifest.frames_per_second);
        let gate = Gate::new(controls.clone(), &pacer);
        let first = before.map_or(0, Before::frames);
        // Keys are told by the screen's clock.
        let live = Live::new(controls.clone(), stage.clock(), self.frames_max);
        let mut live = GoingOn::new(first, before.map_or(&[], Before::waiting), live);
        let started_us = clock.now_us();
        let mut sampler =
            Sampler::new(options.samples.is_some(), controls.clone(), clock.base_us());
        let tape = taping.as_mut().map(|taping| taping as &mut dyn Sink);
        let mut sinks: Vec<&mut dyn Sink> = tape.into_iter().collect();
        sinks.push(&mut latest);
        sinks.push(&mut sampler);
        let ran = drive::run_from(first, &mut live, engine, &mut sinks, &gate);
        let seconds = (clock.now_us() - started_us) as f64 / 1e6;
        let (frames, tape) = match taping {
            None => (ran?, None),
            Some(taping) => {
                let (path, recording) = taping.close(ran)?;
                (recording.frames, Some((path, recording)))
            }
        };
        let (frames, lateness, base_us) = (frames - first, pacer.lateness(), clock.base_us());
        let times = sampler.times();
        Ok(Played { frames, drawn: 0, lateness, tape, seconds, device, base_us, times })
    }

    fn facts(&self, device: &str, taping: Option<&Taping>, controls: &Controls) -> Facts {
        let name = |taping: &Taping| {
            let name = taping.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (output::plain(&name), Arc::clone(&taping.bytes))
        };
        let actions = self.manifest.actions.iter();
        let plain = |words: &[String]| output::plain(&words.join(" "));
        Facts {
            tape: taping.map(name),
            buttons: actions.map(|one| (output::plain(&one.name), plain(&one.keys))).collect(),
            commands: Commands::beside(&self.manifest.actions),
            has_releases: controls.has_releases(),
            device: output::plain(device),
            frames_per_second: self.manifest.frames_per_second,
            picture: (self.manifest.picture.width, self.manifest.picture.height),
        }
    }
}

impl Played {
    /// One line on stderr, after the terminal is as it was.
    pub(super) fn tell(&self) {
        let Played { frames, drawn, lateness, seconds, .. } = self;
        let tape = match &self.tape {
            None => "not recorded".to_owned(),
            Some((path, recording)) => {
                let root = short_root(recording.play_root);
                format!("tape {}, play root {root}", path.display())
            }
        };
        let rate = *frames as f64 / seconds.max(1e-9);
        let late = lateness.late_frames;
        let late_ms_max = lateness.lateness_us_max / 1000;
        let pace = format!("{rate:.1} frames/s, {late} late, by {late_ms_max} ms at most");
        output::note(&format!("played {frames} frames, {drawn} drawn, {tape} ({pace})"));
    }
}
