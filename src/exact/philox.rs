//! Philox4x32-10, the counter-based generator behind every random number of a session.

const MULTIPLIER_FIRST: u32 = 0xd251_1f53;
const MULTIPLIER_SECOND: u32 = 0xcd9e_8d57;
/// 2^32 divided by the golden ratio.
const WEYL_FIRST: u32 = 0x9e37_79b9;
/// 2^32*(sqrt(3) - 1).
const WEYL_SECOND: u32 = 0xbb67_ae85;
const ROUNDS: usize = 10;

/// Philox4x32 with 10 rounds (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3",
/// 2011): four independent uniform words for each counter and key.
#[inline(always)]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut x0, mut x1, mut x2, mut x3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        let first = u64::from(MULTIPLIER_FIRST) * u64::from(x0);
        let second = u64::from(MULTIPLIER_SECOND) * u64::from(x2);
        (x0, x2) = (high(second) ^ x1 ^ k0, high(first) ^ x3 ^ k1);
        (x1, x3) = (low(second), low(first));
        k0 = k0.wrapping_add(WEYL_FIRST);
        k1 = k1.wrapping_add(WEYL_SECOND);
    }
    [x0, x1, x2, x3]
}

#[inline(always)]
fn high(product: u64) -> u32 {
    (product >> 32) as u32
}

#[inline(always)]
fn low(product: u64) -> u32 {
    product as u32
}
