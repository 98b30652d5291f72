//! What the doctor says of GPUs.

use crate::fake_cuda::{Has, Machine};
use serde_json::{Value, json};

const DOCTOR: &str = "doctor --world tiny.safetensors";

/// The doctor's `gpu` object. No terminal is here, so it exits with 1.
fn gpu(machine: &Machine, variables: &[(&str, &str)]) -> Value {
    let ran = machine.run_with(variables, &format!("{DOCTOR} --json")).exits(1);
    assert_eq!(ran.err, "");
    let mut gpu = ran.json()["gpu"].take();
    // The system's own driver has nothing to do with the fake one.
    gpu.as_object_mut().expect("an object").remove("driver").expect("a driver");
    gpu
}

/// The values of the rows from `gpu` to the one before `arithmetic`.
fn rows(machine: &Machine, variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let ran = machine.run_with(variables, DOCTOR).exits(1);
    let rows = ran.out.lines().map(|line| {
        let (name, value) = line.split_at(13);
        (name.trim().to_owned(), value.to_owned())
    });
    let rows = rows.skip_while(|row| row.0 != "gpu").take_while(|row| row.0 != "arithmetic");
    rows.filter(|row| row.0 != "driver").collect()
}

fn row(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_gpu_that_works_is_told_with_all_that_it_needs() {
    let Some(machine) = Machine::new() else { return };
    let kernels = machine.value("kernels");
    let expected = json!({
        "gpus": [
            {
                "device": "cuda:0",
                "name": "Fake GPU",
                "compute_capability": "9.0",
                "multiprocessors": 132,
                "lanes": ["mma", "f16", "dp4a"],
            },
            {
                "device": "cuda:1",
                "name": "Fake GPU",
                "compute_capability": "9.0",
                "multiprocessors": 132,
                "lanes": ["mma", "f16", "dp4a"],
            },
        ],
        "driver_cuda": "13.0",
        "nvrtc": "13.0",
        "kernel_cache": kernels,
        "lane": "mma",
        "error": null,
        "would_use": "cuda:0",
    });
    let two = [("FAKE_CUDA_COUNT", "2")];
    assert_eq!(gpu(&machine, &two), expected);
    let expected = [
        row("gpu", "cuda:0 Fake GPU, compute capability 9.0, 132 multiprocessors"),
        row("gpu", "cuda:1 Fake GPU, compute capability 9.0, 132 multiprocessors"),
        row("nvrtc", "13.0"),
        row("kernels", &format!("kept in {kernels}")),
        row("device", "cuda:0, lane mma"),
    ];
    assert_eq!(rows(&machine, &two), expected);
}

#[test]
fn a_gpu_that_cannot_be_used_is_told_with_the_reason_and_the_processor_is_taken() {
    let Some(machine) = Machine::new() else { return };
    let variables = [("FAKE_NVRTC_ERROR", "a.cu(1): error: no\n  here\n")];
    let variables = [variables[0], ("WORLDTAPE_KERNEL_CACHE", "off")];
    let reason = "no kernels for sm_90a: rows.cu: NVRTC error 6: a.cu(1): error: no; here; \
        use --device cpu";
    let found = gpu(&machine, &variables);
    assert_eq!(found["gpus"][0]["name"], "Fake GPU");
    assert_eq!(found["error"], reason);
    assert_eq!(found["lane"], Value::Null);
    assert_eq!(found["kernel_cache"], Value::Null);
    assert_eq!(found["would_use"], "cpu");
    let expected = [
        row("gpu", "cuda:0 Fake GPU, compute capability 9.0, 132 multiprocessors"),
        row("nvrtc", "13.0"),
        row("kernels", "compiled at every start"),
        row("device", &format!("cpu: {reason}")),
    ];
    assert_eq!(rows(&machine, &variables), expected);
}

#[test]
fn without_a_gpu_one_row_says_why() {
    let Some(machine) = Machine::with(Has::Nothing) else { return };
    let reason = "no CUDA driver: libcuda.so.1 is not found; install NVIDIA's driver, or use \
        --device cpu";
    let found = gpu(&machine, &[]);
    assert_eq!(found["gpus"], json!([]));
    assert_eq!(found["error"], reason);
    assert_eq!(found["nvrtc"], Value::Null);
    assert_eq!(found["would_use"], "cpu");
    assert_eq!(rows(&machine, &[]), [row("gpu", &format!("none: {reason}"))]);
    let neither = gpu(&machine, &[("WORLDTAPE_ISA", "none")]);
    assert_eq!(neither["would_use"], Value::Null);
}

#[test]
fn each_thing_that_is_missing_or_too_old_is_told() {
    let Some(machine) = Machine::new() else { return };
    let cases = [
        (("FAKE_CUDA_VERSION", "11020"), "the driver speaks CUDA 11.2; "),
        (("FAKE_CUDA_COUNT", "0"), "there is no cuda:0; the driver shows no GPU "),
        (("FAKE_CUDA_CAPABILITY", "7.0"), "Fake GPU has compute capability 7.0; "),
        (("FAKE_NVRTC_VERSION", "10.2"), "no CUDA compiler: NVRTC 10.2 is too old"),
        (("WORLDTAPE_LANE", "fast"), "WORLDTAPE_LANE: lane fast is not to be had here; "),
        (("WORLDTAPE_CUDA_GRAPH", "maybe"), "WORLDTAPE_CUDA_GRAPH=maybe: "),
    ];
    for (variable, start) in cases {
        let found = gpu(&machine, &[variable]);
        let error = found["error"].as_str().expect("a reason");
        assert!(error.starts_with(start), "{error}");
        assert_eq!(found["would_use"], "cpu", "{error}");
    }
}
