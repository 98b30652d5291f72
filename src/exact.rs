//! exact-1, the arithmetic: the scalar definition that every engine meets bit for bit.

/// The name of this arithmetic, as tapes and worlds carry it. Changing any bit means a new name.
pub const ARITHMETIC: &str = "exact-1";

mod activation;
mod attention;
mod exponential;
mod logarithm;
mod norm;
mod normal;
mod philox;
mod picture;
mod quantise;
mod rounding;
mod sampler;
mod state;
mod sum;
mod trigonometry;

pub use activation::{gelu_tanh, reciprocal_sqrt, sigmoid, silu};
pub use attention::{KEYS_MAX, attend, chain, logit, softmax};
pub use exponential::exp;
pub use logarithm::ln;
pub use norm::{layer_norm, modulate, pixel_norm, to_length};
pub use normal::normal_deviates;
pub use philox::philox4x32_10;
pub use picture::to_u8;
pub use quantise::{
    AMAX_MIN, NotFinite, PRODUCTS_MAX, QUANTISED_MAX, amax_bits, dequantise, dot, quantise,
    quantise_one, scale_of,
};
pub use rounding::{rint, rint_to_i32};
pub use sampler::{euler, mix_noise, time_embedding};
pub use state::{bit_sum, mix};
pub use sum::{LANES, sum};
pub use trigonometry::{sin_cos, sin_cos_turns};
