//! What a report came to, on stdout: for people, or as `--json`.

use crate::cmd::output::{self, plain};
use crate::drift::Divergence;
use crate::report::{Report, Row};
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// What a report came to, as `--json` prints it.
#[derive(Serialize)]
struct Summary<'a> {
    page: &'a Path,
    bytes: usize,
    /// `same`, `drift`, `cut`, `damaged` or `not replayed`.
    verdict: &'static str,
    frames: usize,
    play_root: String,
    play_root_short: String,
    /// What ends the tape early, where something does.
    ending: Option<&'a str>,
    /// What was held against what, in the order of the page.
    held: Vec<Held<'a>>,
    pictures: usize,
}

/// One thing held against another, as `--json` prints it.
#[derive(Serialize)]
struct Held<'a> {
    left: &'a str,
    right: &'a str,
    /// Is it of the same arithmetic? If not, it has no say in the verdict.
    is_exact: bool,
    #[serde(flatten)]
    found: Divergence,
}

pub(super) fn print(
    report: &Report<'_>,
    rows: &[Row<'_>],
    page: &Path,
    bytes: usize,
    json: bool,
) -> Result<()> {
    let verdict = report.verdict(rows).word();
    if !json {
        let lines = report.sentences(rows).into_iter();
        let lines: String = lines.map(|line| format!("  {}\n", plain(&line))).collect();
        let page = plain(&page.display().to_string());
        return output::text(&format!("{page}: {verdict}, {bytes} bytes\n{lines}"));
    }
    let (tape, root) = (report.tape.tape, report.tape.tape.play_root);
    let held = rows.iter().map(|row| Held {
        left: &row.left,
        right: &row.right,
        is_exact: row.is_exact,
        found: row.found,
    });
    let around = report.drift.iter().flat_map(|moment| moment.pictures.iter().flatten());
    output::json(&Summary {
        page,
        bytes,
        verdict,
        frames: tape.outcomes.len(),
        play_root: root.digest().to_string(),
        play_root_short: root.short(),
        ending: report.tape.ending.as_deref(),
        held: held.collect(),
        pictures: around.count() + report.film.len(),
    })
}
