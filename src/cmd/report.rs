//! `worldtape report`: one page about a tape, or about two, to be sent to somebody.

mod command_line;
mod remake;
mod summary;

use super::machinery::{self, Device};
use super::{Exit, files, inspect, output};
use crate::cli::Report as Options;
use crate::clock::utc_stamp;
use crate::drive::Durable;
use crate::report::{MadeBy, Recorded, Report, Row, Verdict};
use crate::session::Tape;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::Path;

pub(super) fn run(options: &Options) -> Result<Exit> {
    let devices = Devices::parse(options)?;
    let output = options.output.clone().unwrap_or_else(|| options.file.with_extension("html"));
    files::refuse_existing(&output)?;
    let (tape, bytes) = files::read_tape(&options.file)?;
    let other = options.other.as_deref().map(files::read_tape).transpose()?;
    if let (Some((other, _)), Some(path)) = (&other, &options.other) {
        check_world(&tape, other, path)?;
    }
    let pair = other.as_ref().zip(options.other.as_deref());
    let mut report = Report {
        tape: recorded(&options.file, &tape, bytes.len()),
        other: pair.map(|((tape, bytes), path)| recorded(path, tape, bytes.len())),
        runs: Vec::new(),
        film: Vec::new(),
        drift: Vec::new(),
        made: MadeBy {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("WORLDTAPE_BUILD_COMMIT").to_owned(),
            commands: Vec::new(),
        },
    };
    if !options.no_replay {
        machinery::in_pool(None, || remake::remake(&mut report, options, devices))??;
    }
    report.made.commands = command_line::commands(options, &report, &output);
    let page = report.page();
    write(&output, page.as_bytes())?;
    let rows = report.rows();
    summary::print(&report, &rows, &output, page.len(), options.json)?;
    for tape in [Some(&report.tape), report.other.as_ref()].into_iter().flatten() {
        if let Some(ending) = &tape.ending {
            output::complaint(&format!("{}: {ending}", tape.name));
        }
    }
    Ok(exit(&report, &rows))
}

/// The engines that were asked for.
#[derive(Clone, Copy, Debug)]
struct Devices {
    device: Device,
    against: Option<Device>,
}

impl Devices {
    fn parse(options: &Options) -> Result<Devices> {
        let against = options.against.as_deref().map(Device::parse).transpose();
        let against = against.context("--against")?;
        Ok(Devices { device: Device::parse(&options.machinery.device)?, against })
    }
}

/// Two tapes are held against each other only where they are of one world.
fn check_world(tape: &Tape, other: &Tape, path: &Path) -> Result<()> {
    let (left, right) = (&tape.config, &other.config);
    if left.world_digest != right.world_digest {
        bail!(
            "{} is of another world: {} ({}), not {} ({}); a page is of one world",
            path.display(),
            right.world_name,
            right.world_digest,
            left.world_name,
            left.world_digest
        );
    }
    Ok(())
}

/// A tape as the page names it.
fn recorded<'a>(path: &Path, tape: &'a Tape, bytes: usize) -> Recorded<'a> {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let started = tape.machines.first().map_or(0, |machine| machine.started_unix_ms);
    Recorded {
        name: name.to_string_lossy().into_owned(),
        bytes: bytes as u64,
        tape,
        started: moment(started),
        ending: inspect::ending_line(&tape.ending),
    }
}

/// `2026-11-23 14:30:05 UTC`.
fn moment(unix_ms: u64) -> String {
    if unix_ms == 0 {
        return "at a time not told".to_owned();
    }
    let stamp = utc_stamp(unix_ms);
    match (stamp.get(..4), stamp.get(4..6), stamp.get(6..8), stamp.split_once('-')) {
        (Some(year), Some(month), Some(day), Some((date, time)))
            if date.len() == 8 && time.len() == 6 =>
        {
            let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..]);
            format!("{year}-{month}-{day} {hour}:{minute}:{second} UTC")
        }
        // A year of five digits.
        _ => format!("{stamp} UTC"),
    }
}

/// Writes the page whole, or not at all.
fn write(path: &Path, page: &[u8]) -> Result<()> {
    let mut file = files::create(path)?;
    let written = file.write_all(page).and_then(|()| file.sync());
    let written = written.inspect_err(|_| files::discard(path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn exit(report: &Report<'_>, rows: &[Row<'_>]) -> Exit {
    match report.verdict(rows) {
        Verdict::Same | Verdict::NotReplayed => Exit::Ok,
        Verdict::Drift => Exit::Drift,
        Verdict::Cut | Verdict::Damaged => Exit::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_told_for_people() {
        assert_eq!(moment(1_795_444_205_000), "2026-11-23 14:30:05 UTC");
        assert_eq!(moment(0), "at a time not told");
        assert!(moment(u64::MAX).ends_with(" UTC"));
    }
}
