//! Pictures as PNG inside the page, within what a page may hold.

use super::base64::base64;
use png::{BitDepth, ColorType, Compression, Encoder};
use thiserror::Error;

/// Most letters of all pictures of a page. Why 2 MB: with the frames' columns a page stays near
/// 3 MB, which mail takes.
pub const PICTURE_BYTES_MAX: usize = 2_000_000;

/// Why a picture cannot be in a page.
#[derive(Debug, Error)]
pub enum PictureError {
    /// The bytes are not those of a picture of that size.
    #[error("a picture of {width}x{height} has {expected} bytes; there are {found}")]
    Size {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes there should be.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The encoder refuses it.
    #[error("a picture of {width}x{height} cannot be a PNG: {reason}")]
    Png {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// What the encoder says.
        reason: String,
    },
}

/// A picture, ready for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
    /// The PNG in base64.
    pub(super) png: String,
}

impl Picture {
    /// A picture of RGB u8 rows, lossless.
    ///
    /// # Errors
    /// [`PictureError`] where the bytes are not of that size, or of no size that PNG takes.
    pub fn new(rgb: &[u8], width: u32, height: u32) -> Result<Picture, PictureError> {
        let (expected, found) = (u64::from(width) * u64::from(height) * 3, rgb.len() as u64);
        if expected != found {
            return Err(PictureError::Size { width, height, expected, found });
        }
        let mut bytes = Vec::new();
        let refused = |error: png::EncodingError| {
            let reason = error.to_string();
            PictureError::Png { width, height, reason }
        };
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::High);
        let mut writer = encoder.write_header().map_err(refused)?;
        writer.write_image_data(rgb).map_err(refused)?;
        writer.finish().map_err(refused)?;
        Ok(Picture { width, height, png: base64(&bytes) })
    }

    /// Letters that it takes in a page.
    pub fn bytes(&self) -> usize {
        self.png.len()
    }

    /// The picture as an `img`; `alt` and `attributes` are HTML already.
    pub(super) fn html(&self, alt: &str, attributes: &str) -> String {
        let Picture { width, height, png } = self;
        format!(
            "<img src=\"data:image/png;base64,{png}\" width=\"{width}\" height=\"{height}\" \
                alt=\"{alt}\"{attributes}>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_is_not_of_its_size_is_refused() {
        let refused = Picture::new(&[0; 11], 2, 2);
        assert!(matches!(refused, Err(PictureError::Size { expected: 12, found: 11, .. })));
        assert!(matches!(Picture::new(&[], 0, 0), Err(PictureError::Png { .. })));
        let picture = Picture::new(&[9; 12], 2, 2).expect("a picture");
        assert!(picture.html("a", "").starts_with("<img src=\"data:image/png;base64,iVBORw0KGgo"));
    }
}
