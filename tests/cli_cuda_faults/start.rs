//! What is missing or too old when a session begins: no tape is begun, and `auto` takes the CPU.

use crate::command::Ran;
use crate::fake_cuda::{Has, Machine};
use crate::{RECORD, RECORD_AUTO};
use worldtape::engine::cuda;

/// What is wrong: libraries, variables, words; and the one line that says so.
struct Fault {
    has: Has,
    variables: &'static [(&'static str, &'static str)],
    line: &'static str,
}

const FAULTS: [Fault; 11] = [
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_VERSION", "11020")],
        line: "the driver speaks CUDA 11.2; at least 11.4 is needed: update NVIDIA's driver, or \
            use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_CAPABILITY", "7.0"), ("FAKE_CUDA_NAME", "Fake V100")],
        line: "Fake V100 has compute capability 7.0; at least 7.5 is needed: use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_COUNT", "0")],
        line: "there is no cuda:0; the driver shows no GPU (does CUDA_VISIBLE_DEVICES hide \
            them?); use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_FAIL", "cuInit:1:999")],
        line: "NVIDIA's driver does not work: cuInit: unknown error (CUDA_ERROR_UNKNOWN, 999); \
            ask nvidia-smi, or use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_FAIL", "cuDriverGetVersion:1:34")],
        line: "NVIDIA's driver does not work: cuDriverGetVersion: CUDA driver is a stub library \
            (CUDA_ERROR_STUB_LIBRARY, 34); ask nvidia-smi, or use --device cpu",
    },
    Fault {
        has: Has::DriverAlone,
        variables: &[],
        line: "no CUDA compiler: libnvrtc.so is not found; install NVRTC (it comes with the CUDA \
            toolkit) where the system's linker finds it, or name its folder in LD_LIBRARY_PATH",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_NVRTC_VERSION", "10.2")],
        line: "no CUDA compiler: NVRTC 10.2 is too old, it takes 11.2; install NVRTC (it comes \
            with the CUDA toolkit) where the system's linker finds it, or name its folder in \
            LD_LIBRARY_PATH",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_NVRTC_ERROR", "rows.cu(3): error: no\n    here\n\n1 error\n")],
        line: "no kernels for sm_90a: rows.cu: NVRTC error 6: rows.cu(3): error: no; here; \
            1 error; use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_FAIL", "cuModuleLoadData:3:209")],
        line: "no kernels for sm_90a: attention.cu does not load: cuModuleLoadData: no kernel \
            image is available for execution on the device (CUDA_ERROR_NO_BINARY_FOR_GPU, 209); \
            use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_FREE", "1000")],
        line: "cuda:0 has 1000 bytes free; this world needs 174592: cuMemAlloc: out of memory \
            (CUDA_ERROR_OUT_OF_MEMORY, 2); free some, or use --device cpu",
    },
    Fault {
        has: Has::Both,
        variables: &[("FAKE_CUDA_FAIL", "cuGraphInstantiateWithFlags:1:801")],
        line: "cuda:0 failed: cuGraphInstantiate: operation not supported \
            (CUDA_ERROR_NOT_SUPPORTED, 801)",
    },
];

/// The play root that a recording tells with `--json`.
fn root(ran: &Ran) -> String {
    ran.json()["play_root"].as_str().expect("a root").to_owned()
}

#[test]
fn each_fault_at_the_start_is_one_line_and_leaves_no_tape() {
    for fault in &FAULTS {
        let Some(machine) = Machine::with(fault.has) else { return };
        let ran = machine.run_with(fault.variables, RECORD).exits(1);
        assert_eq!(ran.complaint(), fault.line);
        assert_eq!(ran.out, "");
        assert!(!machine.place.path("walk.wtape").exists(), "{}", fault.line);
    }
}

#[test]
fn with_each_fault_auto_says_so_once_and_records_what_the_processor_records() {
    for fault in &FAULTS {
        let Some(machine) = Machine::with(fault.has) else { return };
        let on_cpu = machine.run(&format!("{RECORD_AUTO} --device cpu -o cpu.wtape --json"));
        let on_cpu = root(&on_cpu.exits(0));
        let ran = machine.run_with(fault.variables, &format!("{RECORD_AUTO} --json")).exits(0);
        assert_eq!(ran.err, format!("no GPU is used, the CPU is: {}\n", fault.line));
        assert_eq!(root(&ran), on_cpu);
        let words = "replay --world tiny.safetensors walk.wtape cpu.wtape";
        let ran = machine.run_with(fault.variables, words).exits(0);
        assert_eq!(ran.err.lines().count(), 1, "told once for two tapes: {ran:?}");
    }
}

#[test]
fn without_a_driver_a_gpu_is_refused_and_auto_is_the_processor_without_a_word() {
    let Some(machine) = Machine::with(Has::Nothing) else { return };
    let ran = machine.run(RECORD).exits(1);
    let line = "no CUDA driver: libcuda.so.1 is not found; install NVIDIA's driver, or use \
        --device cpu";
    assert_eq!(ran.complaint(), line);
    assert!(!machine.place.path("walk.wtape").exists());
    machine.run(RECORD_AUTO).fine();
    let said = machine.run("replay --world tiny.safetensors --device cpu walk.wtape").fine();
    assert!(said.contains("70 frames replayed, every picture and state the same"), "{said}");
}

#[test]
fn without_a_path_for_libraries_the_same_holds() {
    let Some(machine) = Machine::with(Has::Nothing) else { return };
    if cuda::gpus().is_ok() {
        println!("this machine has a driver of its own: skipped");
        return;
    }
    let run = |words: &str| {
        let mut command = machine.command(&[], words);
        Ran::from(command.env_remove("LD_LIBRARY_PATH").output().expect("runs"))
    };
    let ran = run(RECORD).exits(1);
    assert!(ran.complaint().starts_with("no CUDA driver: "), "{ran:?}");
    run(RECORD_AUTO).fine();
}

#[test]
fn a_gpu_that_is_not_there_is_refused_with_those_that_are() {
    let Some(machine) = Machine::new() else { return };
    let record = RECORD.replace("cuda:0", "cuda:3");
    let counts = [("1", "one GPU, cuda:0"), ("2", "2 GPUs, cuda:0 to cuda:1")];
    for (count, shown) in counts {
        let ran = machine.run_with(&[("FAKE_CUDA_COUNT", count)], &record).exits(1);
        assert_eq!(ran.complaint(), format!("there is no cuda:3; the driver shows {shown}"));
    }
    let second = RECORD.replace("cuda:0", "cuda:1");
    machine.run_with(&[("FAKE_CUDA_COUNT", "2")], &second).fine();
}

#[test]
fn a_long_log_of_the_compiler_is_cut() {
    let Some(machine) = Machine::new() else { return };
    let log = "x".repeat(100_000);
    let ran = machine.run_with(&[("FAKE_NVRTC_ERROR", &log)], RECORD).exits(1);
    assert!(ran.complaint().len() < 2200, "{} characters", ran.complaint().len());
}
