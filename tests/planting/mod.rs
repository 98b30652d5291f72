//! Planted faults: one op of one frame comes out wrong, as broken builds and machines make it.
#![allow(dead_code, unused_imports, reason = "each test uses its own part")]

mod one_way;
mod recomputed;

pub use one_way::{WRONG_FRAME, WRONG_OP, every_way};

use std::collections::BTreeMap;
use std::sync::Arc;
use worldtape::drift::tap_name;
use worldtape::drive::picture_digest;
use worldtape::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use worldtape::event::{Action, Outcome};
use worldtape::exact::philox4x32_10;
use worldtape::program::{Dtype, Model, Node, Place};

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

/// How an output comes out wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One element by one step of its type: a float rounded the other way.
    Rounding,
    /// One element: a float twice or half as large, a high bit of anything else.
    HighBit,
    /// Every element by one step of its type.
    EveryUlp,
    /// Sums and fused sums rounded towards zero instead of to nearest.
    TowardsZero,
    /// What the op wrote in the frame before: its reader did not wait for it.
    Stale,
    /// The mean and the mean square of a norm summed from left to right.
    SumOrder,
    /// One element of a float output is not a number.
    NotFinite,
}

/// The faults that leave values finite.
pub const FINITE: [Fault; 5] =
    [Fault::Rounding, Fault::EveryUlp, Fault::TowardsZero, Fault::Stale, Fault::SumOrder];

/// One op's output that comes out wrong, or one element of it.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    pub fault: Fault,
    pub node: usize,
    pub output: usize,
    pub element: usize,
}

impl Plant {
    /// Any node of the frame that can have the fault, any of its outputs, any element.
    pub fn random(fault: Fault, model: &Model, random: &mut Random) -> Plant {
        let nodes = model.frame.nodes.iter().enumerate();
        let able: Vec<usize> = nodes
            .filter(|(_, node)| match fault {
                Fault::TowardsZero => ["add", "gated_add"].contains(&node.op.kind()),
                Fault::SumOrder => ["layer_norm", "pixel_norm"].contains(&node.op.kind()),
                _ => true,
            })
            .map(|(index, _)| index)
            .collect();
        let node = able[random.below(able.len())];
        let writes = &model.frame.nodes[node].writes;
        let output = random.below(writes.len());
        let element = random.below(writes[output].len);
        Plant { fault, node, output, element }
    }

    /// The tap that it changes.
    pub fn tap(&self, model: &Model) -> String {
        tap_name(&model.frame.nodes[self.node], self.output)
    }

    /// The faults that need nothing but the bytes.
    fn strike(&self, dtype: Dtype, bytes: &mut [u8]) {
        let width = dtype.bytes();
        match self.fault {
            Fault::EveryUlp => bytes.chunks_exact_mut(width).for_each(|one| step(dtype, one)),
            Fault::Rounding => step(dtype, &mut bytes[self.element * width..][..width]),
            Fault::HighBit => {
                let element = &mut bytes[self.element * width..][..width];
                // Not bit 6 of int8: it would make -128 of -64, which no op gives.
                let (byte, bit) = if dtype == Dtype::F32 { (2, 7) } else { (width - 1, 5) };
                element[byte] ^= 1 << bit;
            }
            Fault::NotFinite => {
                let element = &mut bytes[self.element * width..][..width];
                element.copy_from_slice(&f32::NAN.to_le_bytes());
            }
            Fault::TowardsZero | Fault::Stale | Fault::SumOrder => {}
        }
    }
}

/// One step of a type, which stays a value that ops make.
fn step(dtype: Dtype, element: &mut [u8]) {
    match dtype {
        Dtype::F32 => {
            let bits = u32::from_le_bytes(std::array::from_fn(|i| element[i]));
            element.copy_from_slice(&(bits + 1).to_le_bytes());
        }
        Dtype::I8 if element[0] == 127 => element[0] = 126,
        _ => element[0] = element[0].wrapping_add(1),
    }
}

impl Observer for Plant {
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if index == self.node {
            self.strike(node.writes[self.output].dtype, writes[self.output]);
        }
    }
}

/// What has been written, so that an op can be computed again or left as it was.
#[derive(Default)]
struct Seen {
    /// Buffers of the frame, as far as ops wrote them.
    buffers: BTreeMap<u32, Vec<u8>>,
    /// What the op wrote in the frame before the fault's.
    before: Option<Vec<u8>>,
}

/// The plant first, then whoever looks.
struct Planting<'a, 'b> {
    plant: Plant,
    model: &'a Model,
    seen: &'a mut Seen,
    is_due: bool,
    changed: &'a mut bool,
    then: Option<&'b mut dyn Observer>,
}

impl Observer for Planting<'_, '_> {
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        let Plant { fault, node: struck, output, .. } = self.plant;
        if index < struck {
            self.remember(node, writes);
        } else if index == struck && !self.is_due {
            self.seen.before = Some(writes[output].to_vec());
        } else if index == struck {
            let right = writes[output].to_vec();
            let wrong = match fault {
                Fault::Stale => self.seen.before.clone(),
                Fault::TowardsZero | Fault::SumOrder => {
                    Some(recomputed::output(node, self.model, &self.seen.buffers, fault))
                }
                _ => None,
            };
            if let Some(wrong) = wrong {
                writes[output].copy_from_slice(&wrong);
            }
            self.plant.strike(node.writes[output].dtype, writes[output]);
            *self.changed = writes[output] != &right[..];
        }
        if let Some(then) = &mut self.then {
            then.after(index, node, writes);
        }
    }
}

impl Planting<'_, '_> {
    fn remember(&mut self, node: &Node, writes: &[&mut [u8]]) {
        for (operand, bytes) in node.writes.iter().zip(writes) {
            let Place::Arena(id) = operand.place else { continue };
            let whole = &self.model.frame.buffers[id.0 as usize];
            let buffer = self.seen.buffers.entry(id.0).or_insert_with(|| vec![0; whole.bytes()]);
            let start = operand.offset * operand.dtype.bytes();
            buffer[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// An engine with a fault in one frame.
pub struct Faulty {
    engine: Box<dyn Engine + Send>,
    model: Arc<Model>,
    frame: u64,
    plant: Plant,
    seen: Seen,
    /// Has that frame been made?
    pub planted: bool,
    /// Did the op come out other than it should?
    pub changed: bool,
}

impl Faulty {
    pub fn new(
        engine: Box<dyn Engine + Send>,
        model: &Arc<Model>,
        frame: u64,
        plant: Plant,
    ) -> Faulty {
        let (model, seen) = (Arc::clone(model), Seen::default());
        Faulty { engine, model, frame, plant, seen, planted: false, changed: false }
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
        let is_due = frame == self.frame;
        let is_watched = is_due || frame + 1 == self.frame && self.plant.fault == Fault::Stale;
        if !is_watched {
            return self.engine.make(frame, action, observer);
        }
        self.planted |= is_due;
        let mut planting = Planting {
            plant: self.plant,
            model: &self.model,
            seen: &mut self.seen,
            is_due,
            changed: &mut self.changed,
            then: observer,
        };
        self.engine.step_observed(frame, action, &mut planting)
    }

    fn save(&self, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        self.engine.save(bytes)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.engine.load(bytes)
    }
}

/// The bytes of an engine's state.
pub fn saved(engine: &dyn Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.save(&mut bytes).expect("saved");
    bytes
}

/// A frame's outcome, and the state it leaves.
pub fn step_once(
    engine: &mut dyn Engine,
    frame: u64,
    action: Action,
) -> Result<(Outcome, Vec<u8>), EngineError> {
    let outcome = outcome_of(engine.step(frame, action)?);
    Ok((outcome, saved(engine)))
}

/// [`step_once`] with a fault.
pub fn step_planted(
    engine: &mut dyn Engine,
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
