//! What a frame begins with: noise, buttons, times.

use super::{Launch, Site};
use crate::program::Op;
use bytemuck::{Pod, Zeroable};

/// The struct of that name in sources.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Begin {
    y: u64,
    moment: u64,
    count: u32,
    draw: u32,
    time: f32,
    reserved: u32,
}

impl Site<'_> {
    pub(super) fn begin(&self) -> Launch {
        let (kernel, count, items, draw, time) = match self.node().op {
            Op::Noise { draw, count } => ("noise", count, count.div_ceil(4), draw, 0.0),
            Op::Buttons { count } => ("buttons", count, count, 0, 0.0),
            Op::TimeEmbedding { time, features } => {
                ("time_embedding", features, features / 2, 0, time)
            }
            ref other => panic!("{} begins no frame", other.kind()),
        };
        let (y, moment) = (self.write(0), self.moment());
        let begin = Begin { y, moment, count: count as u32, draw, time, reserved: 0 };
        self.launch_items(kernel, items, &begin)
    }
}
