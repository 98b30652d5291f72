//! A scene for tests of motion: smooth waves in all directions, without symmetry.

use crate::exact::{normal_deviates, sin_cos};

/// Rows of brightness; the pixel (x, y) shows what the scene has at `place(x, y)`.
pub(super) fn scene(
    width: usize,
    height: usize,
    place: impl Fn(f32, f32) -> (f32, f32),
) -> Vec<f32> {
    let waves: Vec<[f32; 4]> = (0..24).map(|i| normal_deviates(5, 0, 0, i)).collect();
    let brightness = |(x, y): (f32, f32)| {
        let wave = |[a, b, c, d]: &[f32; 4]| d * sin_cos(0.25 * (a * x + b * y) + 3.0 * c).0;
        128.0 + 20.0 * waves.iter().map(wave).sum::<f32>()
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x as f32, y as f32)));
    pixels.map(|(x, y)| brightness(place(x, y))).collect()
}
