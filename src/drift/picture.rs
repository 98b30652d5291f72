//! How far apart two pictures are, and where.

use crate::exact::ln;
use serde::Serialize;

/// How far apart two pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PictureDifference {
    /// Pixels with a channel that differs.
    pub pixels: u64,
    /// The largest difference of a channel, 0 to 255.
    pub largest: u8,
    /// Peak signal-to-noise ratio over all channels, 10 log10(255^2 / mean square); `None` where
    /// the pictures are equal. Within 1e-5 of a decibel.
    pub psnr_db: Option<f32>,
}

/// The difference of two pictures of the same size, as RGB u8 rows.
pub fn picture_difference(left: &[u8], right: &[u8]) -> PictureDifference {
    assert_eq!(left.len(), right.len(), "pictures of one world have one size");
    let pixels = left.chunks_exact(3).zip(right.chunks_exact(3)).filter(|(l, r)| l != r).count();
    let differences = || left.iter().zip(right).map(|(l, r)| l.abs_diff(*r));
    let squares: u64 = differences().map(|difference| u64::from(difference).pow(2)).sum();
    let psnr_db = (squares > 0).then(|| {
        let ratio = 255.0 * 255.0 * left.len() as f64 / squares as f64;
        10.0 * ln(ratio as f32) / std::f32::consts::LN_10
    });
    let largest = differences().max().unwrap_or(0);
    PictureDifference { pixels: pixels as u64, largest, psnr_db }
}

/// Where two pictures differ, as RGB u8 rows: black where they are equal; from there dark blue over
/// red to yellow and white, by each pixel's largest channel difference as a share of the picture's
/// largest, so that a difference of one is seen as well as one of 255.
pub fn heat_map(left: &[u8], right: &[u8]) -> Vec<u8> {
    let largest = picture_difference(left, right).largest;
    let pixels = left.chunks_exact(3).zip(right.chunks_exact(3));
    let heat = pixels.map(|(left, right)| {
        left.iter().zip(right).map(|(l, r)| l.abs_diff(*r)).max().unwrap_or(0)
    });
    heat.flat_map(|heat| colour(heat, largest)).collect()
}

/// The colours of heat, at equal distances.
const COLOURS: [[u8; 3]; 5] =
    [[40, 20, 120], [160, 20, 130], [230, 70, 60], [255, 190, 40], [255, 255, 220]];

/// The colour of `heat` out of `largest`, between its two neighbours in the table.
fn colour(heat: u8, largest: u8) -> [u8; 3] {
    if heat == 0 {
        return [0; 3];
    }
    let steps = u32::from(heat) * (COLOURS.len() as u32 - 1) * 256 / u32::from(largest);
    let (index, part) = ((steps / 256) as usize, steps % 256);
    let next = COLOURS[(index + 1).min(COLOURS.len() - 1)];
    let between =
        |low: u8, high: u8| (u32::from(low) * (256 - part) + u32::from(high) * part) / 256;
    std::array::from_fn(|channel| between(COLOURS[index][channel], next[channel]) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pictures_have_no_difference_and_no_heat() {
        let picture = [7, 8, 9, 10, 11, 12];
        let difference = picture_difference(&picture, &picture);
        assert_eq!(difference, PictureDifference { pixels: 0, largest: 0, psnr_db: None });
        assert_eq!(heat_map(&picture, &picture), [0; 6]);
    }

    #[test]
    fn one_channel_of_one_pixel_is_counted_and_seen() {
        let (left, mut right) = ([100; 12], [100; 12]);
        right[4] = 101;
        let difference = picture_difference(&left, &right);
        assert_eq!((difference.pixels, difference.largest), (1, 1));
        let psnr_db = difference.psnr_db.expect("they differ");
        // 10 log10(255^2 * 12)
        assert!((psnr_db - 58.922_616).abs() < 1e-4, "{psnr_db}");
        let heat = heat_map(&left, &right);
        assert_eq!(&heat[3..6], COLOURS[4]);
        assert!(heat[..3].iter().chain(&heat[6..]).all(|value| *value == 0));
    }

    #[test]
    fn more_heat_is_brighter() {
        let brightness =
            |heat| colour(heat, 255).iter().map(|value| u32::from(*value)).sum::<u32>();
        assert!((1..=255).all(|heat| brightness(heat) >= brightness(heat - 1)));
    }
}
