//! What a play asks of the terminal, from what was typed and what the terminal says.

use crate::cli::{self, Play};
use crate::clock::Wall;
use crate::input::{ActionName, Commands, Controls, Hold, Keyboard};
use crate::screen::play::Setup;
use crate::screen::{Abilities, Answers, Canvas, Graphics, Look, ask};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Asks the terminal what it can and sets a play with these buttons up; `quit` ends it.
pub(super) fn of(
    options: &Play,
    abilities: &Abilities,
    actions: &[ActionName],
    quit: &Arc<AtomicBool>,
    wall: &Wall,
) -> Setup {
    let answers = ask(abilities);
    let graphics = graphics(options.graphics, abilities, &answers);
    let keyboard = Keyboard::new(actions, answers.releases).holding(hold(options.hold));
    Setup {
        look: look(options.graphics, abilities),
        canvas: Canvas::new(graphics, abilities.is_multiplexed, answers.cell),
        answers,
        wants_shots: options.samples.is_some(),
        commands: Commands::beside(actions),
        controls: Controls::new(keyboard, Arc::clone(quit)),
        clock: Arc::new(wall.clone()),
    }
}

fn hold(asked: cli::Hold) -> Hold {
    match asked {
        cli::Hold::Bridge => Hold::Bridge,
        cli::Hold::Tap => Hold::Tap,
        cli::Hold::Latch => Hold::Latch,
    }
}

/// How pictures are shown: as asked for, or as well as the terminal can.
fn graphics(asked: cli::Graphics, abilities: &Abilities, answers: &Answers) -> Graphics {
    match asked {
        cli::Graphics::Auto => Graphics::best(abilities, answers),
        cli::Graphics::Kitty => Graphics::Kitty,
        cli::Graphics::Sixel => Graphics::Sixel,
        cli::Graphics::Iterm2 => Graphics::Iterm2,
        cli::Graphics::Blocks => Graphics::Blocks,
    }
}

/// What cells are drawn: who asks for blocks has them, whatever the locale says.
fn look(asked: cli::Graphics, abilities: &Abilities) -> Look {
    let is_ascii = abilities.look.is_ascii && asked != cli::Graphics::Blocks;
    Look { is_ascii, ..abilities.look }
}
