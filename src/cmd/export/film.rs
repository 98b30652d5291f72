//! The sink that gives an encoder the pictures that are shown, each as it was made.

use super::plan::Plan;
use crate::drive::{DriveError, Flow, Made, Sink};
use crate::event::Action;
use crate::export::{Encoder, ExportError, Shot, draw_edge};
use crate::session::{Note, Tape};
use std::sync::atomic::{AtomicBool, Ordering};

/// Shows frames to an encoder, and stops the replay where it fails or a signal came.
pub(super) struct Film<'a> {
    tape: &'a Tape,
    plan: &'a Plan,
    encoder: Box<dyn Encoder>,
    quit: &'a AtomicBool,
    pixels: Vec<u8>,
    line: String,
    /// Remarks on frames to come, the last first.
    notes: Vec<&'a Note>,
    remarks: Vec<String>,
    has_drifted: bool,
    pictures: u64,
    failed: Option<ExportError>,
}

impl<'a> Film<'a> {
    pub(super) fn new(
        tape: &'a Tape,
        plan: &'a Plan,
        encoder: Box<dyn Encoder>,
        quit: &'a AtomicBool,
    ) -> Film<'a> {
        let notes = tape.notes.iter().filter(|note| note.frame >= plan.frames.start);
        let mut notes: Vec<&Note> = notes.collect();
        notes.sort_by_key(|note| std::cmp::Reverse(note.frame));
        Film {
            tape,
            plan,
            encoder,
            quit,
            pixels: Vec::new(),
            line: String::new(),
            notes,
            remarks: Vec::new(),
            has_drifted: false,
            pictures: 0,
            failed: None,
        }
    }

    /// Writes what comes after the last picture; says how many there were and what failed.
    pub(super) fn finish(self) -> (u64, Option<ExportError>) {
        let is_over = self.failed.is_some() || self.quit.load(Ordering::Acquire);
        let ended = if is_over { Ok(()) } else { self.encoder.finish() };
        (self.pictures, self.failed.or(ended.err()))
    }

    /// Takes the remarks on frames up to this one.
    fn gather_remarks(&mut self, made: &Made<'_>) {
        while let Some(note) = self.notes.pop_if(|note| note.frame <= made.frame) {
            self.remarks.push(note.text.clone());
        }
        let is_same = self.tape.outcomes.get(made.frame as usize) == Some(&made.outcome);
        if !is_same && !self.has_drifted {
            self.has_drifted = true;
            self.remarks.push(format!("DRIFT: frame {} is the first that differs", made.frame));
        }
    }

    /// Shows a frame; a picture that is not the tape's gets an edge that says so.
    fn show(&mut self, made: &Made<'_>) -> Result<(), ExportError> {
        self.pixels.clear();
        self.pixels.extend_from_slice(made.picture);
        let expected = self.tape.outcomes.get(made.frame as usize);
        if expected.map(|outcome| outcome.picture) != Some(made.outcome.picture) {
            draw_edge(&mut self.pixels, self.plan.size.width);
        }
        let (begins_us, ends_us) = self.plan.seen_us(self.tape, made.frame);
        self.write_line(made);
        let (pixels, line, remarks) = (&self.pixels, &self.line, &self.remarks);
        let frame = made.frame;
        self.encoder.picture(&Shot { frame, pixels, begins_us, ends_us, line, remarks })?;
        self.remarks.clear();
        self.pictures += 1;
        Ok(())
    }

    /// The frame's number and the buttons held.
    fn write_line(&mut self, made: &Made<'_>) {
        self.line.clear();
        self.line.push_str(&format!("frame {}", made.frame));
        for (index, name) in self.tape.config.action_names.iter().enumerate() {
            if made.action.holds(index) {
                self.line.push_str("  ");
                self.line.push_str(&crate::cmd::output::plain(name));
            }
        }
    }
}

impl Sink for Film<'_> {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        Ok(())
    }

    fn made(&mut self, made: &Made<'_>) -> Result<Flow, DriveError> {
        self.gather_remarks(made);
        if self.plan.shows(made.frame) {
            self.failed = self.show(made).err();
        }
        let is_over = self.failed.is_some() || self.quit.load(Ordering::Acquire);
        Ok(if is_over { Flow::Stop } else { Flow::Continue })
    }
}
