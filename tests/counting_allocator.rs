//! A frame allocates nothing: every thread's requests to the heap are counted while frames run.
//! What zstd's C code keeps for itself is not Rust's heap and not counted; it is kept from block to
//! block.

#[path = "common/command.rs"]
mod command;
mod common;
#[path = "common/fake_cuda.rs"]
mod fake_cuda;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use worldtape::clock::Clock;
use worldtape::drive::{self, DriveError, Recorder, Source};
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::engine::cuda::{Code, CudaEngine, Gpu, NoCache, Settings};
use worldtape::engine::{Description, Engine, Start};
use worldtape::event::{Action, Digest};
use worldtape::program::Model;
use worldtape::session::{Config, Machine};
use worldtape::world::{NoiseFrom, World, build};

/// Set where the test runs in a process that finds the fake GPU.
const ON_THE_GPU: &str = "WORLDTAPE_TEST_ON_THE_GPU";

/// Frames before the count.
const WARM_UP_FRAMES: u64 = 160;
/// Every so many of them the loop rests.
const REST_FRAMES: u64 = 10;
/// How long: every thread then runs out of work and waits. Its first time takes memory, once.
const REST: Duration = Duration::from_millis(20);
/// Frames counted: some blocks of the tape.
const COUNTED_FRAMES: u64 = 200;

/// Passes every request on and counts those made while [`COUNTING`].
struct Counting;

static COUNTING: AtomicBool = AtomicBool::new(false);
static REQUESTS: AtomicU64 = AtomicU64::new(0);
static LARGEST_BYTES: AtomicUsize = AtomicUsize::new(0);

fn count(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        LARGEST_BYTES.fetch_max(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches atomics alone.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: the caller keeps the contract of `GlobalAlloc`, which is the system's too.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: as above.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    // SAFETY: as above.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    // SAFETY: as above.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count(bytes);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Gives an action to each frame and begins the count after the warm-up.
struct Counter;

impl Source for Counter {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        if frame < WARM_UP_FRAMES && frame.is_multiple_of(REST_FRAMES) {
            rayon::broadcast(|_| ());
            std::thread::sleep(REST);
        }
        if frame == WARM_UP_FRAMES {
            COUNTING.store(true, Ordering::SeqCst);
        }
        let goes_on = frame < WARM_UP_FRAMES + COUNTED_FRAMES;
        Ok(goes_on.then_some(Action((frame * 7 % 32) as u16)))
    }
}

/// Slow before the count, fast from then on: first the tape's blocks are sealed by time and short,
/// then they are full; what grows with them would grow while counted.
struct Speeding(AtomicU64);

impl Clock for Speeding {
    fn now_us(&self) -> u64 {
        let step_us = if COUNTING.load(Ordering::Relaxed) { 500 } else { 40_000 };
        self.0.fetch_add(step_us, Ordering::Relaxed)
    }

    fn sleep_until(&self, due_us: u64) {
        self.0.fetch_max(due_us, Ordering::Relaxed);
    }
}

/// What makes the frames.
#[derive(Clone, Copy)]
enum Device {
    Cpu,
    /// The fake GPU, whose own memory is C's and not counted.
    Gpu,
}

impl Device {
    fn engine(self, model: Arc<Model>) -> Box<dyn Engine> {
        match self {
            Device::Cpu => Box::new(CpuEngine::new(model, Isa::best()).expect("an engine")),
            Device::Gpu => {
                let gpu = Gpu::open(0, Code::Cubin, &NoCache).expect("the fake GPU");
                let settings = Settings::usual(gpu.facts().capability);
                Box::new(CudaEngine::new(Arc::new(gpu), model, settings).expect("an engine"))
            }
        }
    }
}

/// Requests while frames of a world are made, hashed and put on a tape in a file, by the thread of
/// the loop, the engine's and the tape's: how many, and the bytes of the largest.
fn requests(world: &str, threads: usize, runs_on: Device, planted: bool) -> (u64, usize) {
    let bytes = std::fs::read(common::path(world)).expect("a world of the checkout");
    let world = World::from_packed(&bytes).expect("a whole world");
    let model = build(&world, world.manifest.default_passes, NoiseFrom::Seed).expect("a schedule");
    let (latents, actions) = world.prompt(0).expect("a prompt");
    let start = Start { seed: 1, latents: latents.to_vec(), actions, noise: None };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let mut engine = runs_on.engine(Arc::new(model));
        engine.reset(&start).expect("a prompt without faults");
        let (config, machine) = (config(&world), machine(engine.describe()));
        let file = tempfile::tempfile().expect("a temporary file");
        let mut recorder = Recorder::start(file, [7; 16], &config, &machine).expect("a tape");
        REQUESTS.store(0, Ordering::SeqCst);
        LARGEST_BYTES.store(0, Ordering::SeqCst);
        let clock = Speeding(AtomicU64::new(0));
        let ran = drive::run(&mut Counter, engine.as_mut(), &mut [&mut recorder], &clock);
        if planted {
            drop(std::hint::black_box(vec![1u8; 123]));
        }
        // The tape's thread has frames left to seal.
        while recorder.durable_frames() < WARM_UP_FRAMES + COUNTED_FRAMES {
            std::thread::sleep(Duration::from_millis(1));
        }
        COUNTING.store(false, Ordering::SeqCst);
        assert_eq!(ran.expect("frames"), WARM_UP_FRAMES + COUNTED_FRAMES);
        recorder.finish().expect("a whole tape");
    });
    (REQUESTS.load(Ordering::SeqCst), LARGEST_BYTES.load(Ordering::SeqCst))
}

fn config(world: &World) -> Config {
    let manifest = &world.manifest;
    let schedule = manifest.schedule(manifest.default_passes).expect("the default");
    Config {
        world_digest: world.digest,
        world_name: manifest.name.clone(),
        arithmetic: worldtape::exact::ARITHMETIC.to_owned(),
        seed: 1,
        prompt: 0,
        passes: schedule.passes,
        noise_levels: schedule.levels.iter().map(|level| level.to_bits()).collect(),
        picture_width: manifest.picture.width as u32,
        picture_height: manifest.picture.height as u32,
        frames_per_second_milli: manifest.frames_per_second * 1000,
        action_names: manifest.actions.iter().map(|action| action.name.clone()).collect(),
    }
}

fn machine(description: Description) -> Machine {
    Machine {
        started_unix_ms: 0,
        engine: description.engine,
        worldtape_version: "0".to_owned(),
        build_commit: "0".to_owned(),
        kernel_digest: Digest::default(),
        threads: description.threads,
        entries: description.facts,
    }
}

/// One test: the count is the whole process's.
#[test]
fn a_steady_frame_allocates_nothing_on_any_thread() {
    if std::env::var_os(ON_THE_GPU).is_some() {
        assert_eq!(requests(common::TINY_WORLD, 2, Device::Gpu, false), (0, 0), "on a GPU");
        return;
    }
    for threads in [1, 2, 5] {
        let found = requests(common::TINY_WORLD, threads, Device::Cpu, false);
        assert_eq!(found, (0, 0), "{threads} threads");
    }
    assert_eq!(requests("worlds/doom.safetensors", 2, Device::Cpu, false), (0, 0));
    let planted = requests(common::TINY_WORLD, 2, Device::Cpu, true);
    assert_eq!(planted, (1, 123), "a planted request is seen");
    count_on_the_gpu();
}

/// The same test again, in a process that finds the fake GPU.
fn count_on_the_gpu() {
    let Some(machine) = fake_cuda::Machine::new() else { return };
    let this = std::env::current_exe().expect("this program");
    let output = machine.of(this).env(ON_THE_GPU, "1").output().expect("runs");
    assert!(output.status.success(), "{output:?}");
}
