//! `worldtape play`: a world under the player's hands, on the screen and onto a tape.

mod guard;
mod menu;
mod samples;
mod session;
mod setup;
mod taping;

use super::going_on::{Before, Source};
use super::machinery::{self, Device, Prepared};
use super::{Exit, files, output, replay, signals, terminal};
use crate::cli::Play;
use crate::clock::{Clock, Since, Wall};
use crate::engine::Engine;
use crate::screen::Abilities;
use crate::screen::play::{Shot, Stage};
use crate::world::World;
use anyhow::{Context, Result};
use guard::Guard;
use samples::SamplesFile;
use session::{Played, Session};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a play came to: its sessions, and when each picture was drawn, where that was asked for.
#[derive(Default)]
struct Ended {
    sessions: Vec<Played>,
    shots: Vec<Shot>,
}

pub(super) fn run(options: &Play) -> Result<Exit> {
    let device = Device::parse(&options.machinery.device)?;
    let abilities = terminal::here()?;
    let source = options.going_on.as_deref().map(Source::read).transpose()?;
    let before = source.as_ref().map(Source::before).transpose()?;
    let (world, prepared) = match &before {
        None => {
            let (_, world) = machinery::load_world(options.machinery.world.as_deref())?;
            let prepared = machinery::prepare(&world, device.arithmetic(), options.choice())?;
            (world, prepared)
        }
        Some(before) => replay::prepare_with_world(before.tape(), device, &options.machinery)?,
    };
    options.output.as_deref().map(files::refuse_existing).transpose()?;
    let samples = options.samples.as_deref().map(SamplesFile::create).transpose()?;
    let mut ended = Ended::default();
    let (world, before) = (&world, before.as_ref());
    let play = || play(options, device, abilities, (world, prepared), before, &mut ended);
    let done = machinery::in_pool(None, play)?;
    ended.sessions.iter().for_each(Played::tell);
    if let Some(samples) = samples {
        samples.write(options, world, &ended)?;
    }
    done?;
    if ended.sessions.is_empty() {
        output::note("nothing was played");
    }
    Ok(Exit::Ok)
}

/// Plays one session after the other, as often as the player restarts. What may fail comes before
/// the terminal is taken where it can, and a tape is closed before the terminal is given back.
fn play(
    options: &Play,
    device: Device,
    abilities: Abilities,
    (world, mut prepared): (&World, Prepared),
    mut before: Option<&Before<'_>>,
    ended: &mut Ended,
) -> Result<()> {
    let mut engine = device.engine(prepared.model.clone())?;
    let has_menu = before.is_none() && options.start.is_none() && world.manifest.prompts.len() > 1;
    match before {
        Some(before) => before.make_again(engine.as_mut(), &prepared.start, &Wall::start())?,
        None if has_menu => {}
        None => fill(engine.as_mut(), &prepared)?,
    }
    let caught = signals::catch()?;
    let quit = Arc::new(AtomicBool::new(false));
    let wall = before.map_or_else(Wall::start, Before::clock);
    let setup = setup::of(options, &abilities, &world.manifest.actions, &quit, &wall);
    let controls = setup.controls.clone();
    let guard = Guard::set(&setup.farewell());
    let stage = Stage::open(setup)?;
    let (restore, dismiss) = (stage.restorer(), guard.dismisser());
    let _watch = caught.watch(quit, move || {
        restore();
        dismiss();
    })?;
    if has_menu {
        let Some(prompt) = menu::choose(&stage, engine.as_mut(), &prepared, world)? else {
            return Ok(stage.close().map(|_| ())?);
        };
        prepared.begin_at(world, prompt)?;
        fill(engine.as_mut(), &prepared)?;
    }
    loop {
        let played = ended.sessions.iter().map(|played| played.frames).sum();
        let frames_max = options.frames.unwrap_or(u64::MAX).saturating_sub(played);
        let number = ended.sessions.len();
        let base_us = if number == 0 { 0 } else { wall.now_us() };
        let clock = Since::new(&wall, base_us);
        let manifest = &world.manifest;
        let session = Session {
            options,
            prepared: &prepared,
            manifest,
            before: before.take(),
            number,
            frames_max,
        };
        ended.sessions.push(session.play(engine.as_mut(), &stage, &controls, &clock)?);
        if !controls.take_restart() || controls.is_quitting() {
            break;
        }
        fill(engine.as_mut(), &prepared)?;
    }
    let drawn = stage.close()?;
    for (played, frames) in ended.sessions.iter_mut().zip(drawn.frames) {
        played.drawn = frames;
    }
    ended.shots = drawn.shots;
    Ok(())
}

/// Fills the memory from the prompt.
fn fill(engine: &mut dyn Engine, prepared: &Prepared) -> Result<()> {
    engine.reset(&prepared.start).context("filling the memory from the prompt")
}
