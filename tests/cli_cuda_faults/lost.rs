//! A GPU that fails in mid-session: what was made is kept, and it is an error, not drift.

use crate::fake_cuda::Machine;
use crate::{RECORD, REPLAY};

/// Frames of the tiny world's prompt: the calls of a session begin after theirs.
const PROMPT_FRAMES: usize = 3;

/// What a GPU answers that is gone, that has no memory left, that says nothing.
const ANSWERS: [(u32, &str); 3] = [
    (719, "unspecified launch failure (CUDA_ERROR_LAUNCH_FAILED, 719)"),
    (2, "out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)"),
    (999, "unknown error (CUDA_ERROR_UNKNOWN, 999)"),
];

/// Which call of that name belongs to frame `frame`, as a whole recording's log has it: each frame
/// makes one, the last frame the last but those that give everything back.
fn call_of_frame(machine: &Machine, call: &str, frame: usize) -> usize {
    let log = machine.value("calls");
    machine.run_with(&[("FAKE_CUDA_LOG", &log)], &format!("{RECORD} -o whole.wtape")).fine();
    let mut launches = 0;
    let mut calls = 0;
    for line in machine.lines("calls") {
        calls += usize::from(line == call);
        launches += usize::from(line == "cuGraphLaunch");
        if line == call && launches == PROMPT_FRAMES + frame + 1 {
            return calls;
        }
    }
    panic!("{call} is not called in frame {frame}");
}

#[test]
fn a_gpu_lost_in_a_recording_leaves_a_closed_tape_of_every_frame_before() {
    for (call, frame) in [("cuGraphLaunch", 0), ("cuGraphLaunch", 20), ("cuStreamSynchronize", 66)]
    {
        let Some(machine) = Machine::new() else { return };
        let count = call_of_frame(&machine, call, frame);
        for (code, words) in ANSWERS {
            let fail = format!("{call}:{count}:{code}");
            let tape = format!("{code}.wtape");
            let ran =
                machine.run_with(&[("FAKE_CUDA_FAIL", &fail)], &format!("{RECORD} -o {tape}"));
            let ran = ran.exits(1);
            let why = format!("cuda:0 failed at frame {frame}: {call}: {words}");
            let kept = format!("{tape} is closed and holds {frame} frames");
            assert_eq!(ran.complaint(), format!("the session ended early; {kept}: {why}"));
            let shown = machine.run(&format!("inspect {tape} --verify --json")).exits(0).json();
            assert_eq!(shown["ending"], "closed");
            assert_eq!(shown["frames"], frame);
            assert_eq!(shown["pending_actions"], 1);
            let note = format!("frame {frame}: the session ended early: {why}");
            assert_eq!(shown["notes"], serde_json::json!([note]));
        }
    }
}

#[test]
fn a_gpu_lost_between_two_launches_of_a_frame_is_told_the_same() {
    let Some(machine) = Machine::new() else { return };
    let log = machine.value("calls");
    let off = ("WORLDTAPE_CUDA_GRAPH", "off");
    let words = format!("{RECORD} -o whole.wtape");
    machine.run_with(&[off, ("FAKE_CUDA_LOG", &log)], &words).fine();
    let lines = machine.lines("calls");
    let launches = lines.iter().filter(|line| *line == "cuLaunchKernel").count();
    let fail = format!("cuLaunchKernel:{launches}:719");
    let ran = machine.run_with(&[off, ("FAKE_CUDA_FAIL", &fail)], RECORD).exits(1);
    let line = ran.complaint();
    let start = "the session ended early; walk.wtape is closed and holds 69 frames: \
        cuda:0 failed at frame 69: cuLaunchKernel: ";
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn a_gpu_lost_in_the_prompt_leaves_no_tape() {
    let Some(machine) = Machine::new() else { return };
    let fail = [("FAKE_CUDA_FAIL", "cuGraphLaunch:2:719")];
    for words in [RECORD.to_owned(), RECORD.replace("cuda:0", "auto")] {
        let ran = machine.run_with(&fail, &words).exits(1);
        let line = ran.complaint();
        let start = "filling the memory from the prompt: cuda:0 failed at frame 1: cuGraphLaunch: ";
        assert!(line.starts_with(start), "{line}");
        assert!(!machine.place.path("walk.wtape").exists());
    }
}

#[test]
fn a_gpu_lost_in_a_replay_is_an_error_and_not_drift() {
    let Some(machine) = Machine::new() else { return };
    machine.run(RECORD).fine();
    for (call, frame) in [("cuGraphLaunch", 20), ("cuStreamSynchronize", 20)] {
        let count = call_of_frame(&machine, call, frame);
        std::fs::remove_file(machine.place.path("whole.wtape")).expect("removed");
        std::fs::remove_file(machine.place.path("calls")).expect("removed");
        for (code, words) in ANSWERS {
            let fail = format!("{call}:{count}:{code}");
            let words = format!("walk.wtape: cuda:0 failed at frame {frame}: {call}: {words}");
            let ran =
                machine.run_with(&[("FAKE_CUDA_FAIL", &fail)], &format!("{REPLAY} walk.wtape"));
            let ran = ran.exits(1);
            assert_eq!(ran.complaint(), words);
            assert_eq!(ran.out, "");
        }
    }
    machine.run(&format!("{REPLAY} walk.wtape")).fine();
}
