//! The shape of a file: an opening line, few lines, narrow lines, plain letters, nothing left over.

use crate::finding::Finding;
use crate::tree::File;

const FILE_LINES_MAX: usize = 500;
/// What rustfmt is told too; it leaves long strings and comments alone.
const COLUMNS_MAX: usize = 100;
const FILE_BYTES_MAX: u64 = 25_000_000;
/// In halves, so that this file passes its own rule.
const LEFTOVERS: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Finds what is wrong with the shape of `file`.
pub fn check(file: &File) -> Vec<Finding> {
    let rules = [opening, length, width, letters, leftovers, size];
    rules.iter().flat_map(|rule| rule(file)).collect()
}

/// A reader meets first what the file is.
fn opening(file: &File) -> Vec<Finding> {
    let first = file.text.lines().next().unwrap_or("");
    let (opens, wanted) = if file.is("rs") {
        (first.starts_with("//! "), "`//! `")
    } else if file.is("cu") || file.is("cuh") {
        (first.starts_with("// ") || first.starts_with("/*"), "a comment")
    } else if file.is("py") {
        (python_opens(&file.text), "a comment or a docstring")
    } else {
        return Vec::new();
    };
    let advice = format!("begin the file with {wanted} that says what it is");
    let finding = (!opens).then(|| Finding::new(file, 1, "opening line", advice));
    finding.into_iter().collect()
}

/// A line that names the interpreter says nothing about the file.
fn python_opens(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.starts_with("#!"));
    let first = lines.next().unwrap_or("");
    first.starts_with("# ") || first.starts_with("\"\"\"")
}

fn length(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if !is_program(file) || lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    let advice = format!("{lines} lines, at most {FILE_LINES_MAX}; split it");
    vec![Finding::new(file, FILE_LINES_MAX + 1, "file length", advice)]
}

fn width(file: &File) -> Vec<Finding> {
    let measured = file.path.starts_with("src/") && is_program(file);
    each_line(file, measured, |line| {
        let columns = line.chars().count();
        let advice = || format!("{columns} columns, at most {COLUMNS_MAX}; break it");
        (columns > COLUMNS_MAX).then(|| ("line width", advice()))
    })
}

fn letters(file: &File) -> Vec<Finding> {
    each_line(file, file.is("rs"), |line| {
        let stranger = line.chars().find(|character| !character.is_ascii())?;
        let escape = stranger.escape_unicode();
        Some(("ASCII", format!("spell it out; in a literal write `{escape}`")))
    })
}

fn leftovers(file: &File) -> Vec<Finding> {
    let kinds = ["toml", "md", "sh", "yml"];
    let read = is_program(file) || kinds.iter().any(|kind| file.is(kind)) || file.name() == "run";
    each_line(file, read, |line| {
        let mut words = line.split(|character: char| !character.is_alphanumeric());
        let word = words.find(|word| LEFTOVERS.contains(word))?;
        Some(("leftovers", format!("`{word}`: do it now, or write an issue")))
    })
}

fn size(file: &File) -> Vec<Finding> {
    let is_world = file.path.starts_with("worlds/") && file.is("safetensors");
    if is_world || file.bytes <= FILE_BYTES_MAX {
        return Vec::new();
    }
    let advice = format!("{} bytes, at most {FILE_BYTES_MAX}; keep it elsewhere", file.bytes);
    vec![Finding::new(file, 1, "file size", advice)]
}

fn is_program(file: &File) -> bool {
    ["rs", "cu", "cuh", "py"].iter().any(|extension| file.is(extension))
}

/// Asks `rule` about every line of `file`, if the rule `applies` to it.
fn each_line(
    file: &File,
    applies: bool,
    rule: impl Fn(&str) -> Option<(&'static str, String)>,
) -> Vec<Finding> {
    let lines = if applies { file.text.lines() } else { "".lines() };
    let judged = lines.enumerate().filter_map(|(index, line)| Some((index, rule(line)?)));
    judged.map(|(index, (name, advice))| Finding::new(file, index + 1, name, advice)).collect()
}

#[cfg(test)]
mod tests {
    use super::{FILE_BYTES_MAX, LEFTOVERS, check};
    use crate::finding::places;
    use crate::tree::File;

    fn found(path: &str, text: &str) -> Vec<String> {
        places(&check(&File::new(path, text)))
    }

    #[test]
    fn a_file_without_an_opening_line_is_found() {
        for (path, text) in [
            ("tests/a.rs", "use std::fmt;\n"),
            ("fuzz/a.rs", "// A plain comment.\n"),
            ("src/a.rs", ""),
            ("src/a.cu", "__global__ void f() {}\n"),
            ("training/a.py", "#!/usr/bin/env python3\nimport sys\n"),
        ] {
            assert_eq!(found(path, text), [format!("{path}:1: opening line")]);
        }
    }

    #[test]
    fn files_that_open_with_what_they_are_pass() {
        for (path, text) in [
            ("src/a.rs", "//! The letter a.\n"),
            ("src/a.cu", "// The letter a.\n"),
            ("training/a.py", "#!/usr/bin/env python3\n\"\"\"The letter a.\"\"\"\n"),
            ("training/b.py", "# The letter b.\n"),
            ("README.md", "Anything, of any width, with any letter: \u{e9}.\n"),
        ] {
            assert_eq!(found(path, text), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_file_of_501_lines_is_found() {
        let text = |lines: usize| format!("//! A.\n{}", "\n".repeat(lines - 1));
        assert_eq!(found("src/a.rs", &text(501)), ["src/a.rs:501: file length"]);
        assert_eq!(found("src/a.rs", &text(500)).len(), 0);
    }

    #[test]
    fn a_line_of_101_columns_is_found_in_src() {
        let text = |columns: usize| format!("//! A.\n//{}", "a".repeat(columns - 2));
        assert_eq!(found("src/a.rs", &text(101)), ["src/a.rs:2: line width"]);
        assert_eq!(found("src/a.rs", &text(100)).len(), 0);
        assert_eq!(found("tests/a.rs", &text(101)).len(), 0);
    }

    #[test]
    fn letters_beyond_ascii_are_found() {
        assert_eq!(found("src/a.rs", "//! A.\n// \u{2192}"), ["src/a.rs:2: ASCII"]);
    }

    #[test]
    fn leftovers_are_found_as_words_only() {
        for word in LEFTOVERS {
            let text = format!("//! A.\n// {word}: later");
            assert_eq!(found("src/a.rs", &text), ["src/a.rs:2: leftovers"]);
            assert_eq!(found(".ci/run", &text), [".ci/run:2: leftovers"]);
            assert_eq!(found("src/a.rs", &format!("//! A.\n// {word}S")).len(), 0);
        }
    }

    #[test]
    fn a_large_file_is_found_unless_it_is_a_world() {
        let of_size = |path, bytes| {
            let file = File { bytes, ..File::new(path, "") };
            places(&check(&file)).len()
        };
        assert_eq!(of_size("traces/a.json", FILE_BYTES_MAX + 1), 1);
        assert_eq!(of_size("traces/a.json", FILE_BYTES_MAX), 0);
        assert_eq!(of_size("worlds/doom.safetensors", FILE_BYTES_MAX + 1), 0);
    }
}
