//! Pictures of what was measured, as PNG files.

use crate::cmd::{files, output};
use crate::evaluate::Strip;
use crate::world::PictureSize;
use anyhow::{Context, Result, bail};
use std::path::Path;

/// White pixels between pictures.
const GAP: usize = 4;
/// Bytes of a pixel.
const PIXEL: usize = 3;

/// Makes the folder, or finds it empty, before the work for its files begins.
pub(super) fn prepare(folder: &Path) -> Result<()> {
    let named = || format!("cannot make the folder {}", folder.display());
    if folder.symlink_metadata().is_err() {
        return std::fs::create_dir(folder).with_context(named);
    }
    let mut entries = folder.read_dir().with_context(named)?;
    if entries.next().is_some() {
        bail!("{} is not empty; choose another folder with --strips", folder.display());
    }
    Ok(())
}

/// Writes the file of a strip and says on stderr what its rows are.
pub(super) fn write(folder: &Path, strip: &Strip, size: PictureSize) -> Result<()> {
    let columns = strip.rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
    if columns == 0 {
        return Ok(());
    }
    let path = folder.join(format!("{}.png", strip.name));
    let width = columns * (size.width + GAP) + GAP;
    let height = strip.rows.len() * (size.height + GAP) + GAP;
    let mut pixels = vec![255; width * height * PIXEL];
    for (row, (_, pictures)) in strip.rows.iter().enumerate() {
        for (column, picture) in pictures.iter().enumerate() {
            let left = GAP + column * (size.width + GAP);
            let top = GAP + row * (size.height + GAP);
            for (y, line) in picture.chunks(size.width * PIXEL).enumerate() {
                let start = ((top + y) * width + left) * PIXEL;
                pixels[start..start + line.len()].copy_from_slice(line);
            }
        }
    }
    let file = files::create(&path)?;
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut out| {
        out.write_image_data(&pixels)?;
        out.finish()
    });
    let written = written.inspect_err(|_| files::discard(&path));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    for (number, (name, _)) in strip.rows.iter().enumerate() {
        output::note(&format!("{}, row {}: {name}", path.display(), number + 1));
    }
    Ok(())
}
