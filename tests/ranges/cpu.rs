//! The CPU engine shows its groups, each in its pass, each pass in its frame.

use crate::command::{Place, Ran};
use crate::common;
use crate::seen::{Event, profiled};
use worldtape::program::{Group, Program};
use worldtape::session::Tape;

const TAPE: &str = "tests/data/tiny-walk.wtape";

/// Replays the tape where the profiler listens.
fn replay() -> (Ran, Vec<Event>) {
    let place = Place::new();
    place.write("walk.wtape", std::fs::read(common::path(TAPE)).expect("a tape of the checkout"));
    let command = place.command("replay --device cpu --world tiny.safetensors walk.wtape");
    profiled(&place, command)
}

fn group_name(program: &Program, group: &Group) -> String {
    let named = |index: usize| program.nodes[index].name.as_str();
    match (named(group.nodes.start), named(group.nodes.end - 1)) {
        (first, last) if first == last => first.to_owned(),
        (first, last) => format!("{first} .. {last}"),
    }
}

fn pass_name(group: &str) -> &str {
    group.split(['.', ' ']).next().expect("a word")
}

/// What is to be seen of one run of a program.
fn expected(title: &str, number: u64, program: &Program) -> Vec<Event> {
    let groups: Vec<String> =
        program.groups.iter().map(|group| group_name(program, group)).collect();
    let mut events = vec![Event::Open(title.to_owned(), Some(number))];
    for groups in groups.chunk_by(|a, b| pass_name(a) == pass_name(b)) {
        events.push(Event::open(pass_name(&groups[0])));
        events.extend(groups.iter().flat_map(|group| [Event::open(group), Event::Close]));
        events.push(Event::Close);
    }
    events.push(Event::Close);
    events
}

#[test]
fn every_range_opens_and_closes_by_name_and_the_frames_are_the_same() {
    let (ran, seen) = replay();
    let said = ran.fine();
    assert!(said.contains("every picture and state the same"), "{said}");

    let bytes = std::fs::read(common::path(TAPE)).expect("a tape of the checkout");
    let tape = Tape::read(&bytes).expect("a tape");
    let model = common::tiny_model(tape.config.passes);
    let prompts = common::tiny_start(0, tape.config.prompt).actions.len() as u64;
    let frames = tape.outcomes.len() as u64;
    let mut wanted = Vec::new();
    wanted.extend((0..prompts).flat_map(|number| expected("prompt frame", number, &model.prompt)));
    wanted.extend((0..frames).flat_map(|number| expected("frame", number, &model.frame)));
    let differing = seen.iter().zip(&wanted).position(|(seen, wanted)| seen != wanted);
    if let Some(index) = differing {
        panic!("event {index}: {:?}, not {:?}", seen[index], wanted[index]);
    }
    assert_eq!(seen.len(), wanted.len());
}

/// The names of the ranges right inside the first frame.
fn passes(events: &[Event]) -> Vec<&str> {
    let first = events.iter().position(|event| *event == Event::Open("frame".to_owned(), Some(0)));
    let mut depth = 0;
    let mut names = Vec::new();
    for event in &events[first.expect("a frame")..] {
        match event {
            Event::Open(name, _) => {
                names.extend((depth == 1).then_some(name.as_str()));
                depth += 1;
            }
            Event::Close => depth -= 1,
            Event::Call(call) => panic!("{call} on the CPU"),
        }
        if depth == 0 {
            return names;
        }
    }
    panic!("the first frame stays open");
}

#[test]
fn names_are_those_that_a_reader_of_the_profile_looks_for() {
    let (_, seen) = replay();
    let parts = ["noise", "action", "pass0", "pass1", "state", "decoder", "picture"];
    assert_eq!(passes(&seen), parts);
    for name in ["pass1.velocity", "pass0.block0.mlp.hidden .. pass0.block1.space.heads"] {
        assert!(seen.contains(&Event::open(name)), "{name}");
    }
}
