//! What an export came to, for people and as `--json` prints it.

use super::plan::Plan;
use crate::cli::Export;
use crate::cmd::output;
use crate::drive::Verdict;
use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use std::path::PathBuf;

/// What an export came to.
#[derive(Serialize)]
pub(super) struct Report {
    tape: PathBuf,
    output: PathBuf,
    /// `gif`, `png`, `y4m` or `cast`.
    format: String,
    first_frame: u64,
    last_frame: u64,
    pictures: u64,
    bytes: u64,
    /// `same` or `drift`, of the frames held against the tape: all up to the last that is shown.
    verdict: &'static str,
    frames_checked: u64,
    differing: u64,
    first_state_drift: Option<u64>,
    first_picture_drift: Option<u64>,
}

impl Report {
    pub(super) fn new(
        options: &Export,
        plan: &Plan,
        verdict: &Verdict,
        pictures: u64,
        bytes: u64,
    ) -> Report {
        let format = plan.format.to_possible_value();
        Report {
            tape: options.file.clone(),
            output: options.output.clone(),
            format: format.map_or(String::new(), |value| value.get_name().to_owned()),
            first_frame: plan.frames.start,
            last_frame: plan.frames.end - 1,
            pictures,
            bytes,
            verdict: if verdict.first_drift().is_some() { "drift" } else { "same" },
            frames_checked: verdict.frames,
            differing: verdict.differing,
            first_state_drift: verdict.first_state_drift,
            first_picture_drift: verdict.first_picture_drift,
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        if json {
            return output::json(self);
        }
        let same = match self.differing {
            0 => {
                format!("{} frames replayed, every picture and state the same", self.frames_checked)
            }
            differing => format!("{differing} of {} frames replayed differ", self.frames_checked),
        };
        let (output, pictures) = (self.output.display(), self.pictures);
        let (first, last, bytes) = (self.first_frame, self.last_frame, self.bytes);
        output::text(&format!(
            "exported {output}: {pictures} picture{} of frames {first} to {last}, {bytes} bytes; \
                {same}\n",
            if pictures == 1 { "" } else { "s" }
        ))
    }
}
