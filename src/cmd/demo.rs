//! `worldtape` alone: records a built-in script, replays it another way, says what that proved.

use super::machinery::{self, Device};
use super::{Exit, output, record, replay};
use crate::cli::{Choice, Machinery};
use crate::input::Script;
use anyhow::{Context, Result};

/// Two seconds of the game.
const SCRIPT: &str = "20 forward\n15 forward+right\n10 attack\n15 left\n10 forward\n";

/// `reason` says why this is no play.
pub(super) fn run(reason: &str) -> Result<Exit> {
    let (path, world) = machinery::load_world(None)?;
    let manifest = &world.manifest;
    let script = Script::parse(SCRIPT, &manifest.action_names()).context("the built-in script")?;
    let prepared = machinery::prepare(&world, Device::Cpu.arithmetic(), Choice::default())?;
    let name = format!("worldtape-{}.wtape", uuid::Uuid::new_v4());
    let tape = std::env::temp_dir().join(name);
    let frames = script.frames();
    output::text(&format!(
        "No play: {reason}. Instead, a proof.\n\
            World {} from {}: recording {frames} frames of a built-in script.\n",
        manifest.name,
        path.display()
    ))?;
    let report = record::record(
        &tape,
        Device::Cpu,
        prepared,
        script,
        (frames, record::Show::Progress),
        None,
    )?;
    output::text(&format!(
        "Recorded {} ({} bytes, {:.1} frames/s), play root {}.\nReplaying it with one thread:\n",
        tape.display(),
        report.bytes,
        report.frames_per_second,
        report.play_root_short
    ))?;
    let options = Machinery { world: Some(path), device: "cpu".to_owned() };
    let exit = replay::one(&tape, &options, false, false, Some(1))?;
    if exit == Exit::Ok {
        output::text(&format!(
            "That proved: the tape alone brings back all {frames} pictures and states, bit for \
                bit, whatever the number of threads.\nNext: worldtape inspect {}\n",
            tape.display()
        ))?;
    }
    Ok(exit)
}
