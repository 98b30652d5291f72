//! Pixels before they are encoded: enlarged without mixing, and the edge of one that drifted.

/// Colour of the edge round a picture that is not the tape's: RGB.
pub const EDGE: [u8; 3] = [255, 0, 0];

/// Draws the outermost pixels of RGB u8 rows of `width` pixels in [`EDGE`]'s colour.
pub fn draw_edge(pixels: &mut [u8], width: usize) {
    let height = pixels.len() / 3 / width.max(1);
    for (index, pixel) in pixels.chunks_exact_mut(3).enumerate() {
        let (x, y) = (index % width, index / width);
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            pixel.copy_from_slice(&EDGE);
        }
    }
}

/// Appends one row of pixels of `DEPTH` bytes to `out`, each pixel `scale` times.
pub(super) fn enlarge_row<const DEPTH: usize>(row: &[u8], scale: usize, out: &mut Vec<u8>) {
    for pixel in row.chunks_exact(DEPTH) {
        for _ in 0..scale {
            out.extend_from_slice(pixel);
        }
    }
}

/// Puts rows of `width` pixels of `DEPTH` bytes into `out`, each pixel as a square of `scale`.
pub(super) fn enlarge<const DEPTH: usize>(
    rows: &[u8],
    width: usize,
    scale: usize,
    out: &mut Vec<u8>,
) {
    out.clear();
    for row in rows.chunks_exact(DEPTH * width) {
        let start = out.len();
        enlarge_row::<DEPTH>(row, scale, out);
        let end = out.len();
        for _ in 1..scale {
            out.extend_from_within(start..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_becomes_a_square() {
        let mut out = vec![9];
        enlarge::<1>(&[1, 2, 3, 4], 2, 2, &mut out);
        assert_eq!(out, [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
        enlarge::<3>(&[1, 2, 3], 1, 2, &mut out);
        assert_eq!(out, [1, 2, 3].repeat(4));
    }

    #[test]
    fn the_edge_is_one_pixel_wide() {
        let mut pixels = [7; 3 * 4 * 3];
        draw_edge(&mut pixels, 4);
        let inside: Vec<usize> = (0..12).filter(|i| pixels[3 * i..3 * i + 3] == [7; 3]).collect();
        assert_eq!(inside, [5, 6]);
        let mut one = [7; 3];
        draw_edge(&mut one, 1);
        assert_eq!(one, EDGE);
    }
}
