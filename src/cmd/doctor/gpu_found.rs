//! The GPUs that the doctor finds, and whether one can be used: it is really opened.

use crate::cmd::{gpu, output};
use crate::engine::cuda::{self, GpuFacts, Lane};
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;

/// What was found, as `--json` prints it.
#[derive(Serialize)]
pub(super) struct GpuFound {
    /// In the driver's order; also those that are too old.
    gpus: Vec<OneGpu>,
    /// The driver's own version, where Linux tells it.
    driver: Option<String>,
    /// The CUDA version that the driver knows.
    driver_cuda: Option<String>,
    /// The version of the run-time compiler.
    nvrtc: Option<String>,
    /// The folder of compiled kernels; none where none are kept.
    kernel_cache: Option<PathBuf>,
    /// How the first GPU makes integer products, where it can be used.
    lane: Option<&'static str>,
    /// Why the first GPU cannot be used.
    error: Option<String>,
    /// What `--device auto` takes: `cuda:0`, `cpu`, or nothing.
    would_use: Option<&'static str>,
}

#[derive(Serialize)]
struct OneGpu {
    /// What `--device` calls it.
    device: String,
    name: String,
    compute_capability: String,
    multiprocessors: u32,
    /// The lanes it has, the one to use first.
    lanes: Vec<&'static str>,
}

impl OneGpu {
    fn new(facts: &GpuFacts) -> OneGpu {
        OneGpu {
            device: format!("cuda:{}", facts.ordinal),
            name: facts.name.clone(),
            compute_capability: facts.capability_text(),
            multiprocessors: facts.multiprocessors,
            lanes: Lane::available(facts.capability).into_iter().map(Lane::name).collect(),
        }
    }

    fn line(&self) -> String {
        let OneGpu { device, name, compute_capability, multiprocessors, .. } = self;
        format!(
            "{device} {name}, compute capability {compute_capability}, \
                {multiprocessors} multiprocessors"
        )
    }
}

impl GpuFound {
    /// Looks, and opens the first GPU as `--device auto` would: its kernels are compiled, or found
    /// in the cache.
    pub(super) fn look(has_cpu: bool) -> GpuFound {
        let gpus = cuda::gpus().unwrap_or_default();
        let lane = open();
        let would_use = if lane.is_ok() { Some("cuda:0") } else { has_cpu.then_some("cpu") };
        GpuFound {
            driver: gpu::driver_version(),
            driver_cuda: gpus.first().map(GpuFacts::driver_cuda_text),
            nvrtc: cuda::compiler().ok().map(|((major, minor), _)| format!("{major}.{minor}")),
            kernel_cache: gpu::cache_folder().ok().flatten(),
            lane: lane.as_ref().ok().copied(),
            error: lane.err().map(|error| output::one_line(&format!("{error:#}"))),
            would_use,
            gpus: gpus.iter().map(OneGpu::new).collect(),
        }
    }

    /// Can the first GPU be used?
    pub(super) fn is_fit(&self) -> bool {
        self.error.is_none()
    }

    /// Rows for people; one is enough where there is no GPU.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let error = self.error.clone().unwrap_or_default();
        if self.gpus.is_empty() {
            return vec![("gpu", format!("none: {error}"))];
        }
        let mut rows: Vec<_> = self.gpus.iter().map(|gpu| ("gpu", gpu.line())).collect();
        let mut driver: Vec<String> = self.driver.iter().cloned().collect();
        driver.extend(self.driver_cuda.iter().map(|version| format!("CUDA {version}")));
        rows.push(("driver", driver.join(", ")));
        rows.push(("nvrtc", self.nvrtc.clone().unwrap_or_else(|| "none".to_owned())));
        let kept = self.kernel_cache.as_ref().map(|folder| format!("kept in {}", folder.display()));
        rows.push(("kernels", kept.unwrap_or_else(|| "compiled at every start".to_owned())));
        let device = match (self.lane, self.would_use) {
            (Some(lane), _) => format!("cuda:0, lane {lane}"),
            (None, Some(other)) => format!("{other}: {error}"),
            (None, None) => format!("none: {error}"),
        };
        rows.push(("device", device));
        rows
    }
}

/// The lane that the first GPU would take.
fn open() -> Result<&'static str> {
    let gpu = gpu::open(0)?;
    Ok(gpu::settings(&gpu)?.lane.name())
}
