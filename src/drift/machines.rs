//! What differs between two machines, as tapes name them.

use crate::session::Machine;
use serde::Serialize;
use std::collections::BTreeSet;

/// Said of a fact that one machine does not tell.
const NOT_TOLD: &str = "(not told)";

/// A fact that differs between two machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is: `engine`, `driver`, `isa`.
    pub name: String,
    /// What the first machine says.
    pub theirs: String,
    /// What the second machine says.
    pub ours: String,
}

/// The facts that differ, in the order in which `theirs` and then `ours` tell them. When a session
/// began is no fact of a machine.
pub fn machine_differences(theirs: &Machine, ours: &Machine) -> Vec<Fact> {
    let (theirs, ours) = (facts(theirs), facts(ours));
    let mut names: Vec<&String> = theirs.iter().chain(&ours).map(|fact| &fact.0).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let rows = names.into_iter().map(|name| Fact {
        name: name.clone(),
        theirs: value(&theirs, name),
        ours: value(&ours, name),
    });
    rows.filter(|fact| fact.theirs != fact.ours).collect()
}

fn value(facts: &[(String, String)], name: &str) -> String {
    let found = facts.iter().find(|fact| fact.0 == name);
    found.map_or_else(|| NOT_TOLD.to_owned(), |fact| fact.1.clone())
}

fn facts(machine: &Machine) -> Vec<(String, String)> {
    let mut facts = vec![
        ("engine".to_owned(), machine.engine.clone()),
        ("version".to_owned(), machine.worldtape_version.clone()),
        ("build".to_owned(), machine.build_commit.clone()),
        ("threads".to_owned(), machine.threads.to_string()),
        ("kernels".to_owned(), machine.kernel_digest.short()),
    ];
    facts.extend(machine.entries.iter().cloned());
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_facts_that_differ_are_named_once_each() {
        let entry = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let theirs = Machine {
            engine: "cpu".to_owned(),
            threads: 2,
            entries: vec![entry("isa", "avx2"), entry("os", "linux")],
            ..Machine::default()
        };
        let ours = Machine {
            engine: "cuda:0".to_owned(),
            entries: vec![entry("os", "linux"), entry("driver", "580")],
            started_unix_ms: 7,
            ..theirs.clone()
        };
        let told = machine_differences(&theirs, &ours);
        let told: Vec<_> =
            told.iter().map(|fact| (&*fact.name, &*fact.theirs, &*fact.ours)).collect();
        let expected =
            [("engine", "cpu", "cuda:0"), ("isa", "avx2", NOT_TOLD), ("driver", NOT_TOLD, "580")];
        assert_eq!(told, expected);
    }
}
