//! The ways to run an engine: all of them must give the same bits.

use super::CheckError;
use crate::engine::cpu::{CpuEngine, Isa};
use crate::engine::cuda::{CudaEngine, Gpu, Lane, Settings};
use crate::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use crate::event::Action;
use crate::program::Model;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::Arc;

/// Numbers of threads that the CPU engine is run on: alone, shared, and so that no size divides.
const THREADS: [usize; 3] = [1, 2, 7];

/// One way to run a model: an instruction set on a number of threads, or a lane on a GPU.
pub trait Variant {
    /// What reports call it.
    fn name(&self) -> String;

    /// What can be chosen and how it is chosen here: the same settings, in the same order, in every
    /// way to run one engine.
    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("way", self.name())]
    }

    /// Makes an engine for `model` that runs this way, whoever calls it.
    ///
    /// # Errors
    /// Where the engine cannot be made.
    fn engine(&self, model: &Arc<Model>) -> Result<Box<dyn Engine + Send>, EngineError>;
}

/// The CPU engine on the threads of one pool.
struct InPool {
    engine: CpuEngine,
    pool: Arc<ThreadPool>,
}

impl Engine for InPool {
    fn describe(&self) -> Description {
        self.pool.install(|| self.engine.describe())
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        self.pool.install(|| self.engine.reset(start))
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        self.pool.install(|| self.engine.make(frame, action, observer))
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.pool.install(|| self.engine.save(bytes))
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.pool.install(|| self.engine.load(bytes))
    }
}

/// The CPU engine with one instruction set in one pool.
struct CpuVariant {
    isa: Isa,
    pool: Arc<ThreadPool>,
}

impl Variant for CpuVariant {
    fn name(&self) -> String {
        match self.pool.current_num_threads() {
            1 => format!("{} on 1 thread", self.isa),
            threads => format!("{} on {threads} threads", self.isa),
        }
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let threads = self.pool.current_num_threads();
        vec![("instruction set", self.isa.to_string()), ("threads", threads.to_string())]
    }

    fn engine(&self, model: &Arc<Model>) -> Result<Box<dyn Engine + Send>, EngineError> {
        let engine = CpuEngine::new(Arc::clone(model), self.isa)?;
        Ok(Box::new(InPool { engine, pool: Arc::clone(&self.pool) }))
    }
}

/// Every way to run the CPU engine. The first is `isa` on all of the machine's threads (or
/// RAYON_NUM_THREADS); then every instruction set there is on 1, 2 and 7 threads.
///
/// # Errors
/// [`CheckError::Threads`] where the threads cannot be had.
pub fn cpu_variants(isa: Isa) -> Result<Vec<Box<dyn Variant>>, CheckError> {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().map(Arc::new);
    let usual = pool(0)?;
    let mut variants: Vec<Box<dyn Variant>> = Vec::new();
    variants.push(Box::new(CpuVariant { isa, pool: Arc::clone(&usual) }));
    let pools = THREADS.map(pool).into_iter().collect::<Result<Vec<_>, _>>()?;
    for other in Isa::available() {
        for pool in &pools {
            if other != isa || pool.current_num_threads() != usual.current_num_threads() {
                let pool = Arc::clone(pool);
                variants.push(Box::new(CpuVariant { isa: other, pool }));
            }
        }
    }
    Ok(variants)
}

/// Blocks that launches are held to in turn: one, a few that divide nothing, and the
/// multiprocessors of other GPUs (A10 72, A100 108).
const BLOCKS: [u32; 4] = [1, 7, 72, 108];

/// The CUDA engine on one GPU with one kind of machine code and one choice of settings.
struct CudaVariant {
    gpu: Arc<Gpu>,
    settings: Settings,
}

impl Variant for CudaVariant {
    fn name(&self) -> String {
        let Settings { lane, blocks_max, graph } = self.settings;
        let blocks = blocks_max.map_or_else(String::new, |blocks| format!(", {blocks} blocks"));
        let graph = if graph { "" } else { ", no graph" };
        format!("{lane}, {}{blocks}{graph}", self.gpu.code().name())
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let Settings { lane, blocks_max, graph } = self.settings;
        let blocks = blocks_max.map_or_else(|| "by size".to_owned(), |blocks| blocks.to_string());
        vec![
            ("lane", lane.to_string()),
            ("machine code", self.gpu.code().name().to_owned()),
            ("graph", if graph { "on" } else { "off" }.to_owned()),
            ("blocks", blocks),
        ]
    }

    fn engine(&self, model: &Arc<Model>) -> Result<Box<dyn Engine + Send>, EngineError> {
        let gpu = Arc::clone(&self.gpu);
        Ok(Box::new(CudaEngine::new(gpu, Arc::clone(model), self.settings)?))
    }
}

/// Every way to run the CUDA engine on a GPU, given with each kind of its machine code. The first
/// is `usual` on the first of `gpus`; then every lane with each kind of code, without a graph, and
/// with launches held to so many blocks as smaller GPUs run at once.
pub fn cuda_variants(gpus: &[Arc<Gpu>], usual: Settings) -> Vec<Box<dyn Variant>> {
    let mut variants: Vec<CudaVariant> = Vec::new();
    let mut add = |gpu: &Arc<Gpu>, settings: Settings| {
        let is_new =
            |other: &CudaVariant| !Arc::ptr_eq(&other.gpu, gpu) || other.settings != settings;
        if variants.iter().all(is_new) {
            variants.push(CudaVariant { gpu: Arc::clone(gpu), settings });
        }
    };
    for gpu in gpus {
        add(gpu, usual);
        for lane in Lane::available(gpu.facts().capability) {
            add(gpu, Settings { lane, ..usual });
        }
    }
    for gpu in gpus.iter().take(1) {
        add(gpu, Settings { graph: !usual.graph, ..usual });
        for blocks in BLOCKS {
            add(gpu, Settings { blocks_max: Some(blocks), ..usual });
        }
        for lane in Lane::available(gpu.facts().capability) {
            add(gpu, Settings { lane, blocks_max: Some(BLOCKS[1]), ..usual });
        }
    }
    variants.into_iter().map(|variant| Box::new(variant) as Box<dyn Variant>).collect()
}
