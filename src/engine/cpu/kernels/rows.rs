//! Ops that treat every row alike.

use crate::engine::cpu::simd::kernel;
use crate::exact::{self, NotFinite};

kernel! {
    /// The largest magnitude, as bits.
    pub(crate) fn amax(x: &[f32]) -> u32 {
        exact::amax_bits(x)
    }
}

kernel! {
    /// Elements by a factor already known.
    pub(crate) fn quantise_with(x: &[f32], factor: f32, q: &mut [i8]) {
        for (q, &x) in q.iter_mut().zip(x) {
            *q = exact::quantise_one(x, factor);
        }
    }
}

kernel! {
    /// Rows, each with its own scale.
    pub(crate) fn quantise_rows(
        x: &[f32],
        columns: usize,
        q: &mut [i8],
        scales: &mut [f32],
    ) -> Result<(), NotFinite> {
        let rows = x.chunks_exact(columns).zip(q.chunks_exact_mut(columns));
        for ((x, q), scale) in rows.zip(scales) {
            *scale = exact::quantise(x, q)?;
        }
        Ok(())
    }
}

kernel! {
    /// Layer norm of rows.
    pub(crate) fn layer_norm(x: &[f32], columns: usize, epsilon: f32, y: &mut [f32]) {
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            exact::layer_norm(x, epsilon, y);
        }
    }
}

kernel! {
    /// Rows by one shift and one scale for each column.
    pub(crate) fn modulate(x: &[f32], shift: &[f32], scale: &[f32], y: &mut [f32]) {
        let columns = shift.len();
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            for (i, y) in y.iter_mut().enumerate() {
                *y = exact::modulate(x[i], shift[i], scale[i]);
            }
        }
    }
}

kernel! {
    /// `y = fma(x, scale, shift)`, one scale and one shift for each column.
    pub(crate) fn scale_shift(x: &[f32], scale: &[f32], shift: &[f32], y: &mut [f32]) {
        let columns = shift.len();
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            for (i, y) in y.iter_mut().enumerate() {
                *y = x[i].mul_add(scale[i], shift[i]);
            }
        }
    }
}

kernel! {
    /// `y = fma(gate, x, h)`, one gate for each column.
    pub(crate) fn gated_add(h: &[f32], x: &[f32], gate: &[f32], y: &mut [f32]) {
        let columns = gate.len();
        let rows = h.chunks_exact(columns).zip(x.chunks_exact(columns));
        for ((h, x), y) in rows.zip(y.chunks_exact_mut(columns)) {
            for (i, y) in y.iter_mut().enumerate() {
                *y = gate[i].mul_add(x[i], h[i]);
            }
        }
    }
}

kernel! {
    /// Pixel norm of rows.
    pub(crate) fn pixel_norm(x: &[f32], gain: &[f32], epsilon: f32, y: &mut [f32]) {
        let columns = gain.len();
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            exact::pixel_norm(x, gain, epsilon, y);
        }
    }
}

kernel! {
    /// The bit sum of a run of elements; an error where one is not finite.
    pub(crate) fn bit_sum(first_index: u32, x: &[f32]) -> Result<u64, NotFinite> {
        exact::scale_of(exact::amax_bits(x))?;
        Ok(exact::bit_sum(first_index, x))
    }
}
