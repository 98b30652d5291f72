//! Normal deviates of exact-1: the noise of a frame as a pure function of seed and position.

use super::logarithm::ln;
use super::philox::philox4x32_10;
use super::trigonometry::sin_cos_turns;

/// 2^-24, 0x1p-24: one step of a 24-bit uniform number.
const STEP: f32 = f32::from_bits(0x3380_0000);
/// 2^-25, 0x1p-25: half a step, which keeps the logarithm's argument above zero.
const HALF_STEP: f32 = f32::from_bits(0x3300_0000);

/// Four standard normal deviates, a pure function of the seed and the position.
///
/// Element e of a noise tensor is deviate e % 4 of `index_of_four` e / 4. `draw` numbers the noise
/// tensors of one frame. Philox4x32-10 gives the words, Box-Muller turns each pair of words into a
/// pair of deviates. No deviate is beyond +-5.8871.
#[inline(always)]
pub fn normal_deviates(seed: u64, draw: u32, frame: u64, index_of_four: u32) -> [f32; 4] {
    let key = [seed as u32, (seed >> 32) as u32];
    let counter = [index_of_four, draw, frame as u32, (frame >> 32) as u32];
    let [x0, x1, x2, x3] = philox4x32_10(counter, key);
    let [first, second] = normal_pair(x0, x1);
    let [third, fourth] = normal_pair(x2, x3);
    [first, second, third, fourth]
}

/// Box-Muller: the first word gives the radius, the second the angle.
#[inline(always)]
fn normal_pair(radius_word: u32, angle_word: u32) -> [f32; 2] {
    let uniform = upper_24_bits(radius_word).mul_add(STEP, HALF_STEP);
    let radius = (-2.0 * ln(uniform)).sqrt();
    let (sine, cosine) = sin_cos_turns(upper_24_bits(angle_word) * STEP);
    [radius * cosine, radius * sine]
}

/// The upper 24 bits of a word as a float, exactly.
#[inline(always)]
fn upper_24_bits(word: u32) -> f32 {
    (word >> 8).cast_signed() as f32
}
