//! Builds models: weights and resident buffers once, then each program node by node.

use super::buffer::{Buffer, BufferId, Dtype, Operand, Place, WeightId};
use super::model::{Node, Outputs, Program, Weight, WeightData};
use super::op::Op;
use super::planner::{Lifetime, plan};
use super::split::groups;
use super::{NODES_MAX, OPERANDS_MAX};

/// Collects what all programs of a model share.
#[derive(Debug, Default)]
pub struct ModelBuilder {
    /// Weights so far.
    pub weights: Vec<Weight>,
    /// Resident buffers so far.
    pub residents: Vec<Buffer>,
}

impl ModelBuilder {
    /// Adds a weight, or finds it where a weight of that name was added before.
    pub fn weight(&mut self, name: &str, data: impl FnOnce() -> WeightData) -> Operand {
        let found = self.weights.iter().position(|weight| weight.name == name);
        let id = found.unwrap_or_else(|| {
            self.weights.push(Weight { name: name.to_owned(), data: data() });
            self.weights.len() - 1
        });
        let data = &self.weights[id].data;
        Operand {
            place: Place::Weight(WeightId(id as u32)),
            dtype: data.dtype(),
            offset: 0,
            len: data.len(),
        }
    }

    /// Adds a resident buffer. All must be added before the first program is begun.
    pub fn resident(&mut self, name: &str, dtype: Dtype, len: usize) -> Operand {
        self.residents.push(Buffer { name: name.to_owned(), dtype, len, resident: true });
        whole(self.residents.len() - 1, dtype, len)
    }

    /// Begins a program over the residents added so far.
    pub fn program(&self) -> ProgramBuilder {
        ProgramBuilder { buffers: self.residents.clone(), nodes: Vec::new() }
    }
}

/// Collects one program.
#[derive(Debug)]
pub struct ProgramBuilder {
    buffers: Vec<Buffer>,
    nodes: Vec<Node>,
}

impl ProgramBuilder {
    /// Adds a scratch buffer for several nodes to write parts of.
    pub fn scratch(&mut self, name: &str, dtype: Dtype, len: usize) -> Operand {
        self.buffers.push(Buffer { name: name.to_owned(), dtype, len, resident: false });
        whole(self.buffers.len() - 1, dtype, len)
    }

    /// Adds a node that writes new buffers and returns them, named after the node.
    ///
    /// # Panics
    /// Where an operand does not fit [`Op::signature`]: the builder of a program has a bug.
    pub fn node<const W: usize>(&mut self, name: &str, op: Op, reads: &[Operand]) -> [Operand; W] {
        let outputs = op.signature().writes;
        assert_eq!(outputs.len(), W, "{name}: outputs");
        let writes = std::array::from_fn(|i| {
            let suffix = if i == 0 { String::new() } else { format!("#{i}") };
            self.scratch(&format!("{name}{suffix}"), outputs[i].0, outputs[i].1)
        });
        self.node_into(name, op, reads, &writes);
        writes
    }

    /// Adds a node that writes buffers which exist, each element once: what a node wrote is what
    /// it leaves.
    ///
    /// # Panics
    /// As [`ProgramBuilder::node`].
    pub fn node_into(&mut self, name: &str, op: Op, reads: &[Operand], writes: &[Operand]) {
        let signature = op.signature();
        assert!(self.nodes.len() < NODES_MAX, "{name}: more than {NODES_MAX} nodes");
        assert!(reads.len() <= OPERANDS_MAX && writes.len() <= OPERANDS_MAX, "{name}: operands");
        let lengths = |operands: &[Operand]| operands.iter().map(|o| o.len).collect::<Vec<_>>();
        let expected = |list: &[(Dtype, usize)]| list.iter().map(|o| o.1).collect::<Vec<_>>();
        assert_eq!(lengths(reads), expected(&signature.reads), "{name}: {op:?} reads");
        assert_eq!(lengths(writes), expected(&signature.writes), "{name}: {op:?} writes");
        for (operand, (dtype, _)) in reads.iter().zip(&signature.reads) {
            // A float model keeps float weights where a quantised one has int8.
            let float_weight = matches!(operand.place, Place::Weight(_)) && *dtype == Dtype::I8;
            assert!(operand.dtype == *dtype || float_weight, "{name}: type of a read");
        }
        for (operand, (dtype, _)) in writes.iter().zip(&signature.writes) {
            assert_eq!(operand.dtype, *dtype, "{name}: type of a write");
            assert!(matches!(operand.place, Place::Arena(_)), "{name}: writes a weight");
        }
        let operands: Vec<&Operand> = reads.iter().chain(writes).collect();
        for (i, operand) in operands.iter().enumerate() {
            let apart = |other: &&Operand| !operand.meets(other);
            assert!(operands[..i].iter().all(apart), "{name}: operands of a node share elements");
        }
        let earlier = self.nodes.iter().flat_map(|node| &node.writes);
        let is_new = |write: &Operand| earlier.clone().all(|other| !write.meets(other));
        assert!(writes.iter().all(is_new), "{name}: writes what was written before");
        let (reads, writes) = (reads.to_vec(), writes.to_vec());
        self.nodes.push(Node { name: name.to_owned(), op, reads, writes });
    }

    /// Ends the program: groups its nodes and plans its arena. The nodes of one group may run in
    /// any
    /// order of rows, so what one of them touches is alive for all of it. Outputs stay to the end.
    pub fn finish(self, outputs: Option<Outputs>) -> Program {
        let groups = groups(&self.nodes);
        let end = groups.len();
        let mut lives: Vec<Lifetime> = self
            .buffers
            .iter()
            .map(|buffer| Lifetime { bytes: buffer.bytes(), first: end, last: 0 })
            .collect();
        let mut touch = |operand: &Operand, step: usize| {
            if let Place::Arena(BufferId(id)) = operand.place {
                let life = &mut lives[id as usize];
                (life.first, life.last) = (life.first.min(step), life.last.max(step));
            }
        };
        for (step, group) in groups.iter().enumerate() {
            for node in &self.nodes[group.nodes.clone()] {
                node.reads.iter().chain(&node.writes).for_each(|operand| touch(operand, step));
            }
        }
        for outputs in outputs.iter() {
            touch(&outputs.picture, end);
            touch(&outputs.state_sum, end);
        }
        let residents = self.buffers.iter().take_while(|buffer| buffer.resident).count();
        let layout = plan(&lives, residents);
        Program { buffers: self.buffers, nodes: self.nodes, groups, layout, outputs }
    }
}

fn whole(index: usize, dtype: Dtype, len: usize) -> Operand {
    Operand { place: Place::Arena(BufferId(index as u32)), dtype, offset: 0, len }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_nodes_reuses_its_bytes() {
        let mut program = ModelBuilder::default().program();
        let [mut x] = program.node("start", Op::Buttons { count: 1000 }, &[]);
        for i in 0..20 {
            let op = Op::Permute { shape: [1000, 1, 1, 1, 1, 1], axes: [0, 1, 2, 3, 4, 5] };
            [x] = program.node(&format!("copy{i}"), op, &[x]);
        }
        let program = program.finish(None);
        let apart: usize = program.buffers.iter().map(Buffer::bytes).sum();
        assert_eq!(apart, 21 * 4000);
        assert_eq!(program.layout.bytes, 2 * 4032);
    }

    #[test]
    fn a_weight_asked_for_twice_is_kept_once() {
        let mut model = ModelBuilder::default();
        let first = model.weight("w", || WeightData::F32(vec![1.0; 3]));
        let second = model.weight("w", || unreachable!("made already"));
        assert_eq!(first, second);
    }

    #[test]
    #[should_panic(expected = "reads")]
    fn a_wrong_length_is_a_bug_of_the_builder() {
        let mut program = ModelBuilder::default().program();
        let [x] = program.node("start", Op::Buttons { count: 3 }, &[]);
        let [_] = program.node("silu", Op::Silu { count: 4 }, &[x]);
    }
}
