//! Checks the source tree itself: one line per finding, with the place, the rule and what to do.

#[path = "tidy/dependencies.rs"]
mod dependencies;
#[path = "tidy/finding.rs"]
mod finding;
#[path = "tidy/functions.rs"]
mod functions;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/links.rs"]
mod links;
#[path = "tidy/modules.rs"]
mod modules;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/strip.rs"]
mod strip;
#[path = "tidy/tokens.rs"]
mod tokens;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/unsafety.rs"]
mod unsafety;
#[path = "tidy/words.rs"]
mod words;

use std::path::Path;
use std::sync::LazyLock;

use finding::{Finding, lines};
use tree::File;

static TREE: LazyLock<Vec<File>> =
    LazyLock::new(|| tree::files(Path::new(env!("CARGO_MANIFEST_DIR"))));

#[track_caller]
fn assert_none(findings: &[Finding]) {
    let count = findings.len();
    assert!(findings.is_empty(), "{count} to mend:\n{}\n", lines(findings).join("\n"));
}

fn in_each_file(rule: fn(&File) -> Vec<Finding>) -> Vec<Finding> {
    TREE.iter().flat_map(rule).collect()
}

#[test]
fn modules_know_only_whom_they_may() {
    assert_none(&in_each_file(layers::check));
}

#[test]
fn unsafe_is_in_its_files_and_has_a_reason() {
    assert_none(&in_each_file(unsafety::check));
}

#[test]
fn files_are_small_plain_and_say_what_they_are() {
    assert_none(&in_each_file(shape::check));
}

#[test]
fn functions_fit_on_a_screen() {
    assert_none(&in_each_file(functions::check));
}

#[test]
fn every_source_file_is_declared() {
    assert_none(&modules::check(&TREE));
}

#[test]
fn links_lead_somewhere() {
    assert_none(&links::check(&TREE));
}

#[test]
fn no_machine_is_named() {
    assert_none(&in_each_file(words::check));
}

#[test]
fn every_dependency_has_a_reason() {
    assert_none(&dependencies::check(&TREE));
}
