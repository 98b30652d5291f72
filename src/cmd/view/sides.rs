//! The one side of a view, or the two: which tape, which engine, and what it is held against.

use super::super::machinery::{self, Device};
use super::super::{files, inspect, output, replay};
use crate::cli::View;
use crate::drift::{KEPT_BYTES_MAX, Rewind};
use crate::engine::Start;
use crate::program::Model;
use crate::session::{Machine, Tape};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// A tape that ends before its first frame is whole.
#[derive(Debug, Error)]
#[error(
    "there is no frame to view: {}",
    .ending.as_deref().unwrap_or("it was closed before the first one")
)]
pub(in crate::cmd) struct NoFrame {
    /// What ends it, where it was not closed.
    pub(in crate::cmd) ending: Option<String>,
}

/// What the second side is.
pub(super) enum Against {
    /// The same tape on another engine.
    Device(Device),
    /// Another tape.
    Tape(PathBuf),
}

/// A tape and the engine that makes it again, before there is one.
pub(super) struct Plan {
    /// The file.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) tape: Arc<Tape>,
    device: Device,
    start: Start,
    model: Arc<Model>,
}

/// A side that makes frames.
pub(super) struct Side {
    /// Any frame of it.
    pub(super) rewind: Rewind,
    /// This machine, with its engine.
    pub(super) machine: Machine,
    /// The engine in a few words.
    pub(super) engine: String,
    /// Does the tape say what must come out?
    pub(super) is_checked: bool,
}

impl Against {
    /// What `--against` says.
    pub(super) fn parse(text: &str) -> Result<Against> {
        if Path::new(text).extension().is_some_and(|extension| extension == "wtape") {
            return Ok(Against::Tape(PathBuf::from(text)));
        }
        Ok(Against::Device(Device::parse(text).context("--against")?))
    }

    /// The second side of `first`.
    pub(super) fn plan(self, first: &Plan, options: &View) -> Result<Plan> {
        let path = match self {
            Against::Device(device) => return Ok(Plan { device, ..first.clone() }),
            Against::Tape(path) => path,
        };
        let second = Plan::read(&path, first.device, options)?;
        let size = |plan: &Plan| (plan.tape.config.picture_width, plan.tape.config.picture_height);
        if size(first) != size(&second) {
            let ((width, height), (columns, rows)) = (size(first), size(&second));
            bail!(
                "the pictures of {} are {width}x{height}, those of {} {columns}x{rows}; only \
                    pictures of one size can be held against each other",
                first.path.display(),
                path.display()
            );
        }
        Ok(second)
    }
}

impl Clone for Plan {
    fn clone(&self) -> Plan {
        Plan {
            path: self.path.clone(),
            tape: Arc::clone(&self.tape),
            device: self.device,
            start: self.start.clone(),
            model: Arc::clone(&self.model),
        }
    }
}

impl Plan {
    /// Reads a tape and prepares to make its frames again.
    pub(super) fn read(path: &Path, device: Device, options: &View) -> Result<Plan> {
        let (tape, _) = files::read_tape(path)?;
        if tape.outcomes.is_empty() {
            let ending = inspect::ending_line(&tape.ending);
            return Err(NoFrame { ending }).with_context(|| path.display().to_string());
        }
        let prepared = replay::prepare(&tape, device, &options.machinery);
        let prepared = prepared.with_context(|| path.display().to_string())?;
        let (start, model) = (prepared.start, prepared.model);
        Ok(Plan { path: path.to_path_buf(), tape: Arc::new(tape), device, start, model })
    }

    /// Frames that can be seen: those that came to an end.
    pub(super) fn frames(&self) -> usize {
        self.tape.outcomes.len()
    }

    /// The name of the file, as a screen may show it.
    pub(super) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        output::plain(&name.to_string_lossy())
    }

    /// The same without what all tapes end in.
    pub(super) fn stem(&self) -> String {
        output::plain(&self.path.file_stem().unwrap_or_default().to_string_lossy())
    }

    /// The engine, before the tape's first frame; one of `count` that share the memory.
    pub(super) fn side(&self, count: usize) -> Result<Side> {
        let engine = self.device.engine(Arc::clone(&self.model))?;
        let description = engine.describe();
        let label =
            machinery::engine_label(&description.engine, description.threads, &description.facts);
        let actions = &self.tape.actions[..self.frames()];
        let kept_bytes_max = KEPT_BYTES_MAX / count;
        Ok(Side {
            rewind: Rewind::within(engine, &self.start, actions, kept_bytes_max)?,
            machine: machinery::machine(description, 0),
            engine: output::plain(&label),
            is_checked: self.device.arithmetic() == self.tape.config.arithmetic,
        })
    }
}
