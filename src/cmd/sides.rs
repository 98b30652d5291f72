//! Engines of this program as sides of a comparison: from a tape and a device to frames.

use super::machinery::{self, Device, Prepared};
use super::{files, inspect, output, replay};
use crate::cli::Machinery;
use crate::drift::Local;
use crate::engine::{Description, Engine};
use crate::exact::ARITHMETIC;
use crate::session::Tape;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// What is done to an engine before it is used: nothing, but in a test that plants a fault.
pub type Wrap<'a> = dyn Fn(Box<dyn Engine + Send>) -> Box<dyn Engine + Send> + Sync + 'a;

/// A tape, ready to be made again.
pub(super) struct Played {
    pub(super) path: PathBuf,
    pub(super) tape: Tape,
    pub(super) prepared: Prepared,
}

impl Played {
    /// Reads a tape and its world. A tape that is cut or damaged is used as far as it goes; that is
    /// said.
    pub(super) fn read(path: &Path, device: Device, options: &Machinery) -> Result<Played> {
        let (tape, _) = files::read_tape(path)?;
        if let Some(ending) = inspect::ending_line(&tape.ending) {
            output::note(&format!("{}: {ending}", path.display()));
        }
        // The float engine looks at exact plays too; it says of itself that it is another.
        let is_exact = tape.config.arithmetic == ARITHMETIC;
        let judged = if is_exact { Device::Cpu } else { device };
        let named = || path.display().to_string();
        let prepared = replay::prepare(&tape, judged, options).with_context(named)?;
        if tape.outcomes.is_empty() {
            bail!("{}: the tape has no frame to make again", path.display());
        }
        Ok(Played { path: path.to_path_buf(), tape, prepared })
    }

    /// Frames that were finished.
    pub(super) fn frames(&self) -> u64 {
        self.tape.outcomes.len() as u64
    }

    /// Width and height of the pictures.
    pub(super) fn size(&self) -> [usize; 2] {
        let config = &self.prepared.config;
        [config.picture_width as usize, config.picture_height as usize]
    }

    /// Refuses a frame that is not on the tape.
    pub(super) fn check_frame(&self, frame: u64) -> Result<()> {
        let (path, frames) = (self.path.display(), self.frames());
        if frame >= frames {
            bail!("{path}: there is no frame {frame}; the tape has {frames}, 0 to {}", frames - 1);
        }
        Ok(())
    }

    /// The tape on an engine here, after what `wrap` does to it.
    pub(super) fn local(&self, device: Device, wrap: &Wrap<'_>) -> Result<Local> {
        let Prepared { start, model, .. } = &self.prepared;
        let engine = wrap(device.engine(model.clone())?);
        let Description { engine: name, threads, facts, .. } = engine.describe();
        let label = machinery::engine_label(&name, threads, &facts);
        let actions = &self.tape.actions[..self.tape.outcomes.len()];
        Ok(Local::new(label, engine, start, actions)?)
    }
}
