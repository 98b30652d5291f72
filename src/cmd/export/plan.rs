//! What is exported: which frames, when each is seen, by which encoder; settled before any runs.

use super::target::STDOUT;
use crate::cli::{Export, ExportFormat, FrameRange, Times};
use crate::cmd::output::plain;
use crate::export::{
    CastEncoder, CastHead, Encoder, ExportError, GifEncoder, Rate, SheetEncoder, SheetLayout, Size,
    Y4mEncoder,
};
use crate::session::Tape;
use anyhow::{Result, bail};
use clap::ValueEnum;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// Columns of a cast where none are asked for: those of a terminal that nobody made larger.
const CAST_COLUMNS: usize = 80;

/// Pictures in a row of a sheet where nothing else is asked for.
const SHEET_COLUMNS: u16 = 8;

/// Everything that is settled before the first frame.
pub(super) struct Plan {
    pub(super) format: ExportFormat,
    /// Frames that are looked at; those before them are made too, for what they leave behind.
    pub(super) frames: Range<u64>,
    /// Every how manieth of them is shown.
    pub(super) every: u32,
    pub(super) size: Size,
    pub(super) rate: Rate,
    times: Times,
    columns: Option<u16>,
    started_unix_s: u64,
    title: String,
}

impl Plan {
    /// What the options ask of a tape.
    pub(super) fn new(options: &Export, tape: &Tape) -> Result<Plan> {
        let format = format(options)?;
        refuse_foreign(options, format)?;
        let config = &tape.config;
        let (width, height) = (config.picture_width as usize, config.picture_height as usize);
        let started_unix_ms = tape.machines.first().map_or(0, |machine| machine.started_unix_ms);
        let name = options.file.file_name().unwrap_or_default().to_string_lossy();
        Ok(Plan {
            format,
            frames: frames(options.frames, tape.outcomes.len() as u64)?,
            every: options.every,
            size: Size { width, height, scale: options.scale.unwrap_or(1) as usize },
            rate: Rate::from_milli(options.rate.unwrap_or(config.frames_per_second_milli)),
            times: options.times.unwrap_or(Times::Rate),
            columns: options.columns,
            started_unix_s: started_unix_ms / 1000,
            title: plain(&format!("{name} ({})", config.world_name)),
        })
    }

    /// Is this frame shown?
    pub(super) fn shows(&self, frame: u64) -> bool {
        let index = frame.checked_sub(self.frames.start);
        frame < self.frames.end
            && index.is_some_and(|index| index.is_multiple_of(u64::from(self.every)))
    }

    /// How many pictures there will be.
    pub(super) fn pictures(&self) -> u64 {
        (self.frames.end - self.frames.start).div_ceil(u64::from(self.every))
    }

    /// When the picture of a frame that is shown appears and when it goes, in microseconds since
    /// the first.
    pub(super) fn seen_us(&self, tape: &Tape, frame: u64) -> (u64, u64) {
        let next = (frame + u64::from(self.every)).min(self.frames.end);
        (self.begins_us(tape, frame), self.begins_us(tape, next))
    }

    /// The last frame of a tape lasts as long as the rate says.
    fn begins_us(&self, tape: &Tape, frame: u64) -> u64 {
        let first = self.frames.start;
        let made_us = |frame: u64| tape.outcome_us.get(frame as usize).copied();
        match self.times {
            Times::Rate => self.rate.begins_us(frame - first),
            Times::Tape => {
                let last = tape.outcome_us.len().saturating_sub(1) as u64;
                let us = made_us(frame.min(last)).unwrap_or(0);
                let beyond_us = self.rate.begins_us(frame.saturating_sub(last));
                us.saturating_sub(made_us(first).unwrap_or(0)).saturating_add(beyond_us)
            }
        }
    }

    /// An encoder that has written its header.
    pub(super) fn encoder(
        &self,
        out: impl Write + Send + 'static,
    ) -> Result<Box<dyn Encoder>, ExportError> {
        let size = self.size;
        Ok(match self.format {
            ExportFormat::Gif => {
                let picture_us = self.rate.begins_us(u64::from(self.every));
                Box::new(GifEncoder::new(out, size, picture_us)?)
            }
            ExportFormat::Png => {
                let columns = u64::from(self.columns.unwrap_or(SHEET_COLUMNS));
                Box::new(SheetEncoder::new(out, SheetLayout::new(size, self.pictures(), columns)?)?)
            }
            ExportFormat::Y4m => {
                Box::new(Y4mEncoder::new(out, size, self.rate.fraction(self.every))?)
            }
            ExportFormat::Cast => Box::new(CastEncoder::new(out, &self.cast_head())?),
        })
    }

    fn cast_head(&self) -> CastHead {
        let Size { width, height, .. } = self.size;
        CastHead {
            columns: self.columns.unwrap_or(width.min(CAST_COLUMNS) as u16),
            picture: (width, height),
            started_unix_s: self.started_unix_s,
            title: self.title.clone(),
        }
    }
}

/// The format asked for, or the one that the name tells.
fn format(options: &Export) -> Result<ExportFormat> {
    if let Some(format) = options.format {
        return Ok(format);
    }
    if options.output == Path::new(STDOUT) {
        bail!("-o - has no name that tells the format; say --format gif, png, y4m or cast");
    }
    let ending = options.output.extension().unwrap_or_default().to_string_lossy();
    let known = ExportFormat::from_str(&ending, true);
    known.or_else(|_| {
        let name = options.output.display();
        bail!("{name} does not end in .gif, .png, .y4m or .cast; rename it or say --format")
    })
}

/// Refuses options that mean nothing to the format.
fn refuse_foreign(options: &Export, format: ExportFormat) -> Result<()> {
    use ExportFormat::{Cast, Gif, Png, Y4m};
    let rows: [(&str, bool, &[ExportFormat], &str); 4] = [
        ("--scale", options.scale.is_some(), &[Gif, Png, Y4m], "gif, png and y4m"),
        ("--columns", options.columns.is_some(), &[Png, Cast], "png and cast"),
        ("--rate", options.rate.is_some(), &[Gif, Y4m, Cast], "gif, y4m and cast"),
        ("--times", options.times.is_some(), &[Cast], "cast"),
    ];
    for (name, is_given, formats, words) in rows {
        if is_given && !formats.contains(&format) {
            bail!("{name} is for {words}; leave it out");
        }
    }
    Ok(())
}

/// The frames asked for, of a tape that has `count` with outcomes.
fn frames(asked: Option<FrameRange>, count: u64) -> Result<Range<u64>> {
    if count == 0 {
        bail!("the tape has no frame to show");
    }
    let asked = asked.unwrap_or(FrameRange { first: 0, end: None });
    let end = asked.end.unwrap_or(count);
    if end > count || asked.first >= end {
        let (first, last) = (asked.first, count - 1);
        let asked = asked.end.map_or(format!("{first}.."), |end| format!("{first}..{end}"));
        bail!("there is no --frames {asked}: the tape has frames 0 to {last}");
    }
    Ok(asked.first..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_lie_within_the_tape() {
        let asked = |first, end| Some(FrameRange { first, end });
        assert_eq!(frames(None, 70).expect("all"), 0..70);
        assert_eq!(frames(asked(60, None), 70).expect("some"), 60..70);
        assert_eq!(frames(asked(0, Some(70)), 70).expect("all"), 0..70);
        for (range, line) in [
            (asked(70, None), "there is no --frames 70..: the tape has frames 0 to 69"),
            (asked(0, Some(71)), "there is no --frames 0..71: the tape has frames 0 to 69"),
            (asked(u64::MAX, None), "there is no --frames 18446744073709551615..: the tape has"),
        ] {
            let error = frames(range, 70).expect_err("beyond the tape").to_string();
            assert!(error.starts_with(line), "{error}");
        }
        assert!(frames(None, 0).is_err());
    }
}
