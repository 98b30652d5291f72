//! What it came to: one word, and a sentence for each thing that was held against another.

use super::text::{counted, grouped};
use super::{Report, Row};
use crate::session::Ending;

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that was held against the tape is the same, and the tape is closed.
    Same,
    /// Something differs.
    Drift,
    /// The same as far as the tape goes; it was not closed.
    Cut,
    /// The same as far as the tape can be read; what follows is damaged.
    Damaged,
    /// A closed tape that nothing was held against.
    NotReplayed,
}

impl Verdict {
    /// Its word, as `--json` says it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Drift => "drift",
            Verdict::Cut => "cut",
            Verdict::Damaged => "damaged",
            Verdict::NotReplayed => "not replayed",
        }
    }

    /// Its word and its sign, for people: no colour is needed to tell them apart.
    pub(super) fn heading(self) -> (&'static str, &'static str) {
        match self {
            Verdict::Same => ("Same", "&#10003;"),
            Verdict::Drift => ("Drift", "&#8800;"),
            Verdict::Cut => ("Cut short", "&#8230;"),
            Verdict::Damaged => ("Damaged", "!"),
            Verdict::NotReplayed => ("Not replayed", "&#8211;"),
        }
    }
}

impl Report<'_> {
    /// What `rows` of this report come to: drift weighs more than how a tape ends.
    pub fn verdict(&self, rows: &[Row<'_>]) -> Verdict {
        let endings = [Some(&self.tape), self.other.as_ref()].into_iter().flatten();
        let endings: Vec<&Ending> = endings.map(|tape| &tape.tape.ending).collect();
        let differs = rows.iter().any(|row| row.is_exact && row.first_drift().is_some());
        if differs || self.has_other_settings() {
            Verdict::Drift
        } else if endings.iter().any(|ending| matches!(ending, Ending::Damaged { .. })) {
            Verdict::Damaged
        } else if endings.iter().any(|ending| matches!(ending, Ending::Cut { .. })) {
            Verdict::Cut
        } else if self.other.as_ref().is_some_and(|other| other.frames() != self.tape.frames()) {
            // Two whole plays, and one goes on for longer: not the same play, as `diff` says.
            Verdict::Drift
        } else if rows.iter().any(|row| row.is_exact) {
            Verdict::Same
        } else {
            Verdict::NotReplayed
        }
    }

    /// Are the two tapes of different settings? Then they are not of the same play.
    pub(super) fn has_other_settings(&self) -> bool {
        self.other.as_ref().is_some_and(|other| other.tape.config != self.tape.tape.config)
    }

    /// What was found, a sentence each, the most important first. Plain text, not yet HTML.
    pub fn sentences(&self, rows: &[Row<'_>]) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.has_other_settings() {
            sentences.push(
                "The two tapes are of different settings: they are two plays, not two recordings \
                    of one."
                    .to_owned(),
            );
        }
        sentences.extend(rows.iter().enumerate().map(|(index, row)| {
            let of_tapes = index == 0 && self.other.is_some();
            if of_tapes { tapes(row) } else { replayed(row) }
        }));
        if rows.is_empty() {
            let frames = counted(self.tape.tape.outcomes.len() as u64, "frame");
            sentences.push(format!(
                "No frame was made again: this page tells what the tape holds, {frames} with their \
                    digests."
            ));
        }
        let endings = self.endings();
        match self.verdict(rows) {
            Verdict::Cut | Verdict::Damaged => endings.into_iter().chain(sentences).collect(),
            _ => sentences.into_iter().chain(endings).collect(),
        }
    }

    /// A sentence for each tape that something ends early.
    fn endings(&self) -> Vec<String> {
        let tapes = [Some(&self.tape), self.other.as_ref()].into_iter().flatten();
        let told = tapes.filter_map(|tape| {
            let ending = tape.ending.as_ref()?;
            Some(match &self.other {
                Some(_) => format!("{}: {ending}.", tape.name),
                None => format!("{}.", capital(ending)),
            })
        });
        told.collect()
    }
}

/// The first letter large, as a sentence begins.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A tape held against another.
fn tapes(row: &Row<'_>) -> String {
    let Row { left, right, found, .. } = row;
    let frames = counted(found.frames, "frame");
    let Some(first) = row.first_drift() else {
        let (more, longer) = (row.expected.len().abs_diff(row.made.len()) as u64, {
            if row.expected.len() > row.made.len() { left } else { right }
        });
        let more = match more {
            0 => String::new(),
            more => format!(" {longer} goes on for {} more.", counted(more, "frame")),
        };
        return format!(
            "{left} and {right} hold the same {frames}: every action, state and picture.{more}"
        );
    };
    let tail = tail(row);
    match found.first_action {
        Some(action) if action <= first => format!(
            "The plays part at frame {}, where other buttons are held; {tail}.",
            grouped(action)
        ),
        _ => format!(
            "From the same actions {left} and {right} hold different frames: {}; {tail}.",
            firsts(row)
        ),
    }
}

/// A tape held against a run.
fn replayed(row: &Row<'_>) -> String {
    let Row { left, right, found, .. } = row;
    let possessive = if left == "the tape" { "the tape's".to_owned() } else { format!("{left}'s") };
    if !row.is_exact {
        return format!(
            "Made again on {right}, which computes another arithmetic: close, never the same; \
                {} of {} differ.",
            grouped(found.differing),
            counted(found.frames, "frame")
        );
    }
    match row.first_drift() {
        None if found.frames == 0 => format!("There is no frame of {left} to make again."),
        None => format!(
            "{} made again on {right}: every picture and every state is {possessive}.",
            capital(&match found.frames {
                1 => "the one frame was".to_owned(),
                frames => format!("all {} frames were", grouped(frames)),
            })
        ),
        Some(_) => format!("Made again on {right}: {}; {}.", firsts(row), tail(row)),
    }
}

/// Where state and picture first differ.
fn firsts(row: &Row<'_>) -> String {
    let whose = if row.left == "the tape" { " from the tape's" } else { "" };
    match (row.found.first_state, row.found.first_picture) {
        (Some(state), Some(picture)) if state == picture => {
            format!("state and picture differ{whose} from frame {} on", grouped(state))
        }
        (Some(state), Some(picture)) if state < picture => format!(
            "the state differs{whose} from frame {} on, \
                the first picture that shows it is frame {}",
            grouped(state),
            grouped(picture)
        ),
        (Some(state), Some(picture)) => format!(
            "the picture differs{whose} from frame {} on, the state from frame {}",
            grouped(picture),
            grouped(state)
        ),
        (Some(state), None) => format!(
            "the state differs{whose} from frame {} on, no picture shows it",
            grouped(state)
        ),
        (None, Some(picture)) => {
            format!("the picture differs{whose} from frame {} on, no state does", grouped(picture))
        }
        (None, None) => "the frames are the same".to_owned(),
    }
}

/// How many differ and whether they meet again.
fn tail(row: &Row<'_>) -> String {
    let found = &row.found;
    let (differing, frames) = (grouped(found.differing), counted(found.frames, "frame"));
    let again = match (found.same_again_from, found.first_meeting) {
        (Some(frame), _) => format!(", the same again from frame {}", grouped(frame)),
        (None, Some(frame)) => {
            format!(", meeting at frame {} and parting again", grouped(frame))
        }
        (None, None) => String::new(),
    };
    format!("{differing} of {frames} differ{again}")
}
