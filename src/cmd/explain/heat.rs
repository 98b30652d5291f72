//! The heat map of two pictures, as a PNG.

use crate::cmd::{files, output};
use crate::drift::{Pair, PictureDifference, heat_map, picture_difference};
use anyhow::{Context, Result};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Small pictures are drawn as squares, so that they are at least so wide, in pixels.
const WIDTH_MIN: usize = 512;

/// A heat map that was written.
#[derive(Debug, Serialize)]
pub(super) struct Drawn {
    /// Where.
    file: PathBuf,
    /// Of which frame's pictures.
    pub(super) frame: u64,
    /// How far they are apart.
    #[serde(flatten)]
    pub(super) difference: PictureDifference,
}

impl Drawn {
    /// The file, for people.
    pub(super) fn name(&self) -> String {
        output::plain(&self.file.display().to_string())
    }
}

/// Draws where the pictures of `frame` differ. Where they do not, nothing is written; that is said.
pub(super) fn draw(
    path: &Path,
    [width, height]: [usize; 2],
    frame: u64,
    pair: &mut Pair<'_>,
) -> Result<Option<Drawn>> {
    let (ours, theirs) = (pair.ours.picture(frame)?, pair.theirs.picture(frame)?);
    let difference = picture_difference(&ours, &theirs);
    if difference.pixels == 0 {
        output::note(&format!("no picture differs: {} is not written", path.display()));
        return Ok(None);
    }
    let heat = heat_map(&ours, &theirs);
    let scale = WIDTH_MIN.div_ceil(width.max(1));
    let enlarged = enlarged(&heat, width, scale);
    let mut file = files::create(path)?;
    let written = write(&mut file, &enlarged, [width * scale, height * scale]);
    let written = written.inspect_err(|_| files::discard(path));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Some(Drawn { file: path.to_path_buf(), frame, difference }))
}

/// Each pixel of RGB rows as a square of `scale` pixels.
fn enlarged(rgb: &[u8], width: usize, scale: usize) -> Vec<u8> {
    let rows = rgb.chunks_exact(3 * width);
    rows.flat_map(|row| {
        let row: Vec<u8> = row.chunks_exact(3).flat_map(|pixel| pixel.repeat(scale)).collect();
        row.repeat(scale)
    })
    .collect()
}

fn write(file: &mut File, rgb: &[u8], [width, height]: [usize; 2]) -> Result<()> {
    let mut out = BufWriter::new(file);
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::enlarged;

    #[test]
    fn a_pixel_becomes_a_square() {
        let rgb = [1, 2, 3, 4, 5, 6];
        let row = [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6];
        assert_eq!(enlarged(&rgb, 2, 2), [row, row].concat());
    }
}
