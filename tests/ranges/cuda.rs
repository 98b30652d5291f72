//! The CUDA engine, on the fake GPU, shows its launches where it makes them one by one; of a graph,
//! the frame.

use crate::command::Ran;
use crate::common;
use crate::fake_cuda::Machine;
use crate::seen::{Event, LOG, profiled};
use worldtape::program::Program;

const RECORD: &str =
    "record --actions walk.txt --world tiny.safetensors --device cuda:0 --passes 2";
/// Frames of the script, and of the tiny world's first prompt.
const FRAMES: [(&str, usize); 2] = [("frame", 70), ("prompt frame", 3)];

/// Records where profiler and driver write to one file.
fn record(variables: &[(&str, &str)]) -> Option<(Ran, Vec<Event>)> {
    let machine = Machine::new()?;
    let log = machine.value(LOG);
    let variables = [variables, &[("FAKE_CUDA_LOG", log.as_str())]].concat();
    Some(profiled(&machine.place, machine.command(&variables, RECORD)))
}

/// One call of the driver while ranges were open: their names, the outermost first.
struct Placed<'a> {
    call: &'a str,
    inside: Vec<&'a str>,
}

/// Every call, and how often the outermost ranges opened. All that was opened is closed.
fn placed(events: &[Event]) -> (Vec<Placed<'_>>, Vec<(&str, Option<u64>)>) {
    let (mut open, mut calls, mut frames) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Open(name, payload) => {
                if open.is_empty() {
                    frames.push((name.as_str(), *payload));
                }
                open.push(name.as_str());
            }
            Event::Close => drop(open.pop().expect("an open range")),
            Event::Call(call) => calls.push(Placed { call, inside: open.clone() }),
        }
    }
    assert!(open.is_empty(), "still open: {open:?}");
    (calls, frames)
}

fn assert_all_frames(found: &[(&str, Option<u64>)]) {
    for (title, count) in FRAMES {
        let numbers = found.iter().filter(|(name, _)| *name == title);
        let numbers: Vec<Option<u64>> = numbers.map(|(_, number)| *number).collect();
        let expected: Vec<Option<u64>> = (0..count as u64).map(Some).collect();
        assert_eq!(numbers, expected, "{title}");
    }
}

/// The nodes that a launch says it runs.
fn nodes(program: &Program, launch: &str) -> [usize; 2] {
    let (first, last) = launch.split_once(" .. ").unwrap_or((launch, launch));
    [first, last].map(|name| {
        let index = program.nodes.iter().position(|node| node.name == name);
        index.unwrap_or_else(|| panic!("no node {name}"))
    })
}

#[test]
fn each_launch_has_a_range_and_together_they_are_all_nodes_in_order() {
    let Some((ran, events)) = record(&[("WORLDTAPE_CUDA_GRAPH", "off")]) else { return };
    ran.fine();
    let (calls, frames) = placed(&events);
    assert_all_frames(&frames);
    let model = common::tiny_model(2);
    for ((title, count), program) in FRAMES.into_iter().zip([&model.frame, &model.prompt]) {
        let mut next = 0;
        let mut whole = 0;
        for Placed { call, inside } in
            calls.iter().filter(|call| call.inside.first() == Some(&title))
        {
            if *call != "cuLaunchKernel" {
                assert_eq!(inside.len(), 1, "{call} in {inside:?}");
                continue;
            }
            let [_, pass, launch] = inside[..] else { panic!("a launch in {inside:?}") };
            let [first, last] = nodes(program, launch);
            assert_eq!((first, launch.starts_with(pass)), (next, true), "{inside:?}");
            next = (last + 1) % program.nodes.len();
            whole += usize::from(next == 0);
        }
        assert_eq!((whole, next), (count, 0), "{title}");
    }
}

#[test]
fn a_frame_that_is_a_graph_is_one_range() {
    let Some((ran, events)) = record(&[]) else { return };
    ran.fine();
    let (calls, frames) = placed(&events);
    assert_all_frames(&frames);
    assert!(calls.iter().all(|call| call.inside.len() <= 1));
    let graphs = calls.iter().filter(|call| call.call == "cuGraphLaunch");
    assert!(graphs.clone().all(|call| call.inside.len() == 1));
    assert_eq!(graphs.count(), FRAMES.iter().map(|(_, count)| count).sum::<usize>());
}

#[test]
fn a_frame_that_fails_closes_what_it_opened() {
    let variables =
        [("WORLDTAPE_CUDA_GRAPH", "off"), ("FAKE_CUDA_FAIL", "cuLaunchKernel:1000:719")];
    let Some((ran, events)) = record(&variables) else { return };
    let ran = ran.exits(1);
    assert!(ran.complaint().contains("cuLaunchKernel"), "{ran:?}");
    let (calls, _) = placed(&events);
    let failed = calls.iter().rfind(|call| call.call == "cuLaunchKernel").expect("a launch");
    assert_eq!(failed.inside.len(), 3, "{:?}", failed.inside);
}
