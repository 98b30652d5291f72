//! exact-1, the arithmetic: the scalar definition that every engine meets bit for bit.

mod activation;
mod exponential;
mod logarithm;
mod normal;
mod philox;
mod rounding;
mod trigonometry;

pub use activation::{gelu_tanh, reciprocal_sqrt, sigmoid, silu};
pub use exponential::exp;
pub use logarithm::ln;
pub use normal::normal_deviates;
pub use philox::philox4x32_10;
pub use rounding::{rint, rint_to_i32};
pub use trigonometry::{sin_cos, sin_cos_turns};
