//! The files under the rules: what git would commit, or all but build output where there is no git.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::strip::{Stripped, strip};

/// Larger files are weights, not text.
const TEXT_BYTES_MAX: u64 = 25_000_000;

/// Build output and caches: not part of the tree.
const SKIPPED_FOLDERS: [&str; 4] = [".git", "target", ".venv", "__pycache__"];

/// One file of the tree.
pub struct File {
    /// From the root, with `/` between the parts.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// What it says; empty when it is not text.
    pub text: String,
}

impl File {
    /// A file that exists only here, to try a rule on.
    pub fn new(path: &str, text: &str) -> File {
        File { path: path.to_owned(), bytes: text.len() as u64, text: text.to_owned() }
    }

    /// Does the path end in `.extension`?
    pub fn is(&self, extension: &str) -> bool {
        self.name().rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Is it a Rust file of the library or the binary?
    pub fn is_source(&self) -> bool {
        self.path.starts_with("src/") && self.is("rs")
    }

    /// Its code and its comments.
    pub fn stripped(&self) -> Stripped {
        strip(&self.text)
    }

    fn read(root: &Path, path: String) -> Option<File> {
        let bytes = fs::metadata(root.join(&path)).ok()?.len();
        let read = || fs::read_to_string(root.join(&path)).ok();
        let text = if bytes <= TEXT_BYTES_MAX { read() } else { None };
        Some(File { path, bytes, text: text.unwrap_or_default() })
    }
}

/// Reads the tree at `root`, in order of path.
pub fn files(root: &Path) -> Vec<File> {
    let mut paths = listed_by_git(root).unwrap_or_else(|| listed_by_walk(root, ""));
    paths.sort();
    paths.dedup();
    paths.into_iter().filter_map(|path| File::read(root, path)).collect()
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
    let listing = String::from_utf8(output.stdout).ok()?;
    let paths = listing.split_terminator('\0').map(str::to_owned).collect();
    output.status.success().then_some(paths)
}

fn listed_by_walk(root: &Path, folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_file() => paths.push(path),
            Ok(kind) if kind.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_str()) => {
                paths.extend(listed_by_walk(root, &format!("{path}/")));
            }
            _ => {}
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{File, files, listed_by_walk};

    #[test]
    fn the_tree_holds_this_file_and_no_build_output() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listings =
            [files(root).into_iter().map(|file| file.path).collect(), listed_by_walk(root, "")];
        for listing in listings {
            for wanted in ["tests/tidy/tree.rs", "src/lib.rs", "Cargo.toml"] {
                assert!(listing.iter().any(|path| path == wanted), "{wanted}");
            }
            assert!(!listing.iter().any(|path| path.starts_with("target/")));
        }
    }

    #[test]
    fn a_hidden_name_is_not_an_extension_of_nothing() {
        assert!(File::new("src/a.rs", "").is_source());
        assert!(!File::new("tests/a.rs", "").is_source());
        assert!(!File::new("src/a.cu", "").is("rs"));
        assert_eq!(File::new(".ci/run", "").name(), "run");
    }
}
