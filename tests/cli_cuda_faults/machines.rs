//! A tape from another GPU: how the machines differ comes before the verdict.

use crate::fake_cuda::Machine;
use crate::{RECORD, REPLAY};

/// The GPU that replays; the usual one recorded.
const OTHER: [(&str, &str); 6] = [
    ("FAKE_CUDA_NAME", "Fake B200\u{1b}[2J"),
    ("FAKE_CUDA_CAPABILITY", "10.3"),
    ("FAKE_CUDA_PROCESSORS", "148"),
    ("FAKE_CUDA_VERSION", "12080"),
    ("FAKE_NVRTC_VERSION", "12.9"),
    ("WORLDTAPE_LANE", "dp4a"),
];

#[test]
fn a_replay_on_another_gpu_says_how_the_machines_differ_and_then_the_verdict() {
    let Some(machine) = Machine::new() else { return };
    machine.run(RECORD).fine();
    let said = machine.run_with(&OTHER, &format!("{REPLAY} walk.wtape")).fine();
    let lines: Vec<&str> = said.lines().collect();
    let (verdict, rows) = lines.split_last().expect("a verdict");
    assert!(verdict.starts_with("walk.wtape: 70 frames replayed, every picture and "), "{said}");
    let expected = [
        "  gpu: recorded on Fake GPU, replayed on Fake B200\\u{1b}[2J",
        "  compute capability: recorded on 9.0, replayed on 10.3",
        "  multiprocessors: recorded on 132, replayed on 148",
        "  driver cuda: recorded on 13.0, replayed on 12.8",
        "  nvrtc: recorded on 13.0, replayed on 12.9",
        "  kernels for: recorded on sm_90a, cubin, replayed on sm_103, cubin",
        "  lane: recorded on mma, replayed on dp4a",
    ];
    let (kernels, rest) = rows.split_first().expect("rows");
    assert!(kernels.starts_with("  kernels: recorded on "), "{said}");
    assert_eq!(rest, expected, "{said}");
}

#[test]
fn on_the_same_gpu_nothing_differs() {
    let Some(machine) = Machine::new() else { return };
    machine.run(RECORD).fine();
    let said = machine.run(&format!("{REPLAY} walk.wtape")).fine();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn on_the_processor_the_facts_of_the_gpu_are_told_before_the_drift() {
    let Some(machine) = Machine::new() else { return };
    machine.run(RECORD).fine();
    let words = "replay --world tiny.safetensors --device cpu walk.wtape --json";
    let replayed = machine.run(words).exits(3).json();
    assert_eq!(replayed["verdict"], "drift", "the fake GPU's pictures are black");
    let rows = replayed["machine_differences"].as_array().expect("rows");
    let has = |[name, theirs, ours]: [&str; 3]| {
        rows.contains(&serde_json::json!({ "name": name, "theirs": theirs, "ours": ours }))
    };
    assert!(has(["engine", "cuda:0", "cpu"]), "{rows:?}");
    assert!(has(["gpu", "Fake GPU", "(not told)"]), "{rows:?}");
}
