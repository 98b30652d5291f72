//! Runs one op in a program of its own: operands are planted by an observer, outputs taken by it.

use super::table::Row;
use super::value::{Moment, Value};
use crate::engine::{Engine, EngineError, Observer};
use crate::event::Action;
use crate::program::{BufferId, Dtype, Model, ModelBuilder, Node, Op, Operand};
use crate::program::{Outputs, Place, Precision, ProgramBuilder, WeightData};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the node under test.
pub const TESTED: &str = "tested";

/// A model of one op, the cheapest that an engine can be made for: to ask what it says of itself.
pub fn smallest_model() -> Arc<Model> {
    let at = Moment { seed: 0, frame: 0, action: Action::NONE, remembered: 0 };
    let row = Row { op: Op::Silu { count: 1 }, remembered: 0 };
    Case::new(&row, &[Value::F32(vec![0.0])], &at, 0).model
}

/// A model around one op, and what its operands are to be.
pub struct Case {
    model: Arc<Model>,
    /// By node: the bytes that it is made to have written.
    planted: BTreeMap<usize, Vec<u8>>,
    /// What the engine loads before the frame: the seed, the frames remembered, the rings.
    state: Vec<u8>,
}

struct Laboratory<'a> {
    case: &'a Case,
    outputs: Vec<Vec<u8>>,
}

impl Observer for Laboratory<'_> {
    fn after(&mut self, index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if let Some(bytes) = self.case.planted.get(&index) {
            writes[0].copy_from_slice(bytes);
        }
        if node.name == TESTED {
            self.outputs = writes.iter().map(|bytes| bytes.to_vec()).collect();
        }
    }
}

/// Operand number `i` of `op` is a weight in every world.
fn is_weight(op: &Op, i: usize) -> bool {
    match op {
        Op::Linear { .. } | Op::Convolution { .. } => i >= 2,
        Op::PixelNorm { .. } => i == 1,
        Op::ScaleShift { .. } => i >= 1,
        Op::TemporalAttention { .. } => i == 5,
        _ => false,
    }
}

/// Operand number `i` of `op` is the contents of a ring.
fn is_ring(op: &Op, i: usize) -> bool {
    match op {
        Op::Remember { .. } => i == 1,
        Op::TemporalAttention { .. } => i == 3 || i == 4,
        _ => false,
    }
}

impl Case {
    /// Builds the program. Operands begin `pad` elements into their buffers.
    ///
    /// # Panics
    /// Where `reads` are not the operands of the row: a bug of the caller.
    pub fn new(row: &Row, reads: &[Value], at: &Moment, pad: usize) -> Case {
        let mut model = ModelBuilder::default();
        let prompt_latent = model.resident("prompt.latent", Dtype::F32, 1);
        let longest = reads.iter().map(|value| value.shape().1).max().unwrap_or(0);
        let zeros = vec![0.0; longest.max(3)];
        let zeros = model.weight("zeros", || WeightData::F32(zeros));
        let mut state: Vec<u8> =
            [at.seed, at.remembered].iter().flat_map(|word| word.to_le_bytes()).collect();
        let (mut operands, mut memory) = (Vec::new(), Vec::new());
        for (i, value) in reads.iter().enumerate() {
            if is_ring(&row.op, i) {
                let (count, window) = row.ring().expect("an op with a ring");
                let ring = model.resident(&format!("ring.{i}"), Dtype::F32, count * window);
                state.extend(value.bytes());
                memory.push(buffer(&ring));
                operands.push(ring);
            } else if is_weight(&row.op, i) {
                // The int8 weight of a product is a whole one in every world: engines pack it once.
                let pad = if value.shape().0 == Dtype::I8 { 0 } else { pad };
                let whole = model.weight(&format!("weight.{i}"), || padded(value, pad));
                operands.push(whole.part(pad, whole.len - pad));
            } else {
                operands.push(zeros);
            }
        }
        let (mut program, mut planted) = (model.program(), BTreeMap::new());
        let mut nodes = 0;
        for (i, value) in reads.iter().enumerate() {
            if !is_ring(&row.op, i) && !is_weight(&row.op, i) {
                let feed = Feed { value, pad, zeros };
                operands[i] = feed.add(&mut program, i, &mut nodes, &mut planted);
            }
        }
        let outputs = add_tested(&mut program, &row.op, operands, pad, zeros);
        let model = Model {
            precision: Precision::Quantised,
            weights: model.weights.clone(),
            residents: model.residents.clone(),
            memory,
            window: row.ring().map_or(1, |(_, window)| window),
            prompt_latent: buffer(&prompt_latent),
            given_noise: None,
            prompt: model.program().finish(None),
            frame: program.finish(Some(outputs)),
        };
        Case { model: Arc::new(model), planted, state }
    }

    /// What an engine is made for.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The bytes that the op writes.
    ///
    /// # Errors
    /// Where the engine stops.
    pub fn run(&self, engine: &mut dyn Engine, at: &Moment) -> Result<Vec<Vec<u8>>, EngineError> {
        engine.load(&self.state)?;
        let mut laboratory = Laboratory { case: self, outputs: Vec::new() };
        engine.step_observed(at.frame, at.action, &mut laboratory)?;
        Ok(laboratory.outputs)
    }

    /// [`Case::run`] with another value of the op's only operand, which is as long as the first.
    ///
    /// # Errors
    /// As [`Case::run`].
    pub fn run_with(
        &mut self,
        engine: &mut dyn Engine,
        at: &Moment,
        read: &Value,
    ) -> Result<Vec<Vec<u8>>, EngineError> {
        self.planted = BTreeMap::from([(0, read.bytes())]);
        self.run(engine, at)
    }
}

/// One operand that earlier nodes are made to have written.
struct Feed<'a> {
    value: &'a Value,
    pad: usize,
    zeros: Operand,
}

impl Feed<'_> {
    fn add(
        &self,
        program: &mut ProgramBuilder,
        i: usize,
        nodes: &mut usize,
        planted: &mut BTreeMap<usize, Vec<u8>>,
    ) -> Operand {
        let (dtype, count) = self.value.shape();
        let whole = program.scratch(&format!("read.{i}"), dtype, self.pad + count);
        let operand = whole.part(self.pad, count);
        let name = format!("feed.{i}");
        let zeros = [self.zeros.part(0, count)];
        let bytes = self.value.bytes();
        match dtype {
            Dtype::F32 => {
                let op = Op::Permute { shape: [1, 1, 1, 1, 1, count], axes: [0, 1, 2, 3, 4, 5] };
                program.node_into(&name, op, &zeros, &[operand]);
            }
            Dtype::I8 => {
                let op = Op::Quantise { rows: 1, columns: count };
                let scale = program.scratch(&format!("{name}.scale"), Dtype::F32, 1);
                program.node_into(&name, op, &zeros, &[operand, scale]);
            }
            Dtype::U64 => {
                for (part, word) in bytes.chunks(8).enumerate() {
                    let op = Op::BitSum { count: 1, first_index: 0 };
                    let zero = [self.zeros.part(0, 1)];
                    let into = [operand.part(part, 1)];
                    program.node_into(&format!("{name}.{part}"), op, &zero, &into);
                    planted.insert(*nodes, word.to_vec());
                    *nodes += 1;
                }
                return operand;
            }
            Dtype::U8 => unreachable!("no op reads colours"),
        }
        planted.insert(*nodes, bytes);
        *nodes += 1;
        operand
    }
}

/// The node under test, then a picture and a sum, which every frame must have.
fn add_tested(
    program: &mut ProgramBuilder,
    op: &Op,
    mut operands: Vec<Operand>,
    pad: usize,
    zeros: Operand,
) -> Outputs {
    let writes: Vec<Operand> = match op {
        Op::Remember { .. } => vec![operands.remove(1)],
        _ => {
            let writes = op.signature().writes.into_iter().enumerate();
            let scratch = writes.map(|(i, (dtype, count))| {
                let whole = program.scratch(&format!("write.{i}"), dtype, pad + count);
                whole.part(pad, count)
            });
            scratch.collect()
        }
    };
    program.node_into(TESTED, op.clone(), &operands, &writes);
    let op = Op::ToPicture { count: 3 };
    let [picture] = program.node("picture", op, &[zeros.part(0, 3)]);
    let op = Op::BitSum { count: 1, first_index: 0 };
    let [state_sum] = program.node("sum", op, &[zeros.part(0, 1)]);
    Outputs { picture, state_sum }
}

fn buffer(operand: &Operand) -> BufferId {
    match operand.place {
        Place::Arena(id) => id,
        Place::Weight(id) => panic!("weight {id:?} is no buffer"),
    }
}

/// A weight whose first `pad` elements belong to something else.
fn padded(value: &Value, pad: usize) -> WeightData {
    match value {
        Value::F32(values) => WeightData::F32([&vec![1e9; pad][..], values].concat()),
        Value::I8(values) => WeightData::I8([&vec![99; pad][..], values].concat()),
        other => panic!("{other:?} is no weight"),
    }
}
