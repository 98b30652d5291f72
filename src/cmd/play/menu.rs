//! The start menu: the engine makes a picture of every prompt while the player looks.

use super::super::machinery::Prepared;
use super::super::output;
use crate::engine::{Engine, Start};
use crate::event::Action;
use crate::screen::play::{Chosen, Menu, Stage};
use crate::world::World;
use anyhow::{Context, Result};

/// Lets the player choose a prompt; `None` where nothing shall be played. The engine is left in no
/// session.
pub(super) fn choose(
    stage: &Stage,
    engine: &mut dyn Engine,
    prepared: &Prepared,
    world: &World,
) -> Result<Option<u32>> {
    let manifest = &world.manifest;
    let names = manifest.prompts.iter().map(|prompt| output::plain(&prompt.name)).collect();
    let title = format!("{}: where to begin?", output::plain(&manifest.name));
    let size = (manifest.picture.width, manifest.picture.height);
    stage.open_menu(Menu::new(title, names, size));
    for prompt in 0..manifest.prompts.len() {
        if stage.choice(false).is_some() {
            break;
        }
        let (latents, actions) = world.prompt(prompt as u32)?;
        let start = Start { latents: latents.to_vec(), actions, ..prepared.start.clone() };
        engine.reset(&start).with_context(|| format!("filling the memory from prompt {prompt}"))?;
        let frame = engine.step(0, Action::NONE)?;
        stage.put_thumbnail(prompt, frame.picture);
    }
    loop {
        match stage.choice(true) {
            None => {}
            Some(Chosen::Leave) => return Ok(None),
            Some(Chosen::Prompt(prompt)) => return Ok(Some(prompt as u32)),
        }
    }
}
