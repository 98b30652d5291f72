//! One frame in full: the first that differs, until the page's script shows another.

use super::text::{Text, buttons, counted, duration, grouped};
use super::{Detail, Recorded, Report, Row};
use crate::drift::{Mark, mark};
use crate::event::Outcome;
use std::fmt::Write;

/// The section's content. The script fills the same elements for other frames.
pub(super) fn selected(report: &Report<'_>, rows: &[Row<'_>], detail: &Detail, at: u64) -> String {
    let drifts = rows.iter().any(|row| row.first_drift().is_some());
    let second = u64::from(report.tape.tape.config.frames_per_second_milli / 1000).max(1);
    let mut out = String::new();
    out.push_str(&steering(detail, at, drifts, second));
    out.push_str("<div class=\"frame\">\n<div class=\"facts\">\n");
    out.push_str(&facts(report, at));
    if !detail.is_whole() {
        out.push_str(&leaving_out(report, detail));
    }
    out.push_str("</div>\n<div class=\"seen\" id=\"seen\" hidden></div>\n");
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Digests\">");
    out.push_str(&table(report, rows, at));
    out.push_str("</div>\n</div>\n");
    out
}

/// What the script shows: without it there is nothing to steer.
fn steering(detail: &Detail, at: u64, drifts: bool, second: u64) -> String {
    let last = detail.all.saturating_sub(1);
    let drift = if drifts {
        "<button type=\"button\" data-go=\"drift\">first drift</button>\
            <button type=\"button\" data-go=\"differing\">next differing</button>"
    } else {
        ""
    };
    let step = |by: i64, name: &str| {
        let (sign, count) = (if by < 0 { "&#8722;" } else { "+" }, by.unsigned_abs());
        format!(
            "<button type=\"button\" data-go=\"{by}\" aria-label=\"{} {name}\">{sign}{count}\
                </button>",
            counted(count, "frame")
        )
    };
    let second = second as i64;
    let (back, on) =
        (step(-second, "back") + &step(-1, "back"), step(1, "on") + &step(second, "on"));
    format!(
        "<div class=\"steering\" id=\"steering\" hidden>\
            <input type=\"range\" id=\"slider\" min=\"0\" max=\"{last}\" value=\"{at}\" \
            aria-label=\"Frame\">\
            <div class=\"buttons\">{back}\
            <label>frame <input type=\"number\" id=\"number\" min=\"0\" max=\"{last}\" \
            value=\"{at}\"></label>{on}{drift}</div></div>\n"
    )
}

/// Number, action and times.
fn facts(report: &Report<'_>, at: u64) -> String {
    let (tape, index) = (report.tape.tape, at as usize);
    let rate = tape.config.frames_per_second_milli;
    let times = tape.action_us.get(index).zip(tape.outcome_us.get(index));
    let (started, took) = times.map_or(("not known".into(), "not known".into()), |(start, end)| {
        (milliseconds(*start), milliseconds(end.saturating_sub(*start)))
    });
    format!(
        "<p class=\"number\" aria-live=\"polite\">frame <b id=\"at\">{}</b> \
            <small id=\"at-time\">{}</small></p>\n\
            <dl><div><dt>action</dt><dd id=\"at-action\">{}</dd></div>\
            <div><dt>given at</dt><dd id=\"at-start\">{started}</dd></div>\
            <div><dt>frame took</dt><dd id=\"at-wait\">{took}</dd></div></dl>\n",
        grouped(at),
        duration(at, rate),
        Text(&held(report, at)),
    )
}

/// The buttons of a frame; those of the other tape too, where they are others.
fn held(report: &Report<'_>, at: u64) -> String {
    let names = &report.tape.tape.config.action_names;
    let of = |tape: &Recorded<'_>| {
        let action = tape.tape.actions.get(at as usize).filter(|_| at < tape.frames());
        action.map(|action| buttons(*action, names))
    };
    let own = of(&report.tape).unwrap_or_else(|| "not on this tape".to_owned());
    match report.other.as_ref().and_then(of) {
        Some(other) if other != own => format!("{own}, the other tape: {other}"),
        _ => own,
    }
}

/// Microseconds as milliseconds, for people.
pub(super) fn milliseconds(us: u64) -> String {
    format!("{}.{:02} ms", grouped(us / 1000), us % 1000 / 10)
}

/// The digests of the frame, the tape's first.
fn table(report: &Report<'_>, rows: &[Row<'_>], at: u64) -> String {
    let mut out = String::from(
        "<table class=\"digests\"><thead><tr><th scope=\"col\">frame as</th>\
            <th scope=\"col\">picture</th><th scope=\"col\">state sum</th>\
            <th scope=\"col\"></th></tr></thead>\n<tbody>",
    );
    let name = format!("<bdi>{}</bdi> holds it", Text(&report.tape.name));
    push_line(&mut out, &name, report.tape.tape.outcomes.get(at as usize), "");
    for row in rows {
        let made = row.made.get(at as usize);
        let word = row.expected.get(at as usize).map_or("", |expected| word(mark(expected, made)));
        let name = match row.actions {
            Some(_) => format!("<bdi>{}</bdi> holds it", Text(&row.right)),
            None if report.other.is_none() => format!("made on {}", Text(&row.right)),
            None => format!("<bdi>{}</bdi> on {}", Text(&row.left), Text(&row.right)),
        };
        push_line(&mut out, &name, made, word);
    }
    out.push_str("</tbody></table>");
    out
}

/// A mark in a word.
fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Unknown => "not there",
        Mark::Same => "same",
        Mark::State => "other state",
        Mark::Picture => "other picture",
    }
}

fn push_line(out: &mut String, name: &str, outcome: Option<&Outcome>, word: &str) {
    let (picture, sum) = outcome.map_or((String::new(), String::new()), |outcome| {
        (outcome.picture.to_string(), format!("{:016x}", outcome.state_sum))
    });
    // Writing to a String never fails.
    let _ = writeln!(
        out,
        "<tr><th scope=\"row\">{name}</th><td><code>{picture}</code></td><td><code>{sum}</code>\
            </td><td class=\"word\">{word}</td></tr>"
    );
}

/// Which frames the page cannot show in full.
fn leaving_out(report: &Report<'_>, detail: &Detail) -> String {
    format!(
        "<p class=\"aside\">This page holds {} of {} frames in full: all around the first \
            difference (or at the beginning), elsewhere one in {}. The tape has all: \
            <code>worldtape inspect --frame N {}</code>.</p>\n",
        grouped(detail.frames.len() as u64),
        grouped(detail.all),
        grouped(detail.every),
        Text(&report.tape.name)
    )
}
