//! Normalisations and what is done to a normalised row: modulation, gates, unit length.

use super::sum::sum;

/// Layer norm of one row of `D` elements without affine:
/// 1. `mean = sum(x) / D`  2. `c[i] = x[i] - mean`  3. `variance = sum(c[i]*c[i]) / D`
/// 4. `r = 1 / sqrt(variance + epsilon)`  5. `y[i] = c[i] * r`.
#[inline(always)]
pub fn layer_norm(row: &[f32], epsilon: f32, normalised: &mut [f32]) {
    let count = row.len() as f32;
    let mean = sum(row.len(), |i| row[i]) / count;
    for (y, &x) in normalised.iter_mut().zip(row) {
        *y = x - mean;
    }
    let variance = sum(row.len(), |i| normalised[i] * normalised[i]) / count;
    let factor = super::reciprocal_sqrt(variance + epsilon);
    for y in normalised.iter_mut() {
        *y *= factor;
    }
}

/// `fma(x, 1 + scale, shift)`.
#[inline(always)]
pub fn modulate(x: f32, shift: f32, scale: f32) -> f32 {
    x.mul_add(1.0 + scale, shift)
}

/// Root-mean-square norm over the channels of one pixel:
/// 1. `mean = sum(x[i]*x[i]) / C`  2. `r = 1 / sqrt(mean + epsilon)`  3. `y[i] = (x[i] * r) * gain[i]`.
#[inline(always)]
pub fn pixel_norm(pixel: &[f32], gain: &[f32], epsilon: f32, normalised: &mut [f32]) {
    let mean = sum(pixel.len(), |i| pixel[i] * pixel[i]) / pixel.len() as f32;
    let factor = super::reciprocal_sqrt(mean + epsilon);
    for ((y, &x), &g) in normalised.iter_mut().zip(pixel).zip(gain) {
        *y = x * factor * g;
    }
}

/// Scales a vector to `length`: 1. `s = sum(x[i]*x[i])`  2. `f = length / sqrt(s)`, or +0.0 where
/// `s` is zero  3. `y[i] = x[i] * f`.
#[inline(always)]
pub fn to_length(vector: &[f32], length: f32, scaled: &mut [f32]) {
    let squares = sum(vector.len(), |i| vector[i] * vector[i]);
    let factor = if squares == 0.0 { 0.0 } else { length / squares.sqrt() };
    for (y, &x) in scaled.iter_mut().zip(vector) {
        *y = x * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_row_normalises_to_zeros() {
        let mut y = [1.0f32; 40];
        layer_norm(&[3.0; 40], 1e-5, &mut y);
        assert_eq!(y, [0.0; 40]);
    }

    #[test]
    fn a_vector_takes_the_length_and_a_zero_vector_stays_zero() {
        let mut y = [0.0f32; 2];
        to_length(&[3.0, 4.0], 10.0, &mut y);
        assert_eq!(y, [6.0, 8.0]);
        to_length(&[0.0, -0.0], 10.0, &mut y);
        assert_eq!(y, [0.0, 0.0]);
    }

    #[test]
    fn the_root_mean_square_becomes_the_gain() {
        let mut y = [0.0f32; 2];
        pixel_norm(&[2.0, -2.0], &[1.0, 3.0], 0.0, &mut y);
        assert_eq!(y, [1.0, -3.0]);
    }
}
