//! Pictures: around the first drift side by side with a heat map, and a film of the whole.

use super::text::{Text, counted, duration, grouped};
use super::{Moment, Of, Report, Row};
use std::fmt::Write;

/// The section of the first drift; nothing where there is none.
pub(super) fn drift(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let Some(row) = Report::drifting(rows) else {
        return String::new();
    };
    let mut out = String::from("<section id=\"drift\">\n<h2>Around the first difference</h2>\n");
    out.push_str(&about(report));
    for moment in &report.drift {
        out.push_str(&moment_html(report, row, moment));
    }
    out.push_str("</section>\n");
    out
}

/// What can be seen, and why not more.
fn about(report: &Report<'_>) -> String {
    let text = match (report.runs.len(), report.drift.is_empty()) {
        (0, _) => {
            "A tape holds digests of its pictures, not the pictures, and no frame was made again: \
                there is nothing to see here. Without <code>--no-replay</code> there would be."
        }
        (_, true) => "The pictures of this world are larger than a page may hold.",
        (1, false) => {
            "A tape holds digests of its pictures, not the pictures: where a frame came out \
                differently, only what was made here can be seen. With <code>--against</code> \
                an engine that makes the tape&#39;s frames, or with the other machine&#39;s tape, \
                both sides stand here."
        }
        (_, false) => {
            "Brighter is more different in the heat map, scaled to the largest difference of each \
                picture; black is equal."
        }
    };
    format!("<p class=\"aside\">{text}</p>\n")
}

/// One frame: what each side made of it.
fn moment_html(report: &Report<'_>, row: &Row<'_>, moment: &Moment) -> String {
    let frame = moment.frame;
    let rate = report.tape.tape.config.frames_per_second_milli;
    let mut out = format!(
        "<article class=\"moment\"><h3><a href=\"#frame={frame}\">Frame {}</a> <small>{}{}</small>\
            </h3>\n<div class=\"sides\">\n",
        grouped(frame),
        duration(frame, rate),
        what_begins(row, frame)
    );
    for (index, picture) in moment.pictures.iter().enumerate() {
        let caption = caption(report, index);
        let shown = picture.as_ref().map_or_else(
            || "<p class=\"missing\">no such frame</p>".to_owned(),
            |picture| picture.html(&format!("Frame {frame}, {caption}"), &of_frame(index, frame)),
        );
        let badge = badge(report, index, frame);
        // Writing to a String never fails.
        let _ =
            writeln!(out, "<figure>{shown}<figcaption>{caption}<br>{badge}</figcaption></figure>");
    }
    if let Some((heat, difference)) = &moment.difference {
        let words = match difference.psnr_db {
            None => "equal in every pixel".to_owned(),
            Some(psnr_db) => format!(
                "{}, largest difference {}, PSNR {psnr_db:.1} dB",
                counted(difference.pixels, "pixel"),
                difference.largest
            ),
        };
        let image = heat.html(&format!("Where frame {frame} differs: {words}"), "");
        let _ = writeln!(
            out,
            "<figure>{image}<figcaption>difference<br><small>{words}</small></figcaption></figure>"
        );
    }
    out.push_str("</div></article>\n");
    out
}

/// Which side a picture is of, as HTML without quotes.
fn caption(report: &Report<'_>, index: usize) -> String {
    let run = &report.runs[index];
    match run.of {
        Of::Tape if report.other.is_none() => Text(&run.label).to_string(),
        of => format!("{} on {}", Text(report.tape_name(of)), Text(&run.label)),
    }
}

/// Is the picture the one that was recorded?
fn badge(report: &Report<'_>, index: usize, frame: u64) -> &'static str {
    if report.is_recorded(index, frame) {
        "<small class=\"recorded\">&#10003; the tape&#39;s picture</small>"
    } else {
        "<small class=\"other\">&#8800; not the tape&#39;s picture</small>"
    }
}

/// What first happens in a frame.
fn what_begins(row: &Row<'_>, frame: u64) -> &'static str {
    let is = |first: Option<u64>| first == Some(frame);
    match (is(row.found.first_action), is(row.found.first_state), is(row.found.first_picture)) {
        (true, ..) => ", the first with another action",
        (_, true, true) => ", the first with another state and picture",
        (_, true, false) => ", the first with another state",
        (_, false, true) => ", the first with another picture",
        _ => "",
    }
}

/// What the script finds a picture by.
fn of_frame(run: usize, frame: u64) -> String {
    format!(" data-run=\"{run}\" data-frame=\"{frame}\"")
}

/// The film's section; nothing where there is no picture.
pub(super) fn film(report: &Report<'_>) -> String {
    let (Some(run), Some(first)) = (report.runs.first(), report.film.first()) else {
        return String::new();
    };
    let rate = report.tape.tape.config.frames_per_second_milli;
    let apart = report.film.get(1).map_or(0, |second| second.frame - first.frame);
    let mut out = format!(
        "<section id=\"film\">\n<h2>The play</h2>\n<p class=\"aside\">{} made on {}{}.</p>\n\
            <ol class=\"film\">\n",
        counted(report.film.len() as u64, "picture"),
        Text(&run.label),
        if apart > 1 { format!(", one every {apart} frames") } else { String::new() }
    );
    for shot in &report.film {
        let frame = shot.frame;
        let (class, sign) = if report.is_recorded(0, frame) {
            ("recorded", "&#10003;")
        } else {
            ("other", "&#8800;")
        };
        let image = shot.picture.html(&format!("Frame {frame}"), &of_frame(0, frame));
        let _ = writeln!(
            out,
            "<li><a href=\"#frame={frame}\">{image}<span class=\"{class}\">{sign}</span> {} \
                <small>{}</small></a></li>",
            grouped(frame),
            duration(frame, rate)
        );
    }
    out.push_str(
        "</ol>\n<p class=\"aside\">&#10003; the tape&#39;s digest; &#8800; not the \
        tape&#39;s.</p>\n</section>\n",
    );
    out
}
