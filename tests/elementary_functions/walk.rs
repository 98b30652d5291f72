//! Walks over many inputs of one function: the largest error, and the digest of every result.

use crate::functions::Function;
use rayon::prelude::*;

const BLOCK: u64 = 1 << 20;

/// What a walk over many inputs found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub inputs: u64,
    pub measured: u64,
    pub misrounded: u64,
    pub largest_error: f64,
    pub largest_at: u32,
}

impl Found {
    fn see(&mut self, bits: u32, result: f32, reference: Option<f64>) {
        self.inputs += 1;
        let Some(truth) = reference else { return };
        self.measured += 1;
        self.misrounded += u64::from(result != truth as f32);
        let error = error_in_ulp(result, truth);
        if error > self.largest_error {
            (self.largest_error, self.largest_at) = (error, bits);
        }
    }

    fn join(self, other: Self) -> Self {
        let worse = if other.largest_error > self.largest_error { other } else { self };
        Self {
            inputs: self.inputs + other.inputs,
            measured: self.measured + other.measured,
            misrounded: self.misrounded + other.misrounded,
            ..worse
        }
    }
}

/// The distance from the truth in units of the last place of a float32 of the truth's size.
fn error_in_ulp(result: f32, truth: f64) -> f64 {
    let distance = (f64::from(result) - truth).abs();
    if distance == 0.0 {
        return 0.0;
    }
    if distance.is_nan() {
        return f64::INFINITY;
    }
    let exponent = ((truth.to_bits() >> 52) & 0x7ff).cast_signed() - 1023;
    let place = exponent.max(-126) - 23;
    distance / f64::from_bits((place + 1023).cast_unsigned() << 52)
}

/// The bits that go into a digest: all NaNs are one, for the law does not tell them apart.
pub fn digested_bits(value: f32) -> u32 {
    if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() }
}

/// Walks a function over the inputs from `first` to `last` by `stride`, in order.
pub fn walk(function: &Function, first: u64, last: u64, stride: u64) -> (Found, blake3::Hash) {
    let mut found = Found::default();
    let mut hasher = blake3::Hasher::new();
    let mut bytes = Vec::with_capacity(4 << 12);
    for bits in (first..=last).step_by(stride as usize) {
        let x = f32::from_bits(bits as u32);
        let result = (function.evaluate)(x);
        found.see(bits as u32, result, (function.reference)(x));
        bytes.extend_from_slice(&digested_bits(result).to_le_bytes());
        if bytes.len() == 4 << 12 {
            hasher.update(&bytes);
            bytes.clear();
        }
    }
    hasher.update(&bytes);
    (found, hasher.finalize())
}

/// Goes over every input, in blocks of 2^20; the digest is blake3 of the blocks' digests.
pub fn walk_everything(function: &Function) -> (Found, blake3::Hash) {
    let mut total = Found::default();
    let mut hasher = blake3::Hasher::new();
    for span in function.spans {
        let (first, last) = (u64::from(span.first), u64::from(span.last));
        let blocks: Vec<_> = (first / BLOCK..=last / BLOCK)
            .into_par_iter()
            .map(|block| {
                let end = (block * BLOCK + BLOCK - 1).min(last);
                walk(function, (block * BLOCK).max(first), end, 1)
            })
            .collect();
        for (found, digest) in blocks {
            total = total.join(found);
            hasher.update(digest.as_bytes());
        }
    }
    (total, hasher.finalize())
}
