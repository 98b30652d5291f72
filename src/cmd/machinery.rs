//! From options to a loaded world, a built model, an engine and the pool it runs in.

use super::files::{self, DEFAULT_WORLD};
use super::gpu;
use crate::check::{Variant, cpu_variants};
use crate::cli::{Choice, Machinery};
use crate::engine::cpu::{CpuEngine, Isa};
use crate::engine::{Description, Engine, Start};
use crate::event::Digest;
use crate::exact::ARITHMETIC;
use crate::program::Model;
use crate::session::{Config, Machine};
use crate::world::{FILE_BYTES_MAX, NoiseFrom, World, build};
use anyhow::{Context, Result, bail};
use std::env::VarError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most bytes of working memory a world may ask for: a small file can name a memory of many
/// frames. Why 16 GiB: four times the largest world file.
const ARENA_BYTES_MAX: usize = 16 << 30;

/// The variable that forces an instruction set, for tests.
const ISA_VARIABLE: &str = "WORLDTAPE_ISA";

/// The arithmetic id of the reference engine: float32 as candle happens to compute it.
#[cfg(feature = "reference")]
const REFERENCE_ARITHMETIC: &str = "float32-reference";

/// Which engine was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    /// The first GPU if it can be used, else this processor: the bits are the same.
    Auto,
    /// This processor.
    Cpu,
    /// The GPU of that number.
    Cuda(u32),
    /// candle, for comparison.
    #[cfg(feature = "reference")]
    Reference,
}

impl Device {
    /// What `--device` says.
    pub(super) fn parse(text: &str) -> Result<Device> {
        match text {
            "auto" => Ok(Device::Auto),
            "cpu" => Ok(Device::Cpu),
            #[cfg(feature = "reference")]
            "reference" => Ok(Device::Reference),
            #[cfg(not(feature = "reference"))]
            "reference" => bail!("this build has no reference engine; build with it to use it"),
            _ => {
                let number = text.strip_prefix("cuda:").and_then(|number| number.parse().ok());
                number.map(Device::Cuda).with_context(|| {
                    format!(
                        "--device {text} is not known; there is auto, cpu, cuda:N and reference"
                    )
                })
            }
        }
    }

    /// The arithmetic it computes.
    pub(super) fn arithmetic(self) -> &'static str {
        match self {
            Device::Auto | Device::Cpu | Device::Cuda(_) => ARITHMETIC,
            #[cfg(feature = "reference")]
            Device::Reference => REFERENCE_ARITHMETIC,
        }
    }

    /// An engine for a model.
    pub(super) fn engine(self, model: Arc<Model>) -> Result<Box<dyn Engine + Send>> {
        match self {
            Device::Auto => match gpu::engine(0, Arc::clone(&model)) {
                Ok(engine) => Ok(Box::new(engine)),
                Err(reason) => {
                    gpu::tell_fallback(&reason);
                    Device::Cpu.engine(model)
                }
            },
            Device::Cpu => Ok(Box::new(CpuEngine::new(model, isa()?)?)),
            Device::Cuda(ordinal) => Ok(Box::new(gpu::engine(ordinal, model)?)),
            #[cfg(feature = "reference")]
            Device::Reference => {
                Ok(Box::new(crate::engine::reference::ReferenceEngine::new(model)?))
            }
        }
    }

    /// Every way to run it that gives the same bits, the usual one first.
    pub(super) fn variants(self) -> Result<Vec<Box<dyn Variant>>> {
        match self {
            Device::Auto => match Device::Cuda(0).variants() {
                Ok(variants) => Ok(variants),
                Err(reason) => {
                    gpu::tell_fallback(&reason);
                    Device::Cpu.variants()
                }
            },
            Device::Cpu => Ok(cpu_variants(isa()?)?),
            Device::Cuda(ordinal) => gpu::variants(ordinal),
            #[cfg(feature = "reference")]
            Device::Reference => bail!(
                "--device reference computes {REFERENCE_ARITHMETIC}, not {ARITHMETIC}: there is \
                    nothing to hold its bits against"
            ),
        }
    }
}

/// The instruction set that the CPU engine runs: the best, or the one that is forced.
pub(super) fn isa() -> Result<Isa> {
    match std::env::var(ISA_VARIABLE) {
        Ok(name) => Isa::named(&name).context(ISA_VARIABLE),
        Err(VarError::NotPresent) => Ok(Isa::best()),
        Err(error) => Err(error).context(ISA_VARIABLE),
    }
}

/// Loads the world asked for, or the shipped one.
pub(super) fn load_world(path: Option<&Path>) -> Result<(PathBuf, World)> {
    let path = path.map_or_else(files::default_world, |path| Ok(path.to_path_buf()))?;
    let bytes = files::read(&path, FILE_BYTES_MAX)?;
    let world = World::from_packed(&bytes).with_context(|| format!("world {}", path.display()))?;
    Ok((path, world))
}

/// Loads the world that a tape was recorded with: the one asked for must be it; without one, the
/// worlds of the checkout are looked through.
pub(super) fn load_world_of(options: &Machinery, digest: Digest, name: &str) -> Result<World> {
    let found = options.world.clone();
    let Some(path) = found.or_else(|| files::world_of_digest(digest)) else {
        bail!(
            "the tape was recorded with world {name} ({digest}), which no file beside \
                {DEFAULT_WORLD} is; name the right file with --world"
        );
    };
    let (path, world) = load_world(Some(&path))?;
    if world.digest != digest {
        bail!(
            "the tape was recorded with world {name} ({digest}); {} is {} ({}); \
                name the right file with --world",
            path.display(),
            world.manifest.name,
            world.digest
        );
    }
    Ok(world)
}

/// Everything a session needs of a world.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) start: Start,
    pub(super) model: Arc<Model>,
}

/// Builds the model and the settings of a session.
pub(super) fn prepare(world: &World, arithmetic: &str, choice: Choice) -> Result<Prepared> {
    let (manifest, Choice { seed, start: prompt, passes }) = (&world.manifest, choice);
    let passes = passes.unwrap_or(manifest.default_passes);
    let schedule = manifest.schedule(passes)?;
    let model = Arc::new(build(world, passes, NoiseFrom::Seed)?);
    check_memory(model.arena_bytes())?;
    let (latents, actions) = world.prompt(prompt)?;
    let start = Start { seed, latents: latents.to_vec(), actions, noise: None };
    let config = Config {
        world_digest: world.digest,
        world_name: manifest.name.clone(),
        arithmetic: arithmetic.to_owned(),
        seed,
        prompt,
        passes,
        noise_levels: schedule.levels.iter().map(|level| level.to_bits()).collect(),
        picture_width: manifest.picture.width as u32,
        picture_height: manifest.picture.height as u32,
        frames_per_second_milli: manifest.frames_per_second * 1000,
        action_names: manifest.action_names(),
    };
    Ok(Prepared { config, start, model })
}

impl Prepared {
    /// The same session from another prompt.
    pub(super) fn begin_at(&mut self, world: &World, prompt: u32) -> Result<()> {
        let (latents, actions) = world.prompt(prompt)?;
        (self.start.latents, self.start.actions) = (latents.to_vec(), actions);
        self.config.prompt = prompt;
        Ok(())
    }
}

/// Refuses a world whose working memory cannot be had, before an engine asks for it.
fn check_memory(bytes: usize) -> Result<()> {
    if bytes > ARENA_BYTES_MAX {
        bail!(
            "the world needs {bytes} bytes of working memory; at most {ARENA_BYTES_MAX} are used"
        );
    }
    let mut room: Vec<u8> = Vec::new();
    let had = room.try_reserve_exact(bytes);
    had.with_context(|| format!("the world needs {bytes} bytes of working memory"))
}

/// The machine as the tape names it.
pub(super) fn machine(description: Description, started_unix_ms: u64) -> Machine {
    let mut entries = description.facts;
    entries.push(("os".to_owned(), std::env::consts::OS.to_owned()));
    entries.push(("architecture".to_owned(), std::env::consts::ARCH.to_owned()));
    if let Some(name) = processor_name() {
        entries.push(("processor".to_owned(), name));
    }
    let is_gpu = description.engine.starts_with("cuda");
    if let Some(version) = is_gpu.then(gpu::driver_version).flatten() {
        entries.push(("driver".to_owned(), version));
    }
    Machine {
        started_unix_ms,
        engine: description.engine,
        worldtape_version: env!("CARGO_PKG_VERSION").to_owned(),
        build_commit: env!("WORLDTAPE_BUILD_COMMIT").to_owned(),
        kernel_digest: description.kernel_digest,
        threads: description.threads,
        entries,
    }
}

/// An engine in a few words: `cpu, 2 threads, avx512` or `cuda:0, NVIDIA H200, mma`.
pub(super) fn engine_label(engine: &str, threads: u32, facts: &[(String, String)]) -> String {
    let fact = |name: &str| facts.iter().find(|fact| fact.0 == name).map(|fact| fact.1.clone());
    let plural = if threads == 1 { "" } else { "s" };
    let threads = fact("gpu").is_none().then(|| format!("{threads} thread{plural}"));
    let parts = [Some(engine.to_owned()), threads, fact("gpu"), fact("isa"), fact("lane")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What Linux calls the processor.
pub(super) fn processor_name() -> Option<String> {
    let text = files::read(Path::new("/proc/cpuinfo"), files::TEXT_BYTES_MAX).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    let name = line.split_once(':')?.1.trim();
    Some(name.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// Runs `work` inside a pool of `threads` (all the machine's, or RAYON_NUM_THREADS, where `None`).
pub(super) fn in_pool<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    Ok(pool.context("cannot start the engine's threads")?.install(work))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_told_by_what_it_has() {
        let told = |engine: &str, threads, facts: &[(&str, &str)]| {
            let facts = facts.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            engine_label(engine, threads, &facts.collect::<Vec<_>>())
        };
        let facts = [("gpu", "NVIDIA H200"), ("nvrtc", "13.0"), ("lane", "mma")];
        assert_eq!(told("cuda:0", 1, &facts), "cuda:0, NVIDIA H200, mma");
        assert_eq!(told("cpu", 2, &[("isa", "avx2")]), "cpu, 2 threads, avx2");
        assert_eq!(told("reference", 1, &[]), "reference, 1 thread");
    }
}
