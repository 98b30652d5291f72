//! Nothing in the tree tells of the machine that it was written on or fetched through.

use crate::finding::Finding;
use crate::tree::File;

/// Folders of one machine, in halves so that this file passes its own rule.
const FOLDERS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Where packages come from is for the reader's own configuration to say.
const HOSTS: [&str; 5] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("npmjs", ".org"),
    concat!("proxy.", "golang.org"),
];

/// cargo writes the registry into it.
const EXEMPT: &str = "Cargo.lock";

/// Finds the places in `file` that name a machine's folder or a registry's host.
pub fn check(file: &File) -> Vec<Finding> {
    let lines = if file.name() == EXEMPT { "".lines() } else { file.text.lines() };
    let places = lines.enumerate().filter_map(|(index, line)| Some((index, stranger(line)?)));
    let report = |(index, word)| {
        let advice = format!("`{word}` belongs to one machine; say it without");
        Finding::new(file, index + 1, "words", advice)
    };
    places.map(report).collect()
}

fn stranger(line: &str) -> Option<&'static str> {
    let folder = FOLDERS
        .into_iter()
        .find(|folder| line.match_indices(folder).any(|(at, _)| !continues_a_path(&line[..at])));
    folder.or_else(|| HOSTS.into_iter().find(|host| line.contains(host)))
}

/// Does what stands before a slash make it the middle of a longer path?
fn continues_a_path(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_some_and(|character| character.is_alphanumeric() || "_.-~}*".contains(character))
}

#[cfg(test)]
mod tests {
    use super::{FOLDERS, HOSTS, check};
    use crate::finding::places;
    use crate::tree::File;

    fn found(path: &str, text: &str) -> Vec<String> {
        places(&check(&File::new(path, text)))
    }

    #[test]
    fn folders_of_one_machine_are_found() {
        for folder in FOLDERS {
            for before in ["", "see ", "\"", "file://", "A="] {
                let text = format!("a\n{before}{folder}b");
                assert_eq!(found("docs/a.md", &text), ["docs/a.md:2: words"], "{text}");
            }
            for before in ["frame", "a_b", "..", "$HOME}"] {
                assert_eq!(found("docs/a.md", &format!("{before}{folder}b")).len(), 0);
            }
        }
    }

    #[test]
    fn hosts_of_registries_are_found_but_in_the_lock_file() {
        for host in HOSTS {
            let text = format!("https://{host}/a");
            assert_eq!(found("README.md", &text).len(), 1);
            assert_eq!(found("Cargo.lock", &text).len(), 0);
        }
    }
}
