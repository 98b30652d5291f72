//! A way to run the CPU engine that is wrong in one thing.

use std::sync::Arc;
use worldtape::check::Variant;
use worldtape::engine::cpu::{CpuEngine, Isa};
use worldtape::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use worldtape::event::Action;
use worldtape::program::{Model, Node};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The lowest bit of the last element of every op of this kind.
    Op(&'static str),
    /// Values that are not finite stop nothing.
    Deaf,
    /// The colours of frame 5, when the session is begun a second time.
    SecondPlay,
    /// The last byte of every saved state.
    Saved,
    /// A loaded state is taken, but not the last byte of it.
    Loaded,
    /// The engine cannot be made.
    Unmade,
}

/// The fault as a way to run.
pub struct Faulty(pub Fault);

struct FaultyEngine {
    engine: CpuEngine,
    fault: Fault,
    resets: u32,
}

/// The fault first, then whoever looks.
struct Flip<'a> {
    fault: Fault,
    is_due: bool,
    then: Option<&'a mut dyn Observer>,
}

impl Variant for Faulty {
    fn name(&self) -> String {
        "faulty".to_owned()
    }

    fn engine(&self, model: &Arc<Model>) -> Result<Box<dyn Engine + Send>, EngineError> {
        if self.0 == Fault::Unmade {
            return Err(EngineError::FloatWeights { engine: "faulty" });
        }
        let engine = CpuEngine::new(Arc::clone(model), Isa::best())?;
        Ok(Box::new(FaultyEngine { engine, fault: self.0, resets: 0 }))
    }
}

impl Observer for Flip<'_> {
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        let is_struck = match self.fault {
            Fault::Op(kind) => node.op.kind() == kind,
            Fault::SecondPlay => self.is_due && node.op.kind() == "to_picture",
            _ => false,
        };
        if is_struck {
            let width = node.writes[0].dtype.bytes();
            let lowest = writes[0].len() - width;
            writes[0][lowest] ^= 1;
        }
        if let Some(then) = &mut self.then {
            then.after(index, node, writes);
        }
    }
}

impl FaultyEngine {
    fn flip<'a>(&self, frame: u64, then: Option<&'a mut dyn Observer>) -> Flip<'a> {
        let is_due = self.resets == 2 && frame == 5;
        Flip { fault: self.fault, is_due, then }
    }
}

impl Engine for FaultyEngine {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        self.resets += 1;
        self.engine.reset(start)
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        let is_observed = observer.is_some();
        let mut flip = self.flip(frame, observer);
        let made = self.engine.step_observed(frame, action, &mut flip);
        match (made, self.fault) {
            (Err(EngineError::NotFinite { .. }), Fault::Deaf) if is_observed => {
                Ok(Frame { picture: &[], state_sum: 0 })
            }
            (made, _) => made,
        }
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.engine.save(bytes)?;
        if self.fault == Fault::Saved {
            *bytes.last_mut().expect("a state") ^= 1;
        }
        Ok(())
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let mut bytes = bytes.to_vec();
        if self.fault == Fault::Loaded {
            *bytes.last_mut().expect("a state") ^= 1;
        }
        self.engine.load(&bytes)
    }
}
