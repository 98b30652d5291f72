//! The commands that give a page's verdict, and the page, again.

use crate::cli::Report as Options;
use crate::report::Report;
use std::path::Path;

/// The commands, for a shell: the verdict of each tape first, the page last.
pub(super) fn commands(options: &Options, report: &Report<'_>, output: &Path) -> Vec<String> {
    let mut world = Vec::new();
    if let Some(path) = &options.machinery.world {
        world.extend(["--world".to_owned(), quoted(path)]);
    }
    let mut lines = Vec::new();
    if let Some(other) = &options.other {
        lines.push(format!("worldtape diff {} {}", quoted(&options.file), quoted(other)));
    }
    for (index, run) in report.runs.iter().enumerate() {
        let paths = [Some(&options.file), options.other.as_ref()];
        let path = paths[if options.other.is_some() { index } else { 0 }].unwrap_or(&options.file);
        if !run.is_exact {
            continue; // replay refuses another arithmetic
        }
        let mut words = vec!["worldtape".to_owned(), "replay".to_owned()];
        words.extend(world.clone());
        words.extend(["--device".to_owned(), run.machine.engine.clone(), quoted(path)]);
        lines.push(words.join(" "));
    }
    if lines.is_empty() {
        lines.push(format!("worldtape inspect --verify {}", quoted(&options.file)));
    }
    lines.extend(explanation(options, report, &world));
    lines.dedup();
    lines.push(page(options, world, output));
    lines
}

/// The command that explains the first run that drifts: against the other engine, where there is
/// one, it names the op; against the tape alone the frame, and how to name the op.
fn explanation(options: &Options, report: &Report<'_>, world: &[String]) -> Option<String> {
    let rows = report.rows();
    let rows = &rows[rows.len() - report.runs.len()..];
    let drifts = |index: &usize| rows[*index].is_exact && rows[*index].first_drift().is_some();
    let drifting = (0..rows.len()).find(drifts)?;
    let of_other = report.other.is_some() && drifting == 1;
    let file = options.other.as_ref().filter(|_| of_other).unwrap_or(&options.file);
    let engine = |index: usize| report.runs[index].machine.engine.clone();
    let mut words = vec!["worldtape".to_owned(), "explain".to_owned()];
    words.extend_from_slice(world);
    words.extend(["--device".to_owned(), engine(drifting), quoted(file)]);
    if let (None, [ours, theirs]) = (&report.other, &*report.runs) {
        let parts = ours.is_exact && theirs.is_exact && ours.outcomes != theirs.outcomes;
        let against = parts.then(|| ["--against".to_owned(), engine(1 - drifting)]);
        words.extend(against.into_iter().flatten());
    }
    Some(words.join(" "))
}

/// The command of the page.
fn page(options: &Options, world: Vec<String>, output: &Path) -> String {
    let mut words = vec!["worldtape".to_owned(), "report".to_owned()];
    words.extend(world);
    if options.no_replay {
        words.push("--no-replay".to_owned());
    } else {
        words.extend(["--device".to_owned(), options.machinery.device.clone()]);
    }
    if let Some(against) = &options.against {
        words.extend(["--against".to_owned(), against.clone()]);
    }
    words.push(quoted(&options.file));
    words.extend(options.other.as_ref().map(|other| quoted(other)));
    words.extend(["-o".to_owned(), quoted(output)]);
    words.join(" ")
}

/// A path as one word of a shell, never an option.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if text.starts_with('-') { format!("./{text}") } else { text.into_owned() };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;
    use std::path::Path;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        let told = |text: &str| quoted(Path::new(text));
        assert_eq!(told("a/b-1.wtape"), "a/b-1.wtape");
        assert_eq!(told("my tape's $x"), "'my tape'\\''s $x'");
        assert_eq!(told("-o"), "./-o");
    }
}
