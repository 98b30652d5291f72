//! Every source file is part of the program: its parent declares it.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::paths::module_of;
use crate::tokens::{Token, text, tokens};
use crate::tree::File;

/// Finds the files under src that no `mod` leads to.
pub fn check(files: &[File]) -> Vec<Finding> {
    let sources: Vec<&File> = files.iter().filter(|file| file.is_source()).collect();
    let reached = reached(&sources);
    let orphans = sources.iter().filter(|file| !reached.contains(&module_of(&file.path)));
    let report = |file: &&File| {
        let advice = "no `mod` of its parent leads here; declare it or delete it";
        Finding::new(file, 1, "orphan", advice)
    };
    orphans.map(report).collect()
}

/// The modules that `mod` leads to, beginning at lib.rs and main.rs.
fn reached(sources: &[&File]) -> BTreeSet<Vec<String>> {
    let mut declared = BTreeMap::<Vec<String>, Vec<Vec<String>>>::new();
    for file in sources {
        let module = module_of(&file.path);
        let children = declarations(&module, &file.stripped().code);
        declared.entry(module).or_default().extend(children);
    }
    let mut reached = BTreeSet::new();
    let mut waiting = vec![Vec::new()];
    while let Some(module) = waiting.pop() {
        if reached.insert(module.clone()) {
            waiting.extend(declared.get(&module).into_iter().flatten().cloned());
        }
    }
    reached
}

/// The files that `mod name;` asks for, inside inline modules too.
fn declarations(module: &[String], code: &str) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let mut open: Vec<Option<&str>> = Vec::new();
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        match tokens[at].text {
            "{" => open.push(module_name(&tokens, at)),
            "}" => drop(open.pop()),
            ";" => found.extend(module_name(&tokens, at).map(|name| {
                let inline = open.iter().flatten().chain([&name]);
                module
                    .iter()
                    .map(String::as_str)
                    .chain(inline.copied())
                    .map(str::to_owned)
                    .collect()
            })),
            _ => {}
        }
    }
    found
}

/// The name in `mod name`, if that is what stands before `at`.
fn module_name<'a>(tokens: &[Token<'a>], at: usize) -> Option<&'a str> {
    let keyword = at.checked_sub(2)?;
    (text(tokens, keyword) == "mod").then(|| text(tokens, keyword + 1))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::finding::places;
    use crate::tree::File;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::new(path, text)).collect();
        places(&check(&files))
    }

    #[test]
    fn a_file_that_nobody_declares_is_found() {
        let files = [("src/lib.rs", "pub mod a; // mod b;"), ("src/a.rs", ""), ("src/b.rs", "")];
        assert_eq!(found(&files), ["src/b.rs:1: orphan"]);
    }

    #[test]
    fn a_declaration_in_an_orphan_or_in_the_wrong_parent_does_not_count() {
        let files = [("src/lib.rs", "mod a;"), ("src/b.rs", "mod c;"), ("src/b/c.rs", "")];
        assert_eq!(found(&files).len(), 2);
        let files = [("src/lib.rs", "mod a; mod c;"), ("src/a.rs", ""), ("src/a/c.rs", "")];
        assert_eq!(found(&files), ["src/a/c.rs:1: orphan"]);
    }

    #[test]
    fn children_of_both_roots_and_of_inline_modules_are_reached() {
        let files = [
            ("src/lib.rs", "pub mod a { pub(crate) mod b; }"),
            ("src/main.rs", "mod cmd;"),
            ("src/a/b.rs", ""),
            ("src/cmd.rs", "#[cfg(unix)]\nmod play;"),
            ("src/cmd/play.rs", ""),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
    }
}
