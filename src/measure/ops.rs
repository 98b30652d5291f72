//! How long each op takes: an observer that reads the clock after every one.

use super::samples::Samples;
use super::stopwatch::Stopwatch;
use crate::engine::Observer;
use crate::program::{Node, Program};

/// Times the ops of one program, frame after frame.
#[derive(Debug)]
pub struct OpTimer {
    watch: Stopwatch,
    last_ns: u64,
    ops: Vec<Samples>,
}

impl OpTimer {
    /// A timer with room for `frames` frames of `program`.
    pub fn new(watch: Stopwatch, program: &Program, frames: usize) -> OpTimer {
        let ops = program.nodes.iter().map(|_| Samples::with_room(frames)).collect();
        OpTimer { watch, last_ns: 0, ops }
    }

    /// A frame begins now: its first op is timed from here.
    pub fn begin(&mut self) {
        self.last_ns = self.watch.now_ns();
    }

    /// Samples of each op, in the program's order.
    pub fn ops(&self) -> &[Samples] {
        &self.ops
    }
}

impl Observer for OpTimer {
    fn after(&mut self, index: usize, _: &Node, _: &mut [&mut [u8]]) {
        let now_ns = self.watch.now_ns();
        self.ops[index].add(now_ns - self.last_ns);
        self.last_ns = now_ns;
    }
}
