//! Attention of one query in one head: dots, softmax, weighted sum, each in a written order.

use super::sum::sum;

/// Most keys one query may look at.
pub const KEYS_MAX: usize = 1024;

/// `fma` chain in index order from +0.0: `a[0]*b[0]`, then `+ a[1]*b[1]`, ....
#[inline(always)]
pub fn chain(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |total, (&a, &b)| a.mul_add(b, total))
}

/// The logit of one key: `fma(dot, scale, bias)`; spatial attention has bias +0.0.
#[inline(always)]
pub fn logit(dot: f32, scale: f32, bias: f32) -> f32 {
    dot.mul_add(scale, bias)
}

/// Logits to weights that still want dividing, in place; returns the factor `1 / sum`.
///
/// 1. `m = max(logits)`  2. `e[j] = exp(logits[j] - m)`  3. `s = sum(e)` (32 lanes)  4. `1 / s`.
#[inline(always)]
pub fn softmax(logits: &mut [f32]) -> f32 {
    let most = logits.iter().fold(f32::NEG_INFINITY, |most, &x| if x > most { x } else { most });
    for x in logits.iter_mut() {
        *x = super::exp(*x - most);
    }
    1.0 / sum(logits.len(), |j| logits[j])
}

/// One query against its keys, oldest or lowest index first: `keys(j)` and `values(j)` give row `j`,
/// `bias(j)` its bias. `logits` is scratch, one element a key (at most [`KEYS_MAX`]).
///
/// `out[d] = chain over j of e[j]*values(j)[d], times 1/s`.
#[inline(always)]
pub fn attend<'a>(
    query: &[f32],
    keys: impl Fn(usize) -> &'a [f32],
    values: impl Fn(usize) -> &'a [f32],
    bias: impl Fn(usize) -> f32,
    scale: f32,
    logits: &mut [f32],
    out: &mut [f32],
) {
    assert!(logits.len() <= KEYS_MAX, "{} keys of {KEYS_MAX}", logits.len());
    for (j, x) in logits.iter_mut().enumerate() {
        *x = logit(chain(query, keys(j)), scale, bias(j));
    }
    let factor = softmax(logits);
    out.fill(0.0);
    for (j, &weight) in logits.iter().enumerate() {
        for (y, &value) in out.iter_mut().zip(values(j)) {
            *y = weight.mul_add(value, *y);
        }
    }
    for y in out.iter_mut() {
        *y *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_share_their_weight() {
        let values = [[1.0f32, 0.0], [3.0, 8.0]];
        let (mut logits, mut out) = ([0.0; 2], [0.0; 2]);
        let key = [1.0, 1.0];
        attend(&[1.0, 2.0], |_| &key, |j| &values[j], |_| 0.0, 0.5, &mut logits, &mut out);
        assert_eq!(out, [2.0, 4.0]);
    }

    #[test]
    fn one_key_gets_everything() {
        let (mut logits, mut out) = ([0.0; 1], [0.0; 1]);
        attend(&[1.0], |_| &[50.0], |_| &[7.5], |_| -3.0, 1.0, &mut logits, &mut out);
        assert_eq!(out, [7.5]);
    }
}
