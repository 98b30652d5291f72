//! Values that change their place or become colours.

use super::{Launch, Site};
use crate::program::RANK;
use bytemuck::{Pod, Zeroable};

/// The struct of that name in places.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Permute {
    x: u64,
    y: u64,
    sizes: [u32; RANK],
    strides: [u32; RANK],
    count: u32,
    reserved: u32,
}

/// The struct of that name in places.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Picture {
    x: u64,
    y: u64,
    first_refused: u64,
    count: u32,
    node: u32,
}

impl Site<'_> {
    /// Axis `i` of the output is axis `axes[i]` of the input.
    pub(super) fn permute(&self, shape: [usize; RANK], axes: [usize; RANK]) -> Launch {
        let stride = |axis: usize| shape[axis + 1..].iter().product::<usize>() as u32;
        let count = shape.iter().product();
        let permute = Permute {
            x: self.read(0),
            y: self.write(0),
            sizes: axes.map(|axis| shape[axis] as u32),
            strides: axes.map(stride),
            count: count as u32,
            reserved: 0,
        };
        self.launch_items("permute", count, &permute)
    }

    pub(super) fn colours(&self, count: usize) -> Launch {
        let picture = Picture {
            x: self.read(0),
            y: self.write(0),
            first_refused: self.refused(),
            count: count as u32,
            node: self.index as u32,
        };
        self.launch_items("to_picture", count, &picture)
    }
}
