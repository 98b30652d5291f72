//! What each op does to a run of rows, on one thread, with one instruction set.

mod attention;
mod elements;
mod products;
mod rows;

pub(super) use attention::{attention, split_heads, temporal_attention};
pub(super) use elements::{add, euler, gelu, mix_noise, noise, permute, silu, to_picture};
pub(super) use products::{ConvolutionShape, convolution, linear, offset_pixels};
pub(super) use rows::{
    amax, bit_sum, gated_add, layer_norm, modulate, pixel_norm, quantise_rows, quantise_with,
    scale_shift,
};
