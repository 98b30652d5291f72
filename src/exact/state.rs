//! The state sum: 64 bits that change when any bit of what a frame leaves behind changes.

/// Mixes one element's place and bits; the sum of these is wrapping, so any order gives it.
///
/// 1. `z = index*2^32 + bits`  2. `z ^= z >> 32`  3. `z *= 0x9E3779B97F4A7C15`  4. `z ^= z >> 29`
/// 5. `z *= 0xBF58476D1CE4E5B9`  6. `z ^= z >> 32`; all modulo 2^64. Each step can be undone, so two
/// different (index, bits) never mix to one value. Multipliers: SplitMix64 (Steele, Lea, Flood 2014).
#[inline(always)]
pub fn mix(index: u32, bits: u32) -> u64 {
    let mut z = u64::from(index) << 32 | u64::from(bits);
    z ^= z >> 32;
    z = z.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z ^= z >> 29;
    z = z.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^ z >> 32
}

/// Wrapping sum of [`mix`] over `values`, the first of which has index `first_index`.
#[inline(always)]
pub fn bit_sum(first_index: u32, values: &[f32]) -> u64 {
    values.iter().enumerate().fold(0, |total, (i, x)| {
        total.wrapping_add(mix(first_index.wrapping_add(i as u32), x.to_bits()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_one_place_and_a_swap_all_show() {
        let sum = bit_sum(0, &[1.0, 2.0]);
        assert_ne!(sum, bit_sum(0, &[f32::from_bits(1.0f32.to_bits() ^ 1), 2.0]));
        assert_ne!(sum, bit_sum(1, &[1.0, 2.0]));
        assert_ne!(sum, bit_sum(0, &[2.0, 1.0]));
        assert_ne!(bit_sum(0, &[0.0]), bit_sum(0, &[-0.0]));
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let values = [0.5, -3.0, 7.25, 1e-40];
        let parts = bit_sum(9, &values[..1]).wrapping_add(bit_sum(10, &values[1..]));
        assert_eq!(parts, bit_sum(9, &values));
    }
}
