//! What a view says: on the screen while it lasts, and in a few lines when it is over.

use super::super::{Exit, inspect, output, replay};
use super::sides::{Plan, Side};
use crate::drift::{Mark, machine_differences, marks};
use crate::screen::view::{self, Desk, Facts, Machines, SideName};
use crate::session::{Ending, Machine};
use std::path::Path;

/// What the screen tells of a tape, made by the first of `sides`, held against the second plan.
pub(super) fn facts(plan: &Plan, other: Option<&Plan>, sides: &[Side]) -> Facts {
    let (tape, frames) = (&plan.tape, plan.frames());
    let config = &tape.config;
    let mut notes: Vec<(u64, String)> = tape
        .notes
        .iter()
        .filter(|note| note.frame < frames as u64)
        .map(|note| (note.frame, output::one_line(&note.text)))
        .collect();
    notes.sort();
    let file = quoted(&plan.path);
    let engine = other_engine(tape.machines.last(), &sides[0]);
    Facts {
        tape: plan.name(),
        buttons: config.action_names.iter().map(|name| output::plain(name)).collect(),
        picture: (config.picture_width as usize, config.picture_height as usize),
        rate_milli: config.frames_per_second_milli.into(),
        actions: tape.actions[..frames].to_vec(),
        times_us: tape.action_us[..frames].to_vec(),
        notes,
        sides: side_names(plan, other, sides),
        machines: machines(plan, other, sides),
        ending: inspect::ending_line(&tape.ending),
        against: other.is_none().then(|| format!("worldtape view {file} --against {engine}")),
        explain: (
            format!("worldtape explain {file} --frame "),
            format!(" --against {}", against(sides).unwrap_or(engine)),
        ),
    }
}

/// The desk of these sides.
pub(super) fn desk(plan: &Plan, other: Option<&Plan>, sides: &[Side], facts: &Facts) -> Desk {
    let plans = [Some(plan), other].into_iter().flatten();
    let side = |(plan, side): (&Plan, &Side)| view::Side {
        frames: plan.frames() as u64,
        expected: side.is_checked.then(|| plan.tape.outcomes.clone()),
    };
    let notes = facts.notes.iter().map(|note| note.0).collect();
    let (width, height) = facts.picture;
    let sides = plans.zip(sides).map(side).collect();
    Desk::new(sides, between(plan, other), notes, 3 * width * height)
}

/// Where two tapes differ, by what they say themselves.
fn between(plan: &Plan, other: Option<&Plan>) -> Vec<Mark> {
    let other = other.filter(|other| other.path != plan.path);
    let made = other.map(|other| other.tape.outcomes.iter().copied().map(Some).collect::<Vec<_>>());
    made.map_or_else(Vec::new, |made| marks(&plan.tape.outcomes, &made))
}

/// Two sides are named by what makes them different: the tape, or the engine.
fn side_names(plan: &Plan, other: Option<&Plan>, sides: &[Side]) -> Vec<SideName> {
    let has_two_tapes = other.is_some_and(|other| other.path != plan.path);
    let plans = [Some(plan), other].into_iter().flatten();
    let name = |(plan, side): (&Plan, &Side)| SideName {
        name: if has_two_tapes { plan.name() } else { side.engine.clone() },
        short: if has_two_tapes { plan.stem() } else { output::plain(&side.machine.engine) },
        is_checked: side.is_checked,
    };
    plans.zip(sides).map(name).collect()
}

fn machines(plan: &Plan, other: Option<&Plan>, sides: &[Side]) -> Vec<Machines> {
    let pair = |title: String, theirs: &Machine, ours: &Machine| {
        let mut facts = machine_differences(theirs, ours);
        for fact in &mut facts {
            for text in [&mut fact.name, &mut fact.theirs, &mut fact.ours] {
                *text = output::plain(text);
            }
        }
        Machines { title, facts }
    };
    let recorded = |plan: &Plan| plan.tape.machines.last().cloned().unwrap_or_default();
    let theirs = recorded(plan);
    let mut all =
        vec![pair(format!("{}: recorded | here", plan.name()), &theirs, &sides[0].machine)];
    match other {
        Some(other) if other.path != plan.path => {
            let title = format!("recorded: {} | {}", plan.name(), other.name());
            all.push(pair(title, &theirs, &recorded(other)));
        }
        Some(_) => {
            let title = format!("{} | {}", sides[0].engine, sides[1].engine);
            all.push(pair(title, &sides[0].machine, &sides[1].machine));
        }
        None => {}
    }
    all
}

/// The engine to hold a tape against: that of its own machine, or, where that is ours, the float
/// reference.
fn other_engine(recorded: Option<&Machine>, side: &Side) -> String {
    let recorded = recorded.map(|machine| output::plain(&machine.engine));
    recorded
        .filter(|engine| !engine.is_empty() && *engine != side.machine.engine)
        .unwrap_or_else(|| "reference".to_owned())
}

/// The engine of the second side, where it is another one.
fn against(sides: &[Side]) -> Option<String> {
    let [first, second] = sides else { return None };
    (first.machine.engine != second.machine.engine).then(|| second.machine.engine.clone())
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = output::plain(&path.display().to_string());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./-+=:,@".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Says what the view came to, after the terminal is as it was.
pub(super) fn tell(plan: &Plan, other: Option<&Plan>, names: &[SideName], desk: &Desk) -> Exit {
    let mut exit = Exit::Ok;
    for (side, name) in names.iter().enumerate().filter(|(_, name)| name.is_checked) {
        let verdict = desk.verdict(side);
        let line = match verdict.first_drift() {
            None => {
                let frames = if side == 0 { plan } else { other.unwrap_or(plan) }.frames();
                format!("{} of {frames} frames replayed, all the same", verdict.frames)
            }
            Some(_) => {
                exit = exit.max(Exit::Drift);
                replay::drift_line(&verdict)
            }
        };
        output::note(&format!("viewed {} ({}): {line}", plan.path.display(), name.name));
    }
    let mut plans = vec![plan];
    plans.extend(other.filter(|other| other.path != plan.path));
    for plan in plans.iter().filter(|plan| plan.tape.ending != Ending::Closed) {
        let ending = inspect::ending_line(&plan.tape.ending).unwrap_or_default();
        output::complaint(&format!("{}: {ending}", plan.path.display()));
        exit = exit.max(Exit::Damaged);
    }
    if let Some(trouble) = desk.trouble() {
        output::complaint(&trouble);
        exit = Exit::Error;
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_part_it() {
        assert_eq!(quoted(Path::new("sessions/arena-walk.wtape")), "sessions/arena-walk.wtape");
        assert_eq!(quoted(Path::new("my tape's.wtape")), "'my tape'\\''s.wtape'");
    }
}
