//! Did the gun flash? Bright pixels that were not there before, where the gun's muzzle is.

use super::Picture;

/// The part of a picture where a flash shows, as shares of width and height: left, right, top,
/// bottom. In a picture of 128x96 it is 24x26 pixels above the gun.
const MUZZLE: [f64; 4] = [0.406_25, 0.593_75, 0.479_17, 0.75];
/// Share of the height, from the top, that neither gun nor flash reaches.
pub(super) const ABOVE_THE_MUZZLE: f64 = MUZZLE[2];
/// Brightness, the mean of the colours, from which a pixel is as bright as a flash.
const BRIGHT: f64 = 200.0;
/// Share of the muzzle's pixels that become bright from one picture to the next. In held-out play
/// of the arena, a shot made at least 0.06 of them bright, play without shots less than 0.03 in 99
/// spans of 100.
const SHARE: f64 = 0.045;

/// Is there a flash in `after` that is not in `before`, the picture just before it?
pub fn flash(before: Picture<'_>, after: Picture<'_>) -> bool {
    bright_share(after) - bright_share(before) >= SHARE
}

/// Share of the muzzle's pixels that are bright.
fn bright_share(picture: Picture<'_>) -> f64 {
    let (width, height) = (picture.width, picture.height());
    let at = |share: f64, side: usize| (share * side as f64) as usize;
    let [left, right, top, bottom] = MUZZLE;
    let columns = at(left, width)..at(right, width).max(at(left, width) + 1);
    let rows = at(top, height)..at(bottom, height).max(at(top, height) + 1);
    let grey = picture.grey();
    let count = rows.len() * columns.len();
    let places = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
    let bright = places.filter(|&(x, y)| f64::from(grey[y * width + x]) >= BRIGHT).count();
    bright as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bright_spot_at_the_muzzle_is_a_flash_and_elsewhere_it_is_none() {
        let dark = vec![40; 128 * 96 * 3];
        let spot = |left: usize, top: usize| {
            let mut bytes = dark.clone();
            for (y, x) in (top..top + 10).flat_map(|y| (left..left + 10).map(move |x| (y, x))) {
                bytes[3 * (y * 128 + x)..][..3].copy_from_slice(&[255, 230, 120]);
            }
            bytes
        };
        let seen = |before: &[u8], after: &[u8]| {
            let picture = |rgb| Picture { width: 128, rgb };
            flash(Picture { width: 128, rgb: before }, picture(after))
        };
        assert!(seen(&dark, &spot(58, 55)));
        assert!(!seen(&dark, &spot(10, 55)));
        assert!(!seen(&dark, &spot(58, 5)));
        assert!(!seen(&spot(58, 55), &spot(58, 55)));
        assert!(!seen(&spot(58, 55), &dark));
    }
}
