//! Every path that a file names, `use` groups unfolded, and what `crate`, `self`, `super` mean.

use crate::tokens::{Token, text, tokens};

/// One path as a file names it.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedPath {
    /// Counted from 1.
    pub line: usize,
    /// As written; a glob or a new name (`as`) ends in `*`.
    pub written: Vec<String>,
    /// From the root of this crate; none for a path that leads elsewhere.
    pub inside: Option<Vec<String>>,
}

/// The module that `path` (like `src/engine/cpu.rs`) holds: `["engine", "cpu"]`.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let stem = inner.strip_suffix(".rs").unwrap_or(inner);
    let mut segments: Vec<String> = stem.split('/').map(str::to_owned).collect();
    let is_own_folder = segments.len() > 1 && segments.last().is_some_and(|last| last == "mod");
    if is_own_folder || stem == "lib" || stem == "main" {
        segments.pop();
    }
    segments
}

/// Finds the paths in stripped `code` of the file that holds `module`.
pub fn paths(module: &[String], code: &str) -> Vec<NamedPath> {
    let tokens = tokens(code);
    let mut place = Place { module: module.to_vec(), depth: 0, opened_at: Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !starts_a_path(&tokens, at) {
            place.pass(&tokens, at);
            at += 1;
            continue;
        }
        let mut trees = Vec::new();
        at = unfold(&tokens, at, Vec::new(), &mut trees);
        found.extend(trees.into_iter().map(|(line, written)| {
            let inside = resolve(&place.module, &written);
            NamedPath { line, written, inside }
        }));
    }
    found
}

/// Does `path` lead to, through or past `name` (like `std::time`)? A glob just above it counts.
pub fn mentions(path: &[String], name: &str) -> bool {
    let name: Vec<&str> = name.split("::").collect();
    (0..path.len()).any(|start| {
        let pairs = path[start..].iter().zip(&name);
        let shared = pairs.take_while(|(segment, wanted)| segment == *wanted).count();
        let globbed = shared > 0 && path.get(start + shared).is_some_and(|next| next == "*");
        shared == name.len() || globbed
    })
}

/// The module that the walk is in, `mod tests { ... }` and the like included.
struct Place {
    module: Vec<String>,
    depth: usize,
    opened_at: Vec<usize>,
}

impl Place {
    fn pass(&mut self, tokens: &[Token<'_>], at: usize) {
        match tokens[at].text {
            "{" => self.open(tokens, at),
            "}" => self.close(),
            _ => {}
        }
    }

    fn open(&mut self, tokens: &[Token<'_>], at: usize) {
        self.depth += 1;
        if at >= 2 && tokens[at - 2].text == "mod" {
            self.module.push(tokens[at - 1].text.to_owned());
            self.opened_at.push(self.depth);
        }
    }

    fn close(&mut self) {
        if self.opened_at.last() == Some(&self.depth) {
            self.opened_at.pop();
            self.module.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }
}

fn starts_a_path(tokens: &[Token<'_>], at: usize) -> bool {
    let before = |count: usize| at.checked_sub(count).map_or("", |index| tokens[index].text);
    let follows_a_segment = || {
        let segment = at.checked_sub(2).map(|index| &tokens[index]);
        segment.is_some_and(|token| token.is_word() && token.text != "use" || token.text == ">")
    };
    tokens[at].is_word()
        && match before(1) {
            "." => before(2) == ".",
            "::" => !follows_a_segment(),
            _ => true,
        }
}

/// Reads the path or use-tree at `at`, pushes each of its paths, returns where it ends.
fn unfold(
    tokens: &[Token<'_>],
    mut at: usize,
    mut written: Vec<String>,
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let line = tokens.get(at).map_or(0, |token| token.line);
    loop {
        match tokens.get(at) {
            Some(token) if token.text == "{" => return unfold_group(tokens, at, &written, found),
            Some(token) if token.text == "*" || token.is_word() => {
                written.push(token.text.to_owned());
            }
            _ => break,
        }
        at += 1;
        if text(tokens, at) != "::" {
            break;
        }
        at += 1;
    }
    if text(tokens, at) == "as" && (written.len() > 1 || is_root(&written[0])) {
        written.push("*".to_owned());
    }
    found.push((line, written));
    at
}

/// `crate as other` renames; `width as f32` is a cast.
fn is_root(segment: &str) -> bool {
    matches!(segment, "crate" | "worldtape" | "super")
}

fn unfold_group(
    tokens: &[Token<'_>],
    mut at: usize,
    stem: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    at += 1;
    while at < tokens.len() && tokens[at].text != "}" {
        let next = unfold(tokens, at, stem.to_vec(), found);
        at = skip_to_next(tokens, next.max(at));
    }
    at + 1
}

/// Past the comma that ends a group's element (an `as` name lies before it), or at the brace.
fn skip_to_next(tokens: &[Token<'_>], mut at: usize) -> usize {
    while at < tokens.len() && tokens[at].text != "}" {
        at += 1;
        if tokens[at - 1].text == "," {
            break;
        }
    }
    at
}

fn resolve(module: &[String], written: &[String]) -> Option<Vec<String>> {
    let (first, rest) = written.split_first()?;
    let mut resolved = match first.as_str() {
        "crate" | "worldtape" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module[..module.len().saturating_sub(1)].to_vec(),
        _ => return None,
    };
    for segment in rest {
        match segment.as_str() {
            "super" => drop(resolved.pop()),
            "self" => {}
            _ => resolved.push(segment.clone()),
        }
    }
    Some(resolved)
}

#[cfg(test)]
mod tests {
    use super::{mentions, module_of, paths};

    fn inside(path: &str, code: &str) -> Vec<String> {
        let found = paths(&module_of(path), code);
        found.iter().filter_map(|named| named.inside.as_ref()).map(|to| to.join("::")).collect()
    }

    fn written(code: &str) -> Vec<String> {
        let found = paths(&[], code);
        found.iter().map(|named| named.written.join("::")).collect()
    }

    #[test]
    fn files_name_their_modules() {
        assert_eq!(module_of("src/lib.rs"), Vec::<String>::new());
        assert_eq!(module_of("src/engine/cpu.rs"), ["engine", "cpu"]);
        assert_eq!(module_of("src/engine/cpu/mod.rs"), ["engine", "cpu"]);
    }

    #[test]
    fn groups_unfold_to_their_leaves() {
        let found = written("use std::{fs, io::{self, Read as R}, time::*};");
        let wanted = ["use", "std::fs", "std::io::self", "std::io::Read::*", "std::time::*"];
        assert_eq!(found, wanted);
    }

    #[test]
    fn paths_in_expressions_types_and_ranges_are_found() {
        assert_eq!(inside("src/a.rs", "f::<crate::b::C>()"), ["b::C"]);
        assert_eq!(inside("src/a.rs", "0..crate::b::N"), ["b::N"]);
        assert_eq!(inside("src/a.rs", "let x = crate::b::C { d: 1 };"), ["b::C"]);
        assert_eq!(inside("src/a.rs", "use {crate::b, ::worldtape::c};"), ["b", "c"]);
        assert_eq!(inside("src/a.rs", "x.crate_count; y::crate_"), Vec::<String>::new());
    }

    #[test]
    fn super_counts_inline_modules() {
        let code = "use super::x; mod tests { use super::y; use super::super::z; } use self::w;";
        assert_eq!(inside("src/a/b.rs", code), ["a::x", "a::b::y", "a::z", "a::b::w"]);
    }

    #[test]
    fn a_name_is_met_in_full_or_through_a_glob() {
        let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
        assert!(mentions(&path("std::time::Instant"), "std::time"));
        assert!(mentions(&path("std::*"), "std::time"));
        assert!(mentions(&path("fs::File::open"), "File::open"));
        assert!(!mentions(&path("std::io::time"), "std::time"));
        assert!(!mentions(&path("std::io::*"), "std::time"));
    }
}
