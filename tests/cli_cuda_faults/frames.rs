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
