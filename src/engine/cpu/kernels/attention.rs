//! Attention of a run of tokens: the definition, one token and head after the other.

use crate::engine::cpu::simd::kernel;
use crate::exact;
use std::ops::Range;

kernel! {
    /// Rows of q, k, v side by side become three arrays; each head of q and k gets its length.
    pub(crate) fn split_heads(
        qkv: &[f32],
        width: usize,
        head_width: usize,
        length: f32,
        q: &mut [f32],
        k: &mut [f32],
        v: &mut [f32],
    ) {
        let rows = q.chunks_exact_mut(width).zip(k.chunks_exact_mut(width));
        let rows = rows.zip(v.chunks_exact_mut(width));
        for (qkv, ((q, k), v)) in qkv.chunks_exact(3 * width).zip(rows) {
            for (i, head) in (0..width).step_by(head_width).enumerate() {
                let part = head..head + head_width;
                let from = |base: usize| base * width + i * head_width;
                let (query, key) = (from(0), from(1));
                exact::to_length(&qkv[query..query + head_width], length, &mut q[part.clone()]);
                exact::to_length(&qkv[key..key + head_width], length, &mut k[part]);
            }
            v.copy_from_slice(&qkv[2 * width..]);
        }
    }
}

kernel! {
    /// Queries of some tokens over all keys; `logits` is one row of scratch.
    pub(crate) fn attention(
        q: &[f32],
        k: &[f32],
        v: &[f32],
        width: usize,
        head_width: usize,
        scale: f32,
        logits: &mut [f32],
        y: &mut [f32],
    ) {
        for (q, y) in q.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            for head in (0..width).step_by(head_width) {
                let part = head..head + head_width;
                exact::attend(
                    &q[part.clone()],
                    |j| &k[j * width..][part.clone()],
                    |j| &v[j * width..][part.clone()],
                    |_| 0.0,
                    scale,
                    logits,
                    &mut y[part.clone()],
                );
            }
        }
    }
}

kernel! {
    /// Queries of the tokens from `first` on over the same token of past frames, in the order of
    /// `slots`, and their own. `count` is the length of one frame in the rings; `bias` has one row
    /// of `window + 1` ages a head.
    pub(crate) fn temporal_attention(
        q: &[f32],
        k: &[f32],
        v: &[f32],
        past: [&[f32]; 2],
        bias: &[f32],
        first: usize,
        shape: [usize; 3],
        scale: f32,
        slots: &[usize],
        logits: &mut [f32],
        y: &mut [f32],
    ) {
        let [width, head_width, count] = shape;
        let ages = bias.len() / (width / head_width);
        let rows = q.chunks_exact(width).zip(y.chunks_exact_mut(width));
        for (i, (q, y)) in rows.enumerate() {
            for (head, start) in (0..width).step_by(head_width).enumerate() {
                let part = start..start + head_width;
                let own = i * width + start..i * width + start + head_width;
                let base = first * width;
                let bias = &bias[head * ages..(head + 1) * ages];
                exact::attend(
                    &q[part.clone()],
                    |j| aged(past[0], k, slots.get(j).map(|slot| slot * count + base), own.clone()),
                    |j| aged(past[1], v, slots.get(j).map(|slot| slot * count + base), own.clone()),
                    |j| bias[slots.len() - j],
                    scale,
                    logits,
                    &mut y[part.clone()],
                );
            }
        }
    }
}

/// One head's row of a key: `own` of the slot that starts at `past_start`, or of this frame itself.
#[inline(always)]
fn aged<'a>(
    past: &'a [f32],
    now: &'a [f32],
    past_start: Option<usize>,
    own: Range<usize>,
) -> &'a [f32] {
    match past_start {
        Some(start) => &past[start + own.start..start + own.end],
        None => &now[own],
    }
}
