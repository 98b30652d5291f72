//! What was played: the settings, and how long each button was held.

use super::text::{Text, counted, duration, grouped};
use super::{Recorded, Report};
use crate::session::Config;
use std::fmt::Write;

/// The section's content.
pub(super) fn played(report: &Report<'_>) -> String {
    let tapes: Vec<&Recorded<'_>> =
        [Some(&report.tape), report.other.as_ref()].into_iter().flatten().collect();
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Settings\">\
            <table class=\"settings\">",
    );
    if tapes.len() > 1 {
        let names = tapes.iter().map(|tape| format!("<th scope=\"col\">{}</th>", bdi(&tape.name)));
        let names: String = names.collect();
        let _ = write!(out, "<thead><tr><td></td>{names}</tr></thead>");
    }
    out.push_str("<tbody>\n");
    let columns: Vec<Vec<(&str, String)>> = tapes.iter().map(|tape| settings(tape)).collect();
    for (index, (name, first)) in columns[0].iter().enumerate() {
        let values: Vec<&String> = columns.iter().map(|column| &column[index].1).collect();
        let differs = values.iter().any(|value| *value != first);
        let _ = write!(out, "<tr{}>", if differs { " class=\"differs\"" } else { "" });
        let _ = write!(out, "<th scope=\"row\">{name}</th>");
        values.iter().for_each(|value| {
            let _ = write!(out, "<td>{value}</td>");
        });
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    tapes.iter().for_each(|tape| out.push_str(&held(tape, tapes.len() > 1)));
    out
}

fn bdi(text: &str) -> String {
    format!("<bdi>{}</bdi>", Text(text))
}

/// A tape's settings as name and HTML, in the same order for every tape.
fn settings(recorded: &Recorded<'_>) -> Vec<(&'static str, String)> {
    let (tape, config) = (recorded.tape, &recorded.tape.config);
    let Config { world_name, world_digest, arithmetic, seed, prompt, passes, .. } = config;
    let levels: Vec<String> =
        config.noise_levels.iter().map(|bits| f32::from_bits(*bits).to_string()).collect();
    let frames = tape.outcomes.len() as u64;
    let pending = (tape.actions.len() - tape.outcomes.len()) as u64;
    let pending = match pending {
        0 => String::new(),
        count => format!(", {} more without a frame", counted(count, "action")),
    };
    let rate = config.frames_per_second_milli;
    vec![
        ("world", format!("{}<br><code>{world_digest}</code>", bdi(world_name))),
        ("begins at", format!("prompt {prompt}, seed {seed}")),
        ("each frame", format!("{passes} passes at noise {}", levels.join(", "))),
        ("arithmetic", bdi(arithmetic)),
        ("picture", format!("{}&#215;{}", config.picture_width, config.picture_height)),
        (
            "length",
            format!(
                "{}{pending}, {} at {} frames/s",
                counted(frames, "frame"),
                duration(frames, rate),
                f64::from(rate) / 1000.0
            ),
        ),
        ("recorded", format!("{}, {}", Text(&recorded.started), took(recorded))),
        ("file", format!("{}, {} bytes", bdi(&recorded.name), grouped(recorded.bytes))),
    ]
}

/// How long the recording took by its own clock.
fn took(recorded: &Recorded<'_>) -> String {
    let us = recorded.tape.outcome_us.last().copied().unwrap_or(0);
    // A second of a thousand milliseconds: the clock's time in place of the world's.
    format!("took {}", duration(us / 1000, 1_000_000))
}

/// How long each button was held.
fn held(recorded: &Recorded<'_>, is_one_of_two: bool) -> String {
    let (tape, config) = (recorded.tape, &recorded.tape.config);
    let frames = tape.outcomes.len();
    let actions = &tape.actions[..frames];
    let count = |button: usize| actions.iter().filter(|action| action.holds(button)).count();
    let none = actions.iter().filter(|action| action.0 == 0).count();
    let names = config.action_names.iter().enumerate();
    let mut rows: Vec<(String, usize)> =
        names.map(|(button, name)| (bdi(name), count(button))).collect();
    rows.push(("no button".to_owned(), none));
    let mut out = String::from("<table class=\"held\"><caption>Buttons held");
    if is_one_of_two {
        let _ = write!(out, " in {}", bdi(&recorded.name));
    }
    out.push_str("</caption><tbody>\n");
    for (name, count) in rows {
        let share = count * 1000 / frames.max(1);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td class=\"bar\"><svg viewBox=\"0 0 1000 10\" \
                preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"held\" \
                d=\"M0 0h{share}v10h-{share}z\"/></svg></td><td>{}</td><td>{}</td></tr>",
            duration(count as u64, config.frames_per_second_milli),
            counted(count as u64, "frame"),
        );
    }
    out.push_str("</tbody></table>\n");
    out
}
