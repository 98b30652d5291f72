//! A relative link in a page points at a file of the tree.

use crate::finding::Finding;
use crate::tree::File;

/// Finds the links in the Markdown pages among `files` that lead nowhere.
pub fn check(files: &[File]) -> Vec<Finding> {
    let pages = files.iter().filter(|file| file.is("md"));
    pages.flat_map(|page| check_page(page, files)).collect()
}

fn check_page(page: &File, files: &[File]) -> Vec<Finding> {
    let links = links(&page.text).into_iter();
    let broken = links.filter(|(_, target)| !leads_somewhere(&page.path, target, files));
    let report = |(line, target): (usize, String)| {
        let advice = format!("`{target}` is not in the tree; mend the link or add the file");
        Finding::new(page, line, "link", advice)
    };
    broken.map(report).collect()
}

/// Line and target of each link outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fence = ["```", "~~~"].iter().any(|mark| line.trim_start().starts_with(mark));
        fenced ^= fence;
        if !fenced && !fence {
            let targets = targets(&without_code(line));
            found.extend(targets.into_iter().map(|target| (index + 1, target)));
        }
    }
    found
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("code")
}

/// `[text](target "title")` and `[label]: target`.
fn targets(line: &str) -> Vec<String> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let label = line.strip_prefix('[').and_then(|rest| rest.split_once("]:"));
    let reference = label.map(|(_, rest)| rest);
    let target = |text: &str| text.split_whitespace().next().map(str::to_owned);
    inline.chain(reference).filter_map(target).collect()
}

fn leads_somewhere(page: &str, target: &str, files: &[File]) -> bool {
    let target = target.trim_start_matches('<').trim_end_matches('>');
    let file = target.split('#').next().unwrap_or("");
    if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let Some(path) = join(folder, file) else {
        return false;
    };
    let prefix = format!("{path}/");
    path.is_empty() || files.iter().any(|file| file.path == path || file.path.starts_with(&prefix))
}

/// The path from the root; none when it leaves the tree.
fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::finding::lines;
    use crate::tree::File;

    fn found(path: &str, text: &str) -> Vec<String> {
        let others = ["docs/arithmetic.md", "sessions/README.md"].map(|path| File::new(path, ""));
        let mut files = vec![File::new(path, text)];
        files.extend(others);
        lines(&check(&files))
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for (path, text) in [
            ("README.md", "[a](docs/missing.md)"),
            ("README.md", "two [a](docs/arithmetic.md) and ![b](b.png \"title\")"),
            ("README.md", "[label]: missing.md"),
            ("docs/a.md", "[a](docs/arithmetic.md)"),
            ("docs/a.md", "[a](../../README.md)"),
            ("docs/a.md", "[a](/docs/arithmetic.md)"),
        ] {
            assert_eq!(found(path, text).len(), 1, "{text}");
        }
        let found = found("README.md", "a\n[b](c.md#d)");
        assert!(found[0].starts_with("README.md:2: link: `c.md#d`"), "{found:?}");
    }

    #[test]
    fn links_that_lead_somewhere_or_outside_pass() {
        for (path, text) in [
            ("README.md", "[a](docs/arithmetic.md#sums), [b](sessions/), [c](#below)"),
            ("docs/a.md", "[a](../sessions) [b](<arithmetic.md>) [c](.)"),
            ("README.md", "[a](https://example.org/a) [b](mailto:a@example.org)"),
            ("README.md", "`[a](missing.md)`\n```\n[a](missing.md)\n```\n"),
            ("src/a.rs", "[a](missing.md)"),
        ] {
            assert_eq!(found(path, text), Vec::<String>::new(), "{text}");
        }
    }
}
