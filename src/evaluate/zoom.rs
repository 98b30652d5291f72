//! How much a picture grew from its centre: a search over enlargements.
//!
//! For each candidate the first picture is enlarged (or shrunk) about its centre and correlated
//! with the second over the part that all candidates cover; the best one is refined by a parabola.
//! The same is done the other way round, from the second picture to the first, and the mean of both
//! is taken: then a picture that did not move gives zero whatever it shows.

use super::shift::vertex;
use crate::exact::exp;

/// Logarithm of the enlargement from one candidate to the next.
const STEP: f32 = 0.01;
/// Candidates to either side of no change.
const REACH: i32 = 26;

/// Logarithm of the enlargement about the centre from `before` to `after` (shrinking: negative), at
/// most 0.265 either way; rows of `width` brightnesses, of which the lowest `1 - bottom` of the
/// height are not looked at. 0 for pictures that show nothing.
pub fn zoom(before: &[f32], after: &[f32], width: usize, bottom: f32) -> f64 {
    assert_eq!(before.len(), after.len(), "pictures of one size");
    let frame = Frame::new(width, before.len() / width, bottom);
    0.5 * (frame.enlargement(before, after) - frame.enlargement(after, before))
}

/// The part of a picture that every candidate covers.
struct Frame {
    width: usize,
    /// Column and row of the centre.
    centre: (f32, f32),
    /// Places looked at, in pixels.
    places: Vec<(usize, usize)>,
}

impl Frame {
    fn new(width: usize, height: usize, bottom: f32) -> Frame {
        let centre = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
        let most = exp(STEP * (REACH + 1) as f32);
        let lowest = (height as f32 - 1.0) * bottom;
        let (right, up, down) = (centre.0 / most, centre.1 / most, (lowest - centre.1) / most);
        let inside = |&(x, y): &(usize, usize)| {
            let (x, y) = (x as f32 - centre.0, y as f32 - centre.1);
            x.abs() <= right && y >= -up && y <= down
        };
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Frame { width, centre, places: places.filter(inside).collect() }
    }

    /// The candidate that turns `from` into `to` best, as a logarithm.
    fn enlargement(&self, from: &[f32], to: &[f32]) -> f64 {
        let scores: Vec<f64> =
            (-REACH - 1..=REACH + 1).map(|step| self.score(from, to, step)).collect();
        let last = scores.len() - 2;
        let middle = scores.len() / 2;
        // Of equals, the one nearest to no change.
        let apart = |i: usize| i.abs_diff(middle);
        let best = (1..=last)
            .max_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(apart(b).cmp(&apart(a))));
        let best = best.expect("there are candidates");
        let between = vertex(scores[best - 1], scores[best], scores[best + 1]);
        f64::from(STEP) * (best as f64 - middle as f64 + between)
    }

    /// Correlation of `to` with `from` enlarged by `step` steps; 0 where either is flat.
    fn score(&self, from: &[f32], to: &[f32], step: i32) -> f64 {
        let shrink = exp(-STEP * step as f32);
        let (mut sums, mut squares, mut both) = ((0.0, 0.0), (0.0, 0.0), 0.0);
        for &(x, y) in &self.places {
            let there = self.sample(from, x, y, shrink);
            let here = f64::from(to[y * self.width + x]);
            sums = (sums.0 + there, sums.1 + here);
            squares = (squares.0 + there * there, squares.1 + here * here);
            both += there * here;
        }
        let count = self.places.len().max(1) as f64;
        let spread = |sum: f64, square: f64| square - sum * sum / count;
        let spreads = spread(sums.0, squares.0) * spread(sums.1, squares.1);
        // Flat pictures leave rounding errors alone, far below one squared colour a pixel.
        if spreads <= count * count * 1e-6 {
            return 0.0;
        }
        (both - sums.0 * sums.1 / count) / spreads.sqrt()
    }

    /// The brightness where pixel (x, y) was before the enlargement, between its four neighbours.
    fn sample(&self, from: &[f32], x: usize, y: usize, shrink: f32) -> f64 {
        let column = self.centre.0 + (x as f32 - self.centre.0) * shrink;
        let row = self.centre.1 + (y as f32 - self.centre.1) * shrink;
        let (left, top) = (column.floor(), row.floor());
        let (right, below) = (column - left, row - top);
        let at = |dx: usize, dy: usize| {
            let rows = from.len() / self.width;
            let (x, y) = (left as usize + dx, top as usize + dy);
            from[y.min(rows - 1) * self.width + x.min(self.width - 1)]
        };
        let upper = at(0, 0) + (at(1, 0) - at(0, 0)) * right;
        let lower = at(0, 1) + (at(1, 1) - at(0, 1)) * right;
        f64::from(upper + (lower - upper) * below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::scene::scene;

    #[test]
    fn an_enlarged_scene_gives_its_enlargement_with_its_sign() {
        let (width, height) = (128, 96);
        let at = |logarithm: f32| {
            let shrink = exp(-logarithm);
            scene(width, height, move |x, y| {
                (63.5 + (x - 63.5) * shrink, 47.5 + (y - 47.5) * shrink)
            })
        };
        for logarithm in [-0.2, -0.1, -0.03, -0.01, 0.0, 0.01, 0.05, 0.2] {
            let found = zoom(&at(0.0), &at(logarithm), width, 0.65);
            assert!((found - f64::from(logarithm)).abs() < 0.01, "{logarithm}: {found}");
        }
    }

    #[test]
    fn what_does_not_move_or_shows_nothing_did_not_grow() {
        let still = scene(64, 48, |x, y| (x, y));
        assert_eq!(zoom(&still, &still, 64, 0.65), 0.0);
        assert_eq!(zoom(&[7.0; 64 * 48], &[7.0; 64 * 48], 64, 0.65), 0.0);
    }
}
