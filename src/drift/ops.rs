//! The ops of one frame, as two sides tapped them, held against each other by name.

use super::taps::{Tap, tap_name};
use crate::program::{Model, Node, Place};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Were the inputs of an op the same on both sides?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// All of them: the op itself is at fault.
    Equal,
    /// It reads the memory of earlier frames, which differs.
    Differ,
    /// An op that makes one of them is on one side only.
    Unknown,
}

/// Two sides' ops of a frame, held against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OpsCompared {
    /// Taps that both sides have.
    pub compared: usize,
    /// Those of them that differ.
    pub differing: usize,
    /// Taps that this side alone has.
    pub only_ours: Vec<String>,
    /// Taps that the other side alone has.
    pub only_theirs: Vec<String>,
}

/// Walks the taps by name, in our order. Also gives the first that differs, as each side has it.
pub(super) fn compare_ops(ours: &[Tap], theirs: &[Tap]) -> (OpsCompared, Option<[Tap; 2]>) {
    let by_name: BTreeMap<&str, &Tap> = theirs.iter().map(|tap| (&*tap.name, tap)).collect();
    let mut found = OpsCompared::default();
    let mut first = None;
    for tap in ours {
        let Some(other) = by_name.get(&*tap.name) else {
            found.only_ours.push(tap.name.clone());
            continue;
        };
        found.compared += 1;
        if tap != *other {
            found.differing += 1;
            first.get_or_insert_with(|| [tap.clone(), (*other).clone()]);
        }
    }
    let known: BTreeSet<&str> = ours.iter().map(|tap| &*tap.name).collect();
    let strangers = theirs.iter().filter(|tap| !known.contains(&*tap.name));
    found.only_theirs = strangers.map(|tap| tap.name.clone()).collect();
    (found, first)
}

/// Were the inputs of the first op that differs the same? What was made in this frame before it is,
/// as far as both sides have it.
pub(super) fn inputs(
    model: &Model,
    tap: &str,
    only_ours: &[String],
    memory_is_same: bool,
) -> Inputs {
    let nodes = &model.frame.nodes;
    let Some(index) = nodes.iter().position(|node| is_of(node, tap)) else {
        return Inputs::Unknown;
    };
    let is_stranger =
        |(node, output): (usize, usize)| only_ours.contains(&tap_name(&nodes[node], output));
    if producers(model, index).into_iter().any(is_stranger) {
        Inputs::Unknown
    } else if !memory_is_same && reads_memory(model, &nodes[index]) {
        Inputs::Differ
    } else {
        Inputs::Equal
    }
}

/// Is a tap of this name one of the node's outputs?
fn is_of(node: &Node, tap: &str) -> bool {
    (0..node.writes.len()).any(|output| tap_name(node, output) == tap)
}

/// Does a node read the memory of earlier frames?
fn reads_memory(model: &Model, node: &Node) -> bool {
    node.reads.iter().any(|read| match read.place {
        Place::Arena(id) => model.memory.contains(&id),
        Place::Weight(_) => false,
    })
}

/// The outputs of this frame (node, output) that a node reads: of each element the last that wrote
/// it, and those whose other elements it reads.
pub(super) fn producers(model: &Model, index: usize) -> Vec<(usize, usize)> {
    let nodes = &model.frame.nodes;
    let mut found = Vec::new();
    for read in &nodes[index].reads {
        for earlier in (0..index).rev() {
            let outputs = nodes[earlier].writes.iter().enumerate();
            let meeting = outputs.filter(|(_, write)| write.meets(read));
            let before = found.len();
            let mut covers = false;
            for (output, write) in meeting {
                covers |= write.offset <= read.offset
                    && read.offset + read.len <= write.offset + write.len;
                found.push((earlier, output));
            }
            if covers && found.len() > before {
                break;
            }
        }
    }
    found
}
