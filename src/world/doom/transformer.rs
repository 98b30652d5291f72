//! The transformer of one pass: conditioning, blocks, output head.

use super::Builder;
use crate::program::{Op, Operand, ProgramBuilder};

/// Added to a variance before its root.
const LAYER_NORM_EPSILON: f32 = 1e-5;
/// Length that queries and keys are brought to.
const HEAD_LENGTH: f32 = 8.0;
/// What a dot of two such is multiplied by.
const LOGIT_SCALE: f32 = 0.125;

/// Keys and values of past frames, of one block.
pub(super) struct Memory {
    pub(super) keys: Operand,
    pub(super) values: Operand,
}

/// One run through the net.
pub(super) struct Pass {
    /// First part of its nodes' names.
    pub(super) name: String,
    /// Its noise level.
    pub(super) time: f32,
    /// Where the sums of what it remembers go.
    pub(super) sums: Option<Operand>,
    /// Does it leave its keys and values behind?
    pub(super) remember: bool,
}

impl Pass {
    /// A pass that only fills the memory: it remembers, and nobody sums what it leaves.
    fn is_prompt(&self) -> bool {
        self.remember && self.sums.is_none()
    }
}

/// Shift, scale and gate rows of one branch of a block.
#[derive(Clone, Copy)]
struct Branch {
    shift: Operand,
    scale: Operand,
    gate: Operand,
}

impl Builder<'_> {
    /// The action's part of the conditioning, the same for every pass of a frame.
    pub(super) fn action(&mut self, program: &mut ProgramBuilder) -> Operand {
        let count = self.world.manifest.actions.len();
        let [buttons] = program.node("action", Op::Buttons { count }, &[]);
        let hidden = self.linear(program, "action.0", "dit.ae.0", buttons, 1);
        let op = Op::Silu { count: hidden.len };
        let [hidden] = program.node("action.silu", op, &[hidden]);
        self.linear(program, "action.2", "dit.ae.2", hidden, 1)
    }

    /// All blocks of one pass. Returns the hidden rows and the head's modulation. A prompt pass
    /// ends where its last keys and values are known.
    pub(super) fn blocks(
        &mut self,
        program: &mut ProgramBuilder,
        pass: &Pass,
        latent: Operand,
        action: Operand,
    ) -> (Operand, Operand) {
        let condition = self.condition(program, pass, action);
        let modulation =
            self.linear(program, &format!("{}.modulation", pass.name), "dit.ada.1", condition, 1);
        let rows: Vec<Operand> = (0..self.shape.blocks)
            .map(|block| self.block_modulation(program, pass, block, modulation))
            .collect();
        let mut kept = Vec::with_capacity(rows.len());
        let mut h = self.patches(program, pass, latent);
        for (block, &rows) in rows.iter().enumerate() {
            h = self.block(program, pass, block, h, rows, &mut kept);
        }
        if pass.remember {
            for (block, pair) in kept.into_iter().enumerate() {
                self.remember(program, pass, block, pair);
            }
        }
        (h, condition)
    }

    /// `silu(time + action)`: time features through their own two layers, plus the action's.
    fn condition(&mut self, program: &mut ProgramBuilder, pass: &Pass, action: Operand) -> Operand {
        let (name, width) = (&pass.name, self.shape.width);
        let op = Op::TimeEmbedding { time: pass.time, features: self.shape.time_features };
        let [features] = program.node(&format!("{name}.time"), op, &[]);
        let hidden = self.linear(program, &format!("{name}.time.0"), "dit.te.0", features, 1);
        let op = Op::Silu { count: width };
        let [hidden] = program.node(&format!("{name}.time.silu"), op, &[hidden]);
        let time = self.linear(program, &format!("{name}.time.2"), "dit.te.2", hidden, 1);
        let op = Op::Add { count: width };
        let [sum] = program.node(&format!("{name}.condition"), op, &[time, action]);
        let op = Op::Silu { count: width };
        let [condition] = program.node(&format!("{name}.condition.silu"), op, &[sum]);
        condition
    }

    /// Latent to token rows: patches through the input layer, plus the positions.
    fn patches(&mut self, program: &mut ProgramBuilder, pass: &Pass, latent: Operand) -> Operand {
        let (name, shape) = (&pass.name, self.shape);
        let (rows, columns) = (shape.latent_height / shape.patch, shape.latent_width / shape.patch);
        let op = Op::Permute {
            shape: [shape.latent_channels, rows, shape.patch, columns, shape.patch, 1],
            axes: [1, 3, 0, 2, 4, 5],
        };
        let [patches] = program.node(&format!("{name}.patches"), op, &[latent]);
        let x = self.linear(program, &format!("{name}.input"), "dit.inp", patches, shape.tokens());
        let position = self.weight("dit.pos");
        let op = Op::Add { count: x.len };
        let [h] = program.node(&format!("{name}.positioned"), op, &[x, position]);
        h
    }

    /// Shift, scale and gate rows of one block. All blocks' are made before the first block begins,
    /// so that nothing interrupts the walk over its rows.
    fn block_modulation(
        &mut self,
        program: &mut ProgramBuilder,
        pass: &Pass,
        block: usize,
        modulation: Operand,
    ) -> Operand {
        let table = self.weight(&format!("dit.bl.{block}.tab"));
        let op = Op::Add { count: 9 * self.shape.width };
        let name = format!("{}.block{block}.modulation", pass.name);
        let [rows] = program.node(&name, op, &[modulation, table]);
        rows
    }

    /// One block; its keys and values over time join `kept`.
    fn block(
        &mut self,
        program: &mut ProgramBuilder,
        pass: &Pass,
        block: usize,
        h: Operand,
        rows: Operand,
        kept: &mut Vec<[Operand; 2]>,
    ) -> Operand {
        let (name, weights) = (format!("{}.block{block}", pass.name), format!("dit.bl.{block}"));
        let width = self.shape.width;
        let row = |i: usize| rows.part(i * width, width);
        let branch = |i: usize| Branch { shift: row(i), scale: row(i + 1), gate: row(i + 2) };
        let h = self.space(program, &format!("{name}.space"), &weights, branch(0), h);
        let Some(h) = self.time(program, pass, block, branch(3), h, kept) else { return h };
        self.mlp(program, &format!("{name}.mlp"), &weights, branch(6), h)
    }

    /// Norm and modulation before a branch.
    fn enter(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        h: Operand,
        shift: Operand,
        scale: Operand,
    ) -> Operand {
        let (rows, columns) = (self.shape.tokens(), self.shape.width);
        let op = Op::LayerNorm { rows, columns, epsilon: LAYER_NORM_EPSILON };
        let [x] = program.node(&format!("{name}.norm"), op, &[h]);
        let op = Op::Modulate { rows, columns };
        let [x] = program.node(&format!("{name}.modulated"), op, &[x, shift, scale]);
        x
    }

    /// Queries, keys and values of a branch.
    fn heads(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        weights: &str,
        branch: Branch,
        h: Operand,
    ) -> [Operand; 3] {
        let x = self.enter(program, name, h, branch.shift, branch.scale);
        let qkv = self.linear(program, &format!("{name}.qkv"), weights, x, self.shape.tokens());
        let op = Op::SplitHeads {
            rows: self.shape.tokens(),
            heads: self.shape.heads,
            head_width: self.shape.head_width(),
            length: HEAD_LENGTH,
        };
        program.node(&format!("{name}.heads"), op, &[qkv])
    }

    /// Output layer of a branch and its gated way back into the hidden rows.
    fn leave(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        weights: &str,
        gate: Operand,
        [h, x]: [Operand; 2],
    ) -> Operand {
        let (rows, columns) = (self.shape.tokens(), self.shape.width);
        let y = self.linear(program, &format!("{name}.output"), weights, x, rows);
        let op = Op::GatedAdd { rows, columns };
        let [h] = program.node(&format!("{name}.added"), op, &[h, y, gate]);
        h
    }

    /// Attention over the tokens of this frame.
    fn space(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        weights: &str,
        branch: Branch,
        h: Operand,
    ) -> Operand {
        let heads = self.heads(program, name, &format!("{weights}.sa.qkv"), branch, h);
        let op = Op::Attention {
            tokens: self.shape.tokens(),
            heads: self.shape.heads,
            head_width: self.shape.head_width(),
            scale: LOGIT_SCALE,
        };
        let [x] = program.node(&format!("{name}.attention"), op, &heads);
        self.leave(program, name, &format!("{weights}.sa.o"), branch.gate, [h, x])
    }

    /// Attention over time. `None` where a prompt pass ends: its last keys and values are known.
    fn time(
        &mut self,
        program: &mut ProgramBuilder,
        pass: &Pass,
        block: usize,
        branch: Branch,
        h: Operand,
        kept: &mut Vec<[Operand; 2]>,
    ) -> Option<Operand> {
        let (name, weights) =
            (format!("{}.block{block}.time", pass.name), format!("dit.bl.{block}.ta"));
        let [q, k, v] = self.heads(program, &name, &format!("{weights}.qkv"), branch, h);
        kept.push([k, v]);
        if pass.is_prompt() && block + 1 == self.shape.blocks {
            return None;
        }
        let op = Op::TemporalAttention {
            tokens: self.shape.tokens(),
            heads: self.shape.heads,
            head_width: self.shape.head_width(),
            window: self.shape.window,
            scale: LOGIT_SCALE,
        };
        let bias = self.weight(&format!("{weights}.b"));
        let Memory { keys, values } = self.memory[block];
        let [x] = program.node(&format!("{name}.attention"), op, &[q, k, v, keys, values, bias]);
        Some(self.leave(program, &name, &format!("{weights}.o"), branch.gate, [h, x]))
    }

    /// This frame's keys and values go to the ring, after every op that reads it; their sums to
    /// the state's parts. Indices of the
    /// state sum: the latent, then keys and values of block 0, of block 1, ....
    fn remember(
        &mut self,
        program: &mut ProgramBuilder,
        pass: &Pass,
        block: usize,
        [k, v]: [Operand; 2],
    ) {
        let name = format!("{}.block{block}.time", pass.name);
        let (count, window) = (k.len, self.shape.window);
        let Memory { keys, values } = self.memory[block];
        let parts = [("keys", k, keys, 2 * block), ("values", v, values, 2 * block + 1)];
        for (part, x, past, index) in parts {
            let op = Op::Remember { count, window };
            program.node_into(&format!("{name}.remember.{part}"), op, &[x], &[past]);
            if let Some(sums) = pass.sums {
                let first_index = (self.shape.latent_len() + index * count) as u32;
                let op = Op::BitSum { count, first_index };
                let into = [sums.part(1 + index, 1)];
                program.node_into(&format!("{name}.sum.{part}"), op, &[x], &into);
            }
        }
    }

    fn mlp(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        weights: &str,
        branch: Branch,
        h: Operand,
    ) -> Operand {
        let x = self.enter(program, name, h, branch.shift, branch.scale);
        let hidden = self.linear(
            program,
            &format!("{name}.hidden"),
            &format!("{weights}.m1.0"),
            x,
            self.shape.tokens(),
        );
        let op = Op::Gelu { count: hidden.len };
        let [x] = program.node(&format!("{name}.gelu"), op, &[hidden]);
        self.leave(program, name, &format!("{weights}.m1.2"), branch.gate, [h, x])
    }

    /// Hidden rows to the velocity of the latent.
    pub(super) fn head(
        &mut self,
        program: &mut ProgramBuilder,
        pass: &Pass,
        h: Operand,
        condition: Operand,
    ) -> Operand {
        let (name, shape) = (format!("{}.head", pass.name), self.shape);
        let width = shape.width;
        let rows = self.linear(program, &format!("{name}.modulation"), "dit.mo", condition, 1);
        let x = self.enter(program, &name, h, rows.part(0, width), rows.part(width, width));
        let patches = self.linear(program, &format!("{name}.output"), "dit.out", x, shape.tokens());
        let (height, columns) =
            (shape.latent_height / shape.patch, shape.latent_width / shape.patch);
        let op = Op::Permute {
            shape: [height, columns, shape.latent_channels, shape.patch, shape.patch, 1],
            axes: [2, 0, 3, 1, 4, 5],
        };
        let [velocity] = program.node(&format!("{}.velocity", pass.name), op, &[patches]);
        velocity
    }
}
