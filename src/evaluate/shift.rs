//! How far a picture moved sideways: phase correlation, row by row.
//!
//! Each row of both pictures loses its mean, is faded out to its ends (Hann) and transformed. The
//! cross-power spectra of all rows are added, each frequency is brought to length one, and the
//! correlation of what is left peaks at the shift (Kuglin and Hines, 1975). Only the lowest quarter
//! of the frequencies is used: a finer texture is as much noise as motion.

use crate::exact::sin_cos_turns;

/// Sine and cosine of every multiple of a turn over the width, and the fade.
#[derive(Clone, Debug)]
pub struct Shifts {
    width: usize,
    sines: Vec<f32>,
    cosines: Vec<f32>,
    fade: Vec<f32>,
}

/// Real and imaginary part.
type Complex = (f64, f64);

impl Shifts {
    /// Tables for pictures of `width` pixels, at least 1.
    pub fn new(width: usize) -> Shifts {
        let turns = |i: usize| sin_cos_turns(i as f32 / width as f32);
        let (sines, cosines) = (0..width).map(turns).unzip();
        let halves = |i: usize| sin_cos_turns((i as f32 + 0.5) / width as f32).1;
        let fade = (0..width).map(|i| 0.5 - 0.5 * halves(i)).collect();
        Shifts { width, sines, cosines, fade }
    }

    /// Pixels that the picture moved to the right (to the left: negative) from `before` to
    /// `after`, at most a quarter of the width; rows of brightness. 0 for pictures that show
    /// nothing.
    pub fn shift(&self, before: &[f32], after: &[f32]) -> f64 {
        assert_eq!(before.len(), after.len(), "pictures of one size");
        let mut cross = vec![(0.0, 0.0); self.width / 4 + 1];
        let rows = before.chunks_exact(self.width).zip(after.chunks_exact(self.width));
        for (before, after) in rows {
            let (before, after) = (self.transformed(before), self.transformed(after));
            for (sum, (b, a)) in cross.iter_mut().zip(before.iter().zip(&after)) {
                // The conjugate of the first times the second.
                sum.0 += b.0 * a.0 + b.1 * a.1;
                sum.1 += b.0 * a.1 - b.1 * a.0;
            }
        }
        let mut found = false;
        for sum in &mut cross {
            let length = (sum.0 * sum.0 + sum.1 * sum.1).sqrt();
            found |= length > 0.0;
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            *sum = (sum.0 * scale, sum.1 * scale);
        }
        if found { self.peak(&cross) } else { 0.0 }
    }

    /// Lowest frequencies of a row without its mean; frequency 0 is left out as zero.
    fn transformed(&self, row: &[f32]) -> Vec<Complex> {
        let mean = row.iter().sum::<f32>() / row.len() as f32;
        let faded: Vec<f32> = row.iter().zip(&self.fade).map(|(x, f)| (x - mean) * f).collect();
        let frequency = |k: usize| {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (i, x) in faded.iter().enumerate() {
                let turn = i * k % self.width;
                real += x * self.cosines[turn];
                imaginary -= x * self.sines[turn];
            }
            (f64::from(real), f64::from(imaginary))
        };
        let zero = std::iter::once((0.0, 0.0));
        zero.chain((1..self.width / 4 + 1).map(frequency)).collect()
    }

    /// Where the correlation is largest, between pixels by the parabola through its neighbours.
    fn peak(&self, cross: &[Complex]) -> f64 {
        let width = self.width as i64;
        let at = |shift: i64| -> f64 {
            let terms = cross.iter().enumerate().map(|(k, (real, imaginary))| {
                let turn = (shift * k as i64).rem_euclid(width) as usize;
                let (sine, cosine) = (self.sines[turn], self.cosines[turn]);
                real * f64::from(cosine) - imaginary * f64::from(sine)
            });
            terms.sum()
        };
        let reach = width / 4;
        let best = (-reach..=reach).max_by(|&a, &b| at(a).total_cmp(&at(b)).then(b.cmp(&a)));
        let best = best.expect("the shift 0 is among them");
        best as f64 + vertex(at(best - 1), at(best), at(best + 1))
    }
}

/// Where the parabola through three values at -1, 0 and 1 is largest, the middle one being no
/// smaller than the others: -0.5 to 0.5.
pub(super) fn vertex(left: f64, middle: f64, right: f64) -> f64 {
    let bend = left - 2.0 * middle + right;
    if bend < 0.0 { (0.5 * (left - right) / bend).clamp(-0.5, 0.5) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::scene::scene;

    #[test]
    fn a_shifted_scene_gives_its_shift_with_its_sign() {
        let (width, height) = (128, 40);
        let shifts = Shifts::new(width);
        // Three times as fine as it is: with detail in all the frequencies that are looked at.
        let at = |offset: f32| scene(width, height, |x, y| (3.0 * (x - offset), y));
        for offset in [-16.0, -4.0, -2.5, -1.0, -0.4, 0.0, 0.4, 1.0, 3.0, 12.0] {
            let found = shifts.shift(&at(0.0), &at(offset));
            assert!((found - f64::from(offset)).abs() < 0.35, "{offset}: {found}");
        }
    }

    #[test]
    fn a_picture_that_shows_nothing_does_not_move() {
        let shifts = Shifts::new(32);
        assert_eq!(shifts.shift(&[7.0; 320], &[7.0; 320]), 0.0);
    }

    #[test]
    fn the_vertex_is_that_of_a_parabola() {
        let parabola = |x: f64| 5.0 - (x - 0.25) * (x - 0.25);
        assert!((vertex(parabola(-1.0), parabola(0.0), parabola(1.0)) - 0.25).abs() < 1e-12);
        assert_eq!(vertex(1.0, 1.0, 1.0), 0.0);
    }
}
