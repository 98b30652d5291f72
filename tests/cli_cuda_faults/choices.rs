//! Variables that force how a GPU is used.

use crate::RECORD;
use crate::fake_cuda::Machine;

/// A GPU without int8 tensor cores of the shape used here.
const TURING: (&str, &str) = ("FAKE_CUDA_CAPABILITY", "7.5");

/// The fact that the tape's machine has under that name.
fn fact(machine: &Machine, name: &str) -> String {
    let shown = machine.run("inspect walk.wtape --json").exits(0).json();
    std::fs::remove_file(machine.place.path("walk.wtape")).expect("removed");
    shown["machines"][0]["facts"][name].as_str().expect("a fact").to_owned()
}

#[test]
fn a_value_that_means_nothing_is_refused_by_name() {
    let Some(machine) = Machine::new() else { return };
    let cases = [
        (
            "WORLDTAPE_LANE",
            "fast",
            "WORLDTAPE_LANE: lane fast is not to be had here; there is mma, \
            f16, dp4a",
        ),
        (
            "WORLDTAPE_LANE",
            "MMA",
            "WORLDTAPE_LANE: lane MMA is not to be had here; there is mma, \
            f16, dp4a",
        ),
        ("WORLDTAPE_CUDA_CODE", "sass", "WORLDTAPE_CUDA_CODE=sass: there is cubin and ptx"),
        ("WORLDTAPE_CUDA_GRAPH", "1", "WORLDTAPE_CUDA_GRAPH=1: there is on and off"),
    ];
    for (variable, value, line) in cases {
        let ran = machine.run_with(&[(variable, value)], RECORD).exits(1);
        assert_eq!(ran.complaint(), line);
        assert!(!machine.place.path("walk.wtape").exists());
        let auto = RECORD.replace("cuda:0", "auto -o auto.wtape");
        let ran = machine.run_with(&[(variable, value)], &auto).exits(0);
        assert_eq!(ran.err, format!("no GPU is used, the CPU is: {line}\n"));
        std::fs::remove_file(machine.place.path("auto.wtape")).expect("removed");
    }
}

#[test]
fn a_lane_that_the_gpu_lacks_is_refused_with_those_it_has() {
    let Some(machine) = Machine::new() else { return };
    let ran = machine.run_with(&[TURING, ("WORLDTAPE_LANE", "mma")], RECORD).exits(1);
    let line = "WORLDTAPE_LANE: lane mma is not to be had here; there is f16, dp4a";
    assert_eq!(ran.complaint(), line);
    assert!(!machine.place.path("walk.wtape").exists());
}

#[test]
fn the_lane_that_is_forced_is_on_the_tape() {
    let Some(machine) = Machine::new() else { return };
    for lane in ["mma", "f16", "dp4a"] {
        machine.run_with(&[("WORLDTAPE_LANE", lane)], RECORD).fine();
        assert_eq!(fact(&machine, "lane"), lane);
    }
    for (capability, lane) in [("7.5", "f16"), ("8.6", "mma"), ("10.3", "f16"), ("12.0", "mma")] {
        machine.run_with(&[("FAKE_CUDA_CAPABILITY", capability)], RECORD).fine();
        assert_eq!(fact(&machine, "lane"), lane, "{capability}");
    }
    machine.run_with(&[("WORLDTAPE_LANE", "")], RECORD).fine();
    assert_eq!(fact(&machine, "lane"), "mma", "an empty variable forces nothing");
}

#[test]
fn the_code_is_of_the_kind_that_is_forced_or_that_the_compiler_can_make() {
    let Some(machine) = Machine::new() else { return };
    machine.run(RECORD).fine();
    assert_eq!(fact(&machine, "kernels for"), "sm_90a, cubin");
    machine.run_with(&[("WORLDTAPE_CUDA_CODE", "ptx")], RECORD).fine();
    assert_eq!(fact(&machine, "kernels for"), "sm_90a, ptx");
    machine.run_with(&[("FAKE_CUDA_CAPABILITY", "12.1")], RECORD).fine();
    assert_eq!(fact(&machine, "kernels for"), "sm_120, ptx", "newer than the compiler");
}

#[test]
fn without_a_graph_every_kernel_is_launched_and_the_tape_is_the_same() {
    let Some(machine) = Machine::new() else { return };
    let log = machine.value("calls");
    let root = |words: &str, variables: &[(&str, &str)]| {
        let ran = machine.run_with(variables, &format!("{RECORD} --json {words}")).exits(0);
        ran.json()["play_root"].as_str().expect("a root").to_owned()
    };
    let with = root("-o on.wtape", &[("WORLDTAPE_CUDA_GRAPH", "on")]);
    let off = [("WORLDTAPE_CUDA_GRAPH", "off"), ("FAKE_CUDA_LOG", log.as_str())];
    assert_eq!(root("-o off.wtape", &off), with);
    let lines = machine.lines("calls");
    assert!(!lines.iter().any(|line| line.contains("Graph") || line.contains("Capture")));
    assert!(lines.iter().filter(|line| *line == "cuLaunchKernel").count() > 70);
}
