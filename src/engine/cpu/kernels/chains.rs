//! Attention on vector registers: many chains side by side, each in the order of its definition.

use super::super::simd::kernel;
use crate::exact::{self, KEYS_MAX};

/// Columns of one register.
pub(crate) const LANES: usize = 16;

/// Rows whose chains run side by side: enough to hide the latency of a fused multiply-add.
const ROWS: usize = 6;

/// `chain over n of a(row, n) * b[n][lane]` for [`ROWS`] rows and the 16 lanes from `b[0]` on; `b`
/// has `stride` elements a row. Every chain starts from +0.0 and goes in the order of `n`.
#[inline(always)]
fn chains(
    count: usize,
    a: impl Fn(usize, usize) -> f32,
    b: &[f32],
    stride: usize,
) -> [[f32; LANES]; ROWS] {
    let mut sums = [[0.0f32; LANES]; ROWS];
    for n in 0..count {
        let b: &[f32; LANES] = b[n * stride..].first_chunk().expect("a whole register");
        for (row, sums) in sums.iter_mut().enumerate() {
            let a = a(row, n);
            for lane in 0..LANES {
                sums[lane] = a.mul_add(b[lane], sums[lane]);
            }
        }
    }
    sums
}

kernel! {
    /// Turns one head's keys so that a register holds one element of 16 keys: `turned` is
    /// `[head_width][tokens filled up to 16]`. `k` begins at the head's first element.
    pub(crate) fn turn_keys(k: &[f32], width: usize, head_width: usize, turned: &mut [f32]) {
        let tokens = k.len().div_ceil(width);
        let stride = turned.len() / head_width;
        for token in 0..tokens {
            let row = &k[token * width..token * width + head_width];
            for (d, &x) in row.iter().enumerate() {
                turned[d * stride + token] = x;
            }
        }
        for row in turned.chunks_exact_mut(stride) {
            row[tokens..].fill(0.0);
        }
    }
}

kernel! {
    /// `exact::attend` with bias +0.0 of some tokens' queries over all keys, which `turned` holds
    /// head by head as [`turn_keys`] leaves them. `head_width` is a multiple of 16.
    pub(crate) fn attention_turned(
        q: &[f32],
        turned: &[f32],
        v: &[f32],
        width: usize,
        head_width: usize,
        scale: f32,
        y: &mut [f32],
    ) {
        let (rows, tokens) = (q.len() / width, v.len() / width);
        let stride = turned.len() / width;
        let mut weights = [0.0f32; ROWS * KEYS_MAX];
        let mut factors = [0.0f32; ROWS];
        for first in (0..rows).step_by(ROWS) {
            let height = ROWS.min(rows - first);
            // Rows beyond the last repeat it; their sums are not used.
            let at = |row: usize| (first + row.min(height - 1)) * width;
            for head in (0..width).step_by(head_width) {
                let keys = &turned[head * stride..(head + head_width) * stride];
                for key in (0..tokens).step_by(LANES) {
                    let dots =
                        chains(head_width, |row, d| q[at(row) + head + d], &keys[key..], stride);
                    for (row, dots) in dots.iter().enumerate() {
                        for (lane, &dot) in dots.iter().enumerate() {
                            weights[row * KEYS_MAX + key + lane] = exact::logit(dot, scale, 0.0);
                        }
                    }
                }
                for (row, factor) in factors.iter_mut().enumerate().take(height) {
                    let start = row * KEYS_MAX;
                    *factor = exact::softmax(&mut weights[start..start + tokens]);
                }
                for column in (head..head + head_width).step_by(LANES) {
                    let weight = |row: usize, j: usize| weights[row * KEYS_MAX + j];
                    let sums = chains(tokens, weight, &v[column..], width);
                    for row in 0..height {
                        for lane in 0..LANES {
                            y[at(row) + column + lane] = sums[row][lane] * factors[row];
                        }
                    }
                }
            }
        }
    }
}

kernel! {
    /// Puts one frame's keys of some tokens into lane `lane` of their turned ring:
    /// `ring` is `[token][channel][lanes]`.
    pub(crate) fn turn_into_lane(k: &[f32], lane: usize, lanes: usize, ring: &mut [f32]) {
        for (turned, &x) in ring.chunks_exact_mut(lanes).zip(k) {
            turned[lane] = x;
        }
    }
}

kernel! {
    /// `exact::attend` of some tokens' queries over the same token of past frames and their own,
    /// whose keys `ring` holds turned (`[token][channel][lanes]`, lanes a multiple of 16, the own
    /// key in the last lane). `past` are all values of past frames, `first` the first token's place
    /// there, `slots` the lanes and slots by age, oldest first.
    pub(crate) fn temporal_attention_turned(
        q: &[f32],
        ring: &[f32],
        v: &[f32],
        past: &[f32],
        bias: &[f32],
        first: usize,
        shape: [usize; 3],
        scale: f32,
        slots: &[usize],
        y: &mut [f32],
    ) {
        let [width, head_width, count] = shape;
        let (heads, keys) = (width / head_width, slots.len() + 1);
        let (lanes, ages) = (ring.len() / q.len(), bias.len() / heads);
        let mut dots = [0.0f32; KEYS_MAX];
        let mut weights = [0.0f32; KEYS_MAX];
        let tokens = q.chunks_exact(width).zip(y.chunks_exact_mut(width)).enumerate();
        for (token, (q, y)) in tokens {
            y.fill(0.0);
            for head in 0..heads {
                let start = head * head_width;
                let turned = &ring[(token * width + start) * lanes..][..head_width * lanes];
                for lane in (0..lanes).step_by(LANES) {
                    let sums = one_chain(&q[start..start + head_width], &turned[lane..], lanes);
                    dots[lane..lane + LANES].copy_from_slice(&sums);
                }
                let weights = &mut weights[..keys];
                for (j, weight) in weights.iter_mut().enumerate() {
                    let lane = slots.get(j).copied().unwrap_or(lanes - 1);
                    *weight = exact::logit(dots[lane], scale, bias[head * ages + keys - 1 - j]);
                }
                let factor = exact::softmax(weights);
                let y = &mut y[start..start + head_width];
                for (j, &weight) in weights.iter().enumerate() {
                    let row = match slots.get(j) {
                        Some(slot) => &past[slot * count + (first + token) * width + start..],
                        None => &v[token * width + start..],
                    };
                    for (y, &value) in y.iter_mut().zip(&row[..head_width]) {
                        *y = weight.mul_add(value, *y);
                    }
                }
                for y in y {
                    *y *= factor;
                }
            }
        }
    }
}

/// The chains of one row over 16 lanes.
#[inline(always)]
fn one_chain(a: &[f32], b: &[f32], stride: usize) -> [f32; LANES] {
    let mut sums = [0.0f32; LANES];
    for (n, &a) in a.iter().enumerate() {
        let b: &[f32; LANES] = b[n * stride..].first_chunk().expect("a whole register");
        for lane in 0..LANES {
            sums[lane] = a.mul_add(b[lane], sums[lane]);
        }
    }
    sums
}
