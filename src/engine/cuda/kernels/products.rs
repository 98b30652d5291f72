//! Linear layers and convolutions: one struct, a kernel for each lane and height of tile.

use super::{Launch, Site, THREADS};
use crate::engine::cuda::settings::Lane;
use crate::program::Op;
use bytemuck::{Pod, Zeroable};

/// Outputs of a tile.
const TILE_OUTPUTS: usize = 8;

/// Inputs that a thread takes at once where they lie side by side.
const WIDE: usize = 16;

/// The struct of that name in products.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Product {
    q: u64,
    row_scale: u64,
    weight: u64,
    weight_scale: u64,
    bias: u64,
    y: u64,
    rows: u32,
    inputs: u32,
    outputs: u32,
    height: u32,
    width: u32,
    channels: u32,
    kernel: u32,
    is_wide: u32,
    has_row_scales: u32,
    reserved: u32,
}

/// A product as a picture of pixels of channels; a linear layer is a picture of one line.
struct Picture {
    height: usize,
    width: usize,
    channels: usize,
    outputs: usize,
    kernel: usize,
    has_row_scales: bool,
}

impl Picture {
    fn of(op: &Op) -> Picture {
        match *op {
            Op::Linear { rows, inputs, outputs } => Picture {
                height: 1,
                width: rows,
                channels: inputs,
                outputs,
                kernel: 1,
                has_row_scales: true,
            },
            Op::Convolution { height, width, inputs, outputs, kernel } => {
                let (channels, has_row_scales) = (inputs, false);
                Picture { height, width, channels, outputs, kernel, has_row_scales }
            }
            ref other => panic!("{} is no product", other.kind()),
        }
    }
}

impl Site<'_> {
    pub(super) fn product(&self) -> Launch {
        let picture = Picture::of(&self.node().op);
        let (rows, outputs) = (picture.height * picture.width, picture.outputs);
        let (q, weight) = (self.read(0), self.read(2));
        let is_aligned = (q | weight).is_multiple_of(WIDE as u64);
        let product = Product {
            q,
            row_scale: self.read(1),
            weight,
            weight_scale: self.read(3),
            bias: self.read(4),
            y: self.write(0),
            rows: rows as u32,
            inputs: (picture.kernel * picture.kernel * picture.channels) as u32,
            outputs: outputs as u32,
            height: picture.height as u32,
            width: picture.width as u32,
            channels: picture.channels as u32,
            kernel: picture.kernel as u32,
            is_wide: u32::from(is_aligned && picture.channels.is_multiple_of(WIDE)),
            has_row_scales: u32::from(picture.has_row_scales),
            reserved: 0,
        };
        let (kernel, height) = match (self.planner.settings.lane, rows <= 16) {
            (Lane::Mma, true) => ("product_mma_16", 16),
            (Lane::Mma, false) => ("product_mma_48", 48),
            (Lane::Half, true) => ("product_f16_16", 16),
            (Lane::Half, false) => ("product_f16_48", 48),
            (Lane::Dp4a, _) => return self.launch_items("product_dp4a", rows * outputs, &product),
        };
        let tiles = rows.div_ceil(height) * outputs.div_ceil(TILE_OUTPUTS);
        self.launch(kernel, tiles as u64, THREADS, &product)
    }
}
