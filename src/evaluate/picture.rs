//! Measures of whole pictures. All sums are float64 in the order of the bytes.

use crate::exact::ln;

/// A picture: RGB u8 rows.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Pixels in a row.
    pub width: usize,
    /// `3 * width * height` bytes.
    pub rgb: &'a [u8],
}

impl Picture<'_> {
    /// Rows.
    pub fn height(&self) -> usize {
        self.rgb.len() / (3 * self.width)
    }

    /// Mean of the squared differences of neighbours in a row, plus the same of neighbours in a
    /// column, over all channels: what blur lowers and noise raises. Squares of colours 0 to 255.
    pub fn gradient_energy(&self) -> f64 {
        let line = 3 * self.width;
        let rows = self.rgb.chunks_exact(line);
        let across: f64 = rows.map(|row| squared_differences(&row[3..], row)).sum();
        let down = squared_differences(&self.rgb[line..], self.rgb);
        let across_count = (self.rgb.len() - 3 * self.height()).max(1);
        let down_count = (self.rgb.len() - line).max(1);
        across / across_count as f64 + down / down_count as f64
    }

    /// Standard deviation of all its bytes, 0 to 127.5.
    pub fn deviation(&self) -> f64 {
        deviation(self.rgb.iter().map(|&byte| f64::from(byte)))
    }

    /// Mean of the three colours of each pixel, row by row.
    pub fn grey(&self) -> Vec<f32> {
        let mean = |pixel: &[u8; 3]| pixel.iter().map(|&byte| f32::from(byte)).sum::<f32>() / 3.0;
        self.rgb.as_chunks::<3>().0.iter().map(mean).collect()
    }
}

/// Peak signal-to-noise ratio of two pictures of one size, in dB. Pictures that are equal in every
/// byte count as if one byte differed by one: 93.8 dB for 128x96.
pub fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len(), "pictures of one size");
    let squares = squared_differences(a, b).max(1.0);
    let ratio = 255.0 * 255.0 * a.len() as f64 / squares;
    10.0 * f64::from(ln(ratio as f32)) / std::f64::consts::LN_10
}

/// Pearson's correlation of the bytes of two pictures, -1 to 1; 0 where one of them is flat.
pub fn correlation(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len(), "pictures of one size");
    let count = a.len() as f64;
    let mean = |bytes: &[u8]| bytes.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x) - mean_a, f64::from(y) - mean_b);
        both += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    if of_a == 0.0 || of_b == 0.0 { 0.0 } else { both / (of_a * of_b).sqrt() }
}

/// Standard deviation of at least one value.
pub(super) fn deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values.map(|x| (x - mean) * (x - mean));
    (squares.sum::<f64>() / count).sqrt()
}

/// Sum over the bytes that both have.
fn squared_differences(a: &[u8], b: &[u8]) -> f64 {
    // A difference of bytes squared is at most 2^16: 2^32 of them fit.
    let squares = a.iter().zip(b).map(|(&x, &y)| u64::from(x.abs_diff(y)).pow(2));
    squares.sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psnr_is_that_of_the_mean_squared_difference() {
        let (black, grey) = (vec![0; 300], vec![16; 300]);
        // 10 log10(255^2 / 16^2)
        assert!((psnr(&black, &grey) - 24.048_4).abs() < 1e-4);
        assert!((psnr(&[0; 36_864], &[0; 36_864]) - 93.797).abs() < 1e-2);
    }

    #[test]
    fn gradient_energy_counts_edges_in_both_directions() {
        let picture = |bytes: &'static [u8]| Picture { width: 2, rgb: bytes };
        // Two rows of two pixels; the right pixels are 4 brighter, the lower ones 2.
        let sloped = picture(&[0, 0, 0, 4, 4, 4, 2, 2, 2, 6, 6, 6]);
        assert_eq!(sloped.gradient_energy(), 16.0 + 4.0);
        assert_eq!(picture(&[9; 12]).gradient_energy(), 0.0);
    }

    #[test]
    fn deviation_and_correlation_are_those_of_the_bytes() {
        let rgb = [0, 0, 0, 10, 10, 10];
        assert_eq!(Picture { width: 2, rgb: &rgb }.deviation(), 5.0);
        let (rising, falling) = ([1, 2, 3, 4, 5, 6], [60, 50, 40, 30, 20, 10]);
        assert!((correlation(&rising, &falling) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&rising, &[7; 6]), 0.0);
    }
}
