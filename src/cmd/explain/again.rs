//! The command that shows a finding again, as a shell takes it.

use crate::cli::{Explain, FrameWord, Machinery};
use std::ffi::OsStr;
use std::path::Path;

/// Variables that choose how an engine runs: a finding may hang on them.
const VARIABLES: [&str; 5] = [
    "RAYON_NUM_THREADS",
    "WORLDTAPE_ISA",
    "WORLDTAPE_LANE",
    "WORLDTAPE_CUDA_CODE",
    "WORLDTAPE_CUDA_GRAPH",
];

/// `explain` of that frame by `program`, else this one, against `against`, or of all ways to run,
/// with the variables that are set.
pub(super) fn explain(
    options: &Explain,
    frame: FrameWord,
    program: Option<&Path>,
    against: &str,
) -> String {
    let mut words: Vec<String> = VARIABLES
        .iter()
        .filter_map(|name| Some(format!("{name}={}", quoted(&std::env::var_os(name)?))))
        .collect();
    let program = program.map(|path| path.as_os_str().to_owned());
    let program = program.or_else(|| std::env::args_os().next());
    words.push(program.map_or_else(|| "worldtape".to_owned(), |name| quoted(&name)));
    words.push("explain".to_owned());
    words.push(quoted(options.file.as_os_str()));
    let frame = match frame {
        FrameWord::First => "first".to_owned(),
        FrameWord::Number(frame) => frame.to_string(),
        FrameWord::Range(frames) => format!("{}..{}", frames.start, frames.end),
    };
    words.extend(["--frame".to_owned(), frame]);
    match options.settings {
        true => words.push("--settings".to_owned()),
        false => words.extend(["--against".to_owned(), quoted(against.as_ref())]),
    }
    machinery(&options.machinery, &mut words);
    words.join(" ")
}

fn machinery(options: &Machinery, words: &mut Vec<String>) {
    if let Some(world) = &options.world {
        words.extend(["--world".to_owned(), quoted(world.as_os_str())]);
    }
    if options.device != Machinery::default().device {
        words.extend(["--device".to_owned(), options.device.clone()]);
    }
}

/// A word as a shell takes it whole.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_takes_each_word_whole() {
        let said = |word: &str| quoted(word.as_ref());
        assert_eq!(said("a/b-1.wtape"), "a/b-1.wtape");
        assert_eq!(said("my tape"), "'my tape'");
        assert_eq!(said("it's; $HOME"), "'it'\\''s; $HOME'");
        assert_eq!(said(""), "''");
    }
}
