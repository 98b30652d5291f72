//! Ops that treat every element alike.

use crate::engine::cpu::simd::kernel;
use crate::exact;
use crate::program::RANK;

kernel! {
    /// `y = a + b`.
    pub(crate) fn add(a: &[f32], b: &[f32], y: &mut [f32]) {
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
            *y = a + b;
        }
    }
}

kernel! {
    /// `y = silu(x)`.
    pub(crate) fn silu(x: &[f32], y: &mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = exact::silu(x);
        }
    }
}

kernel! {
    /// `y = gelu(x)`.
    pub(crate) fn gelu(x: &[f32], y: &mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = exact::gelu_tanh(x);
        }
    }
}

kernel! {
    /// One Euler step.
    pub(crate) fn euler(x: &[f32], velocity: &[f32], step: f32, y: &mut [f32]) {
        for ((y, &x), &velocity) in y.iter_mut().zip(x).zip(velocity) {
            *y = exact::euler(x, velocity, step);
        }
    }
}

kernel! {
    /// Clean values at a noise level.
    pub(crate) fn mix_noise(clean: &[f32], noise: &[f32], time: f32, y: &mut [f32]) {
        for ((y, &clean), &noise) in y.iter_mut().zip(clean).zip(noise) {
            *y = exact::mix_noise(clean, noise, time);
        }
    }
}

kernel! {
    /// Colours; `false` where a value is not finite.
    pub(crate) fn to_picture(x: &[f32], y: &mut [u8]) -> bool {
        let finite = exact::scale_of(exact::amax_bits(x)).is_ok();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = exact::to_u8(x);
        }
        finite
    }
}

kernel! {
    /// Normal deviates of one draw of one frame, from element 0 on.
    pub(crate) fn noise(seed: u64, draw: u32, frame: u64, y: &mut [f32]) {
        for (index, four) in y.chunks_mut(4).enumerate() {
            let deviates = exact::normal_deviates(seed, draw, frame, index as u32);
            four.copy_from_slice(&deviates[..four.len()]);
        }
    }
}

/// `y` takes the elements of `x` in a new order of axes. The innermost loop walks `y`.
pub(crate) fn permute(x: &[f32], shape: [usize; RANK], axes: [usize; RANK], y: &mut [f32]) {
    let mut strides = [1; RANK];
    for axis in (0..RANK - 1).rev() {
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    }
    let size: [usize; RANK] = axes.map(|axis| shape[axis]);
    let stride: [usize; RANK] = axes.map(|axis| strides[axis]);
    let mut rows = y.chunks_exact_mut(size[4] * size[5]);
    let outer = size[0] * size[1] * size[2] * size[3];
    for index in 0..outer {
        let (rest, i3) = (index / size[3], index % size[3]);
        let (rest, i2) = (rest / size[2], rest % size[2]);
        let (i0, i1) = (rest / size[1], rest % size[1]);
        let start = i0 * stride[0] + i1 * stride[1] + i2 * stride[2] + i3 * stride[3];
        let row = rows.next().expect("one row for each outer index");
        for (i4, part) in row.chunks_exact_mut(size[5]).enumerate() {
            let start = start + i4 * stride[4];
            for (i5, y) in part.iter_mut().enumerate() {
                *y = x[start + i5 * stride[5]];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transpose_and_its_transpose_are_the_whole() {
        let x: Vec<f32> = (0..6).map(|i| i as f32).collect();
        let mut y = vec![0.0; 6];
        permute(&x, [2, 3, 1, 1, 1, 1], [1, 0, 2, 3, 4, 5], &mut y);
        assert_eq!(y, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let mut z = vec![0.0; 6];
        permute(&y, [3, 2, 1, 1, 1, 1], [1, 0, 2, 3, 4, 5], &mut z);
        assert_eq!(z, x);
    }

    #[test]
    fn the_last_axis_may_come_first() {
        let x: Vec<f32> = (0..8).map(|i| i as f32).collect();
        let mut y = vec![0.0; 8];
        permute(&x, [1, 1, 1, 1, 4, 2], [5, 0, 1, 2, 3, 4], &mut y);
        assert_eq!(y, [0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]);
    }
}
