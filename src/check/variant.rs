//! The ways to run an engine: all of them must give the same bits.

use super::CheckError;
use crate::engine::cpu::{CpuEngine, Isa};
use crate::engine::{Engine, EngineError};
use crate::program::Model;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::Arc;

/// Numbers of threads that the CPU engine is run on: alone, shared, and so that no size divides.
const THREADS: [usize; 3] = [1, 2, 7];

/// What is done with an engine.
pub type Work<'a> = dyn FnMut(&mut (dyn Engine + Send)) + Send + 'a;

/// One way to run a model: an instruction set on a number of threads, or a lane on a GPU.
pub trait Variant {
    /// What reports call it.
    fn name(&self) -> String;

    /// Makes an engine for `model` and hands it to `work`, once, on the threads that it is meant to
    /// run on.
    ///
    /// # Errors
    /// Where the engine cannot be made; `work` has not run then.
    fn run(&self, model: &Arc<Model>, work: &mut Work<'_>) -> Result<(), EngineError>;
}

impl dyn Variant + '_ {
    /// [`Variant::run`] with work that comes to something.
    ///
    /// # Errors
    /// As [`Variant::run`].
    ///
    /// # Panics
    /// Where the variant made its engine and did not hand it on: a bug of the variant.
    pub fn with<T: Send>(
        &self,
        model: &Arc<Model>,
        work: impl FnOnce(&mut (dyn Engine + Send)) -> T + Send,
    ) -> Result<T, EngineError> {
        let (mut work, mut done) = (Some(work), None);
        self.run(model, &mut |engine| {
            let work = work.take().expect("a variant hands on one engine");
            done = Some(work(engine));
        })?;
        Ok(done.expect("a variant hands on its engine"))
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

    fn run(&self, model: &Arc<Model>, work: &mut Work<'_>) -> Result<(), EngineError> {
        self.pool.install(|| {
            let mut engine = CpuEngine::new(Arc::clone(model), self.isa)?;
            work(&mut engine);
            Ok(())
        })
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
