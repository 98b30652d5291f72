//! Attention over tokens and over time, and the ring that remembers keys and values.

use super::{Launch, Site};
use crate::program::Op;
use bytemuck::{Pod, Zeroable};

/// Queries of a block: a warp each.
const WARPS: usize = 2;

/// Threads of a block.
const THREADS: u32 = 32 * WARPS as u32;

/// The struct of that name in attention.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Attention {
    query: u64,
    key: u64,
    value: u64,
    past_key: u64,
    past_value: u64,
    bias: u64,
    y: u64,
    moment: u64,
    tokens: u32,
    heads: u32,
    head_width: u32,
    window: u32,
    scale: f32,
    reserved: u32,
}

/// The struct of that name in attention.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Remember {
    x: u64,
    past: u64,
    moment: u64,
    count: u32,
    reserved: u32,
}

impl Site<'_> {
    pub(super) fn attention(&self) -> Launch {
        let (kernel, [tokens, heads, head_width], window, scale) = match self.node().op {
            Op::Attention { tokens, heads, head_width, scale } => {
                ("attention_space", [tokens, heads, head_width], 0, scale)
            }
            Op::TemporalAttention { tokens, heads, head_width, window, scale } => {
                ("attention_time", [tokens, heads, head_width], window, scale)
            }
            ref other => panic!("{} is no attention", other.kind()),
        };
        let past = |i| if window > 0 { self.read(i) } else { 0 };
        let attention = Attention {
            query: self.read(0),
            key: self.read(1),
            value: self.read(2),
            past_key: past(3),
            past_value: past(4),
            bias: past(5),
            y: self.write(0),
            moment: self.moment(),
            tokens: tokens as u32,
            heads: heads as u32,
            head_width: head_width as u32,
            window: window as u32,
            scale,
            reserved: 0,
        };
        let blocks = (tokens * heads).div_ceil(WARPS) as u64;
        self.launch(kernel, blocks, THREADS, &attention)
    }

    pub(super) fn remember(&self, count: usize) -> Launch {
        let remember = Remember {
            x: self.read(0),
            past: self.write(0),
            moment: self.moment(),
            count: count as u32,
            reserved: 0,
        };
        self.launch_items("remember", count, &remember)
    }
}
