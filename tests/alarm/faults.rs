//! Faults: one rounding changed in one op of one frame.

use worldtape::drive::picture_digest;
use worldtape::engine::cpu::CpuEngine;
use worldtape::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use worldtape::event::{Action, Outcome};
use worldtape::exact::philox4x32_10;
use worldtape::program::{Dtype, Model, Node};

/// Words from a seed.
pub struct Random {
    seed: u32,
    drawn: u32,
}

impl Random {
    pub fn new(seed: u32) -> Random {
        Random { seed, drawn: 0 }
    }

    pub fn below(&mut self, count: usize) -> usize {
        self.drawn += 1;
        philox4x32_10([self.drawn, 0, 0, 0], [self.seed, 9])[0] as usize % count
    }
}

/// How wrong an element comes out.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// By one step of its type: a float rounded the other way.
    Rounding,
    /// A float twice or half as large, a high bit of anything else.
    HighBit,
}

/// One element of one op's output that comes out wrong.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    pub fault: Fault,
    pub node: usize,
    pub output: usize,
    pub element: usize,
}

impl Plant {
    /// Any node of the frame, any of its outputs, any element.
    pub fn random(fault: Fault, model: &Model, random: &mut Random) -> Plant {
        let node = random.below(model.frame.nodes.len());
        let writes = &model.frame.nodes[node].writes;
        let output = random.below(writes.len());
        let element = random.below(writes[output].len);
        Plant { fault, node, output, element }
    }
}

impl Observer for Plant {
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if index != self.node {
            return;
        }
        let dtype = node.writes[self.output].dtype;
        let width = dtype.bytes();
        let bytes = &mut writes[self.output][self.element * width..][..width];
        match (dtype, self.fault) {
            (Dtype::F32, fault) => {
                let bits = u32::from_le_bytes(std::array::from_fn(|i| bytes[i]));
                let wrong = match fault {
                    Fault::Rounding => bits + 1,
                    Fault::HighBit => bits ^ 1 << 23,
                };
                bytes.copy_from_slice(&wrong.to_le_bytes());
            }
            (Dtype::I8, Fault::Rounding) if bytes[0] == 127 => bytes[0] = 126,
            (_, Fault::Rounding) => bytes[0] = bytes[0].wrapping_add(1),
            // Not bit 6: it would make -128 of -64, which no op gives.
            (_, Fault::HighBit) => bytes[width - 1] ^= 1 << 5,
        }
    }
}

/// An engine with a fault in one frame.
pub struct Faulty {
    engine: CpuEngine,
    frame: u64,
    plant: Plant,
    /// Has that frame been made?
    pub planted: bool,
}

impl Faulty {
    pub fn new(engine: CpuEngine, frame: u64, plant: Plant) -> Faulty {
        Faulty { engine, frame, plant, planted: false }
    }
}

impl Engine for Faulty {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, start: &Start) -> Result<(), EngineError> {
        self.engine.reset(start)
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        if frame != self.frame {
            return self.engine.make(frame, action, observer);
        }
        self.planted = true;
        self.engine.step_observed(frame, action, &mut self.plant)
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.engine.save(bytes)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.engine.load(bytes)
    }
}

/// The bytes of an engine's state.
pub fn saved(engine: &CpuEngine) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.save(&mut bytes).expect("saved");
    bytes
}

/// A frame's outcome, and the state it leaves.
pub fn step(
    engine: &mut CpuEngine,
    frame: u64,
    action: Action,
) -> Result<(Outcome, Vec<u8>), EngineError> {
    let outcome = outcome_of(engine.step(frame, action)?);
    Ok((outcome, saved(engine)))
}

/// [`step`] with a fault.
pub fn step_planted(
    engine: &mut CpuEngine,
    frame: u64,
    action: Action,
    mut plant: Plant,
) -> Result<(Outcome, Vec<u8>), EngineError> {
    let outcome = outcome_of(engine.step_observed(frame, action, &mut plant)?);
    Ok((outcome, saved(engine)))
}

fn outcome_of(frame: Frame<'_>) -> Outcome {
    Outcome { picture: picture_digest(frame.picture), state_sum: frame.state_sum }
}
