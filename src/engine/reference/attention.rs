//! Attention in tensor operations: over the tokens of one frame, and over the frames of one token.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

/// Queries, keys, values of `x[rows, 3 heads, head width]`; each head of queries and keys is
/// brought to `length`, a zero vector stays zero.
pub(super) fn split(x: &Tensor, heads: usize, length: f32) -> Result<[Tensor; 3]> {
    let part = |i: usize| x.narrow(1, i * heads, heads);
    let to_length = |part: Tensor| {
        let norm = part.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
        let unit = part.broadcast_div(&norm.maximum(f32::MIN_POSITIVE)?)?;
        unit * f64::from(length)
    };
    Ok([to_length(part(0)?)?, to_length(part(1)?)?, part(2)?])
}

/// Queries, keys, values `[tokens, heads, head width]`; each token sees all tokens.
pub(super) fn over_tokens([q, k, v]: [Tensor; 3], scale: f32) -> Result<Tensor> {
    let heads_first = |x: Tensor| x.transpose(0, 1)?.contiguous();
    let (q, k, v) = (heads_first(q)?, heads_first(k)?, heads_first(v)?);
    let logits = (q.matmul(&k.t()?)? * f64::from(scale))?;
    softmax_last_dim(&logits)?.matmul(&v)?.transpose(0, 1)
}

/// Each token sees itself in other frames: `query[1, tokens, heads, head width]`, keys and values of
/// many frames, of which `rows` are looked at, oldest first; `bias[heads, ages]` is by age.
pub(super) fn over_time(
    [query, keys, values]: [Tensor; 3],
    bias: &Tensor,
    rows: &[u32],
    scale: f32,
) -> Result<Tensor> {
    let ages: Vec<u32> = (0..rows.len() as u32).rev().collect();
    let indices = |list: &[u32]| Tensor::from_slice(list, list.len(), &Device::Cpu);
    let (rows, ages) = (indices(rows)?, indices(&ages)?);
    let placed = |x: &Tensor, axes: [usize; 4]| x.permute(axes)?.contiguous();
    let query = placed(&query, [1, 2, 0, 3])?;
    let keys = placed(&keys.index_select(&rows, 0)?, [1, 2, 3, 0])?;
    let values = placed(&values.index_select(&rows, 0)?, [1, 2, 0, 3])?;
    let bias = bias.index_select(&ages, 1)?.unsqueeze(1)?;
    let logits = (query.matmul(&keys)? * f64::from(scale))?.broadcast_add(&bias)?;
    softmax_last_dim(&logits)?.matmul(&values)
}
