//! What a frame asks of the driver.

use crate::RECORD;
use crate::fake_cuda::Machine;

/// All that one frame calls, in order.
const FRAME: [&str; 4] =
    ["cuMemcpyHtoDAsync_v2", "cuGraphLaunch", "cuMemcpyDtoHAsync_v2", "cuStreamSynchronize"];

/// Frames of the script.
const FRAMES: usize = 70;

#[test]
fn a_frame_is_a_copy_a_graph_a_copy_and_a_wait_and_nothing_else() {
    let Some(machine) = Machine::new() else { return };
    let log = machine.value("calls");
    machine.run_with(&[("FAKE_CUDA_LOG", &log)], RECORD).fine();
    let lines = machine.lines("calls");
    let last = lines.iter().rposition(|line| line == "cuGraphLaunch").expect("a frame");
    let (end, calls) = (last + 3, FRAMES * FRAME.len());
    for (frame, called) in lines[end - calls..end].chunks(FRAME.len()).enumerate() {
        assert_eq!(called, FRAME, "frame {frame}");
    }
    let before = &lines[..end - calls];
    assert_eq!(before.iter().filter(|line| *line == "cuMemAlloc_v2").count(), 1, "one arena");
    let made = before.iter().filter(|line| *line == "cuGraphInstantiateWithFlags");
    assert_eq!(made.count(), 2, "a graph a program");
}

/// All that a frame calls whose outputs are digested: the spans go there, the digests come back.
const DIGESTED: [&str; 6] = [
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyHtoDAsync_v2",
    "cuGraphLaunch",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuStreamSynchronize",
];

#[test]
fn a_frame_with_taps_is_one_graph_of_its_own_and_its_memory_is_taken_when_it_is_asked_for() {
    let Some(machine) = Machine::new() else { return };
    machine.run_with(&[], RECORD).fine();
    let log = machine.value("calls");
    let taps = "taps walk.wtape --frame 3 --device cuda:0 --world tiny.safetensors --json";
    let told = machine.run_with(&[("FAKE_CUDA_LOG", &log)], taps).exits(0).json();
    let ops = told["ops"].as_array().expect("a list");
    assert!(ops.len() > 150, "{} outputs", ops.len());
    let lines = machine.lines("calls");
    let graphs: Vec<usize> = (0..lines.len()).filter(|&i| lines[i] == "cuGraphLaunch").collect();
    let last = *graphs.last().expect("a frame");
    assert_eq!(lines[last - 2..last + 4], DIGESTED);
    let count = |call: &str| lines.iter().filter(|line| *line == call).count();
    assert_eq!(count("cuGraphInstantiateWithFlags"), 3, "a graph a program and the watched one");
    assert_eq!((count("cuMemAlloc_v2"), count("cuMemFree_v2")), (2, 2));
    assert_eq!(count("cuMemHostAlloc"), count("cuMemFreeHost"));
    assert_eq!(count("cuGraphExecDestroy"), 3);
}

#[test]
fn all_that_was_taken_is_given_back() {
    let Some(machine) = Machine::new() else { return };
    let log = machine.value("calls");
    machine.run_with(&[("FAKE_CUDA_LOG", &log)], RECORD).fine();
    let lines = machine.lines("calls");
    let count = |call: &str| lines.iter().filter(|line| *line == call).count();
    let pairs = [
        ("cuMemAlloc_v2", "cuMemFree_v2"),
        ("cuMemHostAlloc", "cuMemFreeHost"),
        ("cuStreamCreate", "cuStreamDestroy_v2"),
        ("cuGraphInstantiateWithFlags", "cuGraphExecDestroy"),
        ("cuStreamEndCapture", "cuGraphDestroy"),
        ("cuModuleLoadData", "cuModuleUnload"),
        ("cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2"),
    ];
    for (taken, given) in pairs {
        assert!(count(taken) > 0, "{taken}");
        assert_eq!(count(taken), count(given), "{taken} and {given}");
    }
    assert_eq!(lines.last().map(String::as_str), Some("cuDevicePrimaryCtxRelease_v2"));
}
