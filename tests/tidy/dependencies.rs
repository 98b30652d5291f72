//! Each dependency has a reason in CONTRIBUTING.md, and each reason a dependency.

use crate::finding::Finding;
use crate::tree::File;

const MANIFEST: &str = "Cargo.toml";
const REASONS: &str = "CONTRIBUTING.md";

/// Compares the dependencies of Cargo.toml with the table that opens `| Dependency |`.
pub fn check(files: &[File]) -> Vec<Finding> {
    let named = |path: &str| files.iter().find(|file| file.path == path);
    let (Some(manifest), Some(reasons)) = (named(MANIFEST), named(REASONS)) else {
        let lone = files.iter().find(|file| [MANIFEST, REASONS].contains(&file.path.as_str()));
        let advice = "Cargo.toml and CONTRIBUTING.md go together; add the other";
        return lone
            .map(|file| Finding::new(file, 1, "dependencies", advice))
            .into_iter()
            .collect();
    };
    let (wanted, given) = (dependencies(&manifest.text), rows(&reasons.text));
    let advice = "has no reason; add a row to the table in CONTRIBUTING.md";
    let mut findings = missing(manifest, &wanted, &given, advice);
    findings.extend(missing(reasons, &given, &wanted, "is not in Cargo.toml; delete the row"));
    findings
}

/// A line and the name on it.
type Entry = (usize, String);

fn missing(file: &File, from: &[Entry], other: &[Entry], advice: &str) -> Vec<Finding> {
    let lone = from.iter().filter(|(_, name)| !other.iter().any(|(_, known)| known == name));
    let report = |(line, name): &Entry| {
        Finding::new(file, *line, "dependencies", format!("`{name}` {advice}"))
    };
    lone.map(report).collect()
}

/// The dependencies of every kind: `[dependencies]`, `[target.'...'.dev-dependencies]` and so on.
fn dependencies(manifest: &str) -> Vec<Entry> {
    let mut listing = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            listing = section.ends_with("dependencies");
            let own_section = section.split_once("dependencies.");
            found.extend(own_section.map(|(_, name)| (index + 1, name.to_owned())));
        } else if listing && !line.starts_with('#') {
            let key = line.split_once('=').map(|(key, _)| key.trim());
            let name = key.and_then(|key| key.split('.').next()).filter(|name| !name.is_empty());
            found.extend(name.map(|name| (index + 1, name.to_owned())));
        }
    }
    found
}

/// The names in the first column of the table of reasons.
fn rows(page: &str) -> Vec<Entry> {
    let lines = page.lines().enumerate();
    let table = lines.skip_while(|(_, line)| !line.starts_with("| Dependency |"));
    let body = table.take_while(|(_, line)| line.starts_with('|')).skip(2);
    let names = body.filter_map(|(index, line)| {
        let name = line.split('|').nth(1)?.trim().trim_matches('`');
        Some((index + 1, name.to_owned()))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::finding::lines;
    use crate::tree::File;

    const TABLE: &str = "# A\n\n| Dependency | Why |\n|---|---|\n| `one` | a |\n\n| `no` |\n";

    fn found(manifest: &str, page: &str) -> Vec<String> {
        lines(&check(&[File::new("Cargo.toml", manifest), File::new("CONTRIBUTING.md", page)]))
    }

    #[test]
    fn a_dependency_without_a_reason_is_found_in_every_kind_of_section() {
        for manifest in [
            "[dependencies]\none = \"1\"\ntwo = { version = \"2\" }\n[lints.rust]\nthree = 3\n",
            "[dev-dependencies]\none.workspace = true\ntwo.version = \"2\"\n",
            "[dependencies]\none = \"1\"\n[target.'cfg(unix)'.dependencies]\n# a = b\ntwo = \"2\"",
            "[build-dependencies]\none = \"1\"\n[dependencies.two]\nversion = \"2\"\n",
        ] {
            let found = found(manifest, TABLE);
            assert_eq!(found.len(), 1, "{manifest}: {found:?}");
            assert!(found[0].contains("`two` has no reason"), "{found:?}");
        }
    }

    #[test]
    fn a_reason_without_a_dependency_and_a_missing_page_are_found() {
        assert_eq!(found("[dependencies]\none = \"1\"\n", TABLE), Vec::<String>::new());
        let found = found("[dependencies]\n", TABLE);
        assert!(found[0].starts_with("CONTRIBUTING.md:5: dependencies: `one` is not"), "{found:?}");
        assert_eq!(check(&[File::new("Cargo.toml", "")]).len(), 1);
    }
}
