//! Machines side by side, notes, how the tape ends, and how to get all this again.

use super::text::{Text, counted, duration, grouped};
use super::{Recorded, Report};
use crate::drift::machine_differences;
use crate::session::{Ending, Machine};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Most notes in a page; the tape has all.
const NOTES_MAX: usize = 100;

/// Most letters of one of them.
const NOTE_CHARS_MAX: usize = 1000;

/// Most machines of one tape in the table, its last; the tape may have more.
const MACHINES_MAX: usize = 3;

/// A machine: what it was used for, as HTML, and what it tells.
type Column = (String, Vec<(String, String)>);

/// The machines that a tape was recorded on.
fn recorded_on(recorded: &Recorded<'_>) -> Vec<Column> {
    let machines = &recorded.tape.machines;
    let count = machines.len();
    let column = |(index, machine): (usize, &Machine)| {
        let turn = if count > 1 { format!(" ({} of {count})", index + 1) } else { String::new() };
        let head = format!("<bdi>{}</bdi> was recorded on{turn}", Text(&recorded.name));
        (head, facts_of(machine))
    };
    machines.iter().enumerate().skip(count.saturating_sub(MACHINES_MAX)).map(column).collect()
}

/// What a machine tells: name and value, in the order in which it tells them.
fn facts_of(machine: &Machine) -> Vec<(String, String)> {
    // What differs from a machine that tells nothing is all that it tells.
    let told = machine_differences(machine, &Machine::default());
    told.into_iter().map(|fact| (fact.name, fact.theirs)).collect()
}

/// The machines of tapes and runs, a column each, with what differs marked.
pub(super) fn machines(report: &Report<'_>) -> String {
    let tapes = [Some(&report.tape), report.other.as_ref()].into_iter().flatten();
    let mut columns: Vec<Column> = tapes.flat_map(recorded_on).collect();
    let run = |run: &super::Run| {
        let head = format!("<bdi>{}</bdi> was made again on", Text(report.tape_name(run.of)));
        (head, facts_of(&run.machine))
    };
    columns.extend(report.runs.iter().map(run));
    let heads: String =
        columns.iter().map(|(head, _)| format!("<th scope=\"col\">{head}</th>")).collect();
    let mut seen = BTreeSet::new();
    let names = columns.iter().flat_map(|(_, facts)| facts.iter().map(|fact| fact.0.as_str()));
    let rows: String = names
        .filter(|name| seen.insert(*name))
        .map(|name| machine_row(name, columns.iter().map(|(_, facts)| value(facts, name))))
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Machines\">\
            <table class=\"machines\"><thead><tr><td></td>{heads}</tr></thead>\n\
            <tbody>{rows}</tbody></table></div>\n\
            <p class=\"aside\">Rows marked <b class=\"mark\">&#8800;</b> differ. A machine must \
            never change a frame; where one does, these are the places to look.</p>\n{}",
        earlier(report)
    )
}

fn value<'a>(facts: &'a [(String, String)], name: &str) -> Option<&'a str> {
    facts.iter().find(|fact| fact.0 == name).map(|fact| fact.1.as_str())
}

fn machine_row<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> String {
    let values: Vec<Option<&str>> = values.collect();
    let differs = values.iter().any(|value| *value != values[0]);
    let (class, sign) = if differs {
        (" class=\"differs\"", "<b class=\"mark\" title=\"differs\">&#8800;</b> ")
    } else {
        ("", "")
    };
    let cells = values.iter().map(|value| match value {
        Some(value) => format!("<td><bdi>{}</bdi></td>", Text(value)),
        None => "<td class=\"untold\">not told</td>".to_owned(),
    });
    let cells: String = cells.collect();
    format!("<tr{class}><th scope=\"row\">{sign}<bdi>{}</bdi></th>{cells}</tr>\n", Text(name))
}

/// Tapes that the first frames come from.
fn earlier(report: &Report<'_>) -> String {
    let mut out = String::new();
    for recorded in [Some(&report.tape), report.other.as_ref()].into_iter().flatten() {
        let (tape, name) = (recorded.tape, Text(&recorded.name));
        for resume in &tape.resumes {
            // Writing to a String never fails.
            let _ = writeln!(
                out,
                "<p class=\"aside\">The first {} of <bdi>{name}</bdi> were copied from the tape \
                    with play root <code>{}</code> after them.</p>",
                counted(resume.source_frame, "frame"),
                resume.source_root,
            );
        }
    }
    out
}

/// Remarks, each with a link to its frame.
pub(super) fn notes(report: &Report<'_>) -> String {
    let mut out = String::new();
    for recorded in [Some(&report.tape), report.other.as_ref()].into_iter().flatten() {
        let notes = &recorded.tape.notes;
        if notes.is_empty() {
            continue;
        }
        let rate = recorded.tape.config.frames_per_second_milli;
        out.push_str("<ul class=\"notes\">\n");
        for note in notes.iter().take(NOTES_MAX) {
            let _ = writeln!(
                out,
                "<li><a href=\"#frame={}\">frame {}</a> <small>{}</small> <bdi>{}</bdi></li>",
                note.frame,
                grouped(note.frame),
                duration(note.frame, rate),
                Text(&shortened(&note.text))
            );
        }
        out.push_str("</ul>\n");
        if notes.len() > NOTES_MAX {
            let left = counted((notes.len() - NOTES_MAX) as u64, "more note");
            let _ = writeln!(
                out,
                "<p class=\"aside\"><bdi>{}</bdi> has {left}: <code>worldtape inspect</code> shows \
                    them.</p>",
                Text(&recorded.name)
            );
        }
    }
    if out.is_empty() { "<p>None.</p>\n".to_owned() } else { out }
}

/// The text up to [`NOTE_CHARS_MAX`], and that there is more.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(NOTE_CHARS_MAX) {
        Some((end, _)) => format!("{} (and more)", &text[..end]),
        None => text.to_owned(),
    }
}

/// Blocks and ending of each tape.
pub(super) fn endings(report: &Report<'_>) -> String {
    let tapes = [Some(&report.tape), report.other.as_ref()].into_iter().flatten();
    tapes.map(ending).collect()
}

fn ending(recorded: &Recorded<'_>) -> String {
    let tape = recorded.tape;
    let mut blocks = BTreeMap::<String, u64>::new();
    for block in &tape.blocks {
        *blocks.entry(format!("{:?}", block.kind).to_uppercase()).or_default() += 1;
    }
    let blocks: Vec<String> =
        blocks.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count))).collect();
    let how = match &tape.ending {
        Ending::Closed => "It is closed: every block was read, every checksum is right.".to_owned(),
        Ending::Cut { .. } | Ending::Damaged { .. } => {
            let ending = recorded.ending.as_deref().unwrap_or("the tape is not whole");
            format!(
                "<b>{}.</b> What is whole is on this page; <code>worldtape recover</code> makes a \
                    closed tape of it.",
                Text(ending)
            )
        }
    };
    format!(
        "<p><bdi>{}</bdi>, version {}.{}: {}. {how}</p>\n",
        Text(&recorded.name),
        tape.version.major,
        tape.version.minor,
        if blocks.is_empty() { "no block".to_owned() } else { blocks.join(", ") },
    )
}

/// Commands that give this again, each to be copied.
pub(super) fn commands(report: &Report<'_>) -> String {
    let blocks = report.made.commands.iter().map(|command| {
        format!(
            "<div class=\"command\"><pre tabindex=\"0\"><code>{}</code></pre>\
                <button type=\"button\" class=\"copy\" hidden>copy</button></div>\n",
            Text(command)
        )
    });
    blocks.collect()
}
