//! Ways to run the CPU engine, wrong with one instruction set.

use super::{Fault, Faulty, Plant};
use std::sync::Arc;
use worldtape::check::Variant;
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::engine::{Engine, EngineError};
use worldtape::program::Model;

/// The frame in which `wide` is wrong, and the op.
pub const WRONG_FRAME: u64 = 11;
pub const WRONG_OP: &str = "pass1.latent";

/// One instruction set, by a name of ours, on a number of threads that is only said.
struct OneWay {
    isa: &'static str,
    threads: u32,
}

/// `wide` and `narrow`, each on 1 and 2 threads.
pub fn every_way() -> Vec<Box<dyn Variant>> {
    let every = ["wide", "narrow"].into_iter().flat_map(|isa| [1, 2].map(|n| (isa, n)));
    every.map(|(isa, threads)| Box::new(OneWay { isa, threads }) as Box<dyn Variant>).collect()
}

impl Variant for OneWay {
    fn name(&self) -> String {
        format!("{} on {}", self.isa, self.threads)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("instruction set", self.isa.to_owned()), ("threads", self.threads.to_string())]
    }

    fn engine(&self, model: &Arc<Model>) -> Result<Box<dyn Engine + Send>, EngineError> {
        let node = model.frame.nodes.iter().position(|node| node.name == WRONG_OP);
        let node = node.expect("an op");
        let plant = Plant { fault: Fault::Rounding, node, output: 0, element: 0 };
        let frame = if self.isa == "wide" { WRONG_FRAME } else { u64::MAX };
        let engine = Box::new(CpuEngine::new(Arc::clone(model), Isa::best())?);
        Ok(Box::new(Faulty::new(engine, model, frame, plant)))
    }
}
