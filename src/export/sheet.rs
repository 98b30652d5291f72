//! A PNG sheet: pictures in rows, as they are, the frame's number under each.

use super::BUFFER_BYTES;
use super::digits::{DIGIT_HEIGHT, dots};
use super::pixels::enlarge_row;
use super::{Encoder, ExportError, Shot, Size, at_most};
use png::{ColorType, Compression, EncodingError, StreamWriter};
use std::io::Write;

/// Most pixels of a sheet. It is written row by row; who looks at it has to hold it whole.
pub const SHEET_PIXELS_MAX: u64 = 1 << 28;

/// Pixels between pictures and at the sheet's edges, before they are enlarged.
const GAP: usize = 2;
/// Rows for the number: a gap, the digits.
const LABEL_HEIGHT: usize = GAP + DIGIT_HEIGHT;

/// Grey of the sheet and of the numbers.
const PAPER: u8 = 255;
const INK: u8 = 0;

/// Where pictures lie on a sheet; lengths in pixels before it is enlarged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetLayout {
    size: Size,
    columns: usize,
    rows: usize,
}

impl SheetLayout {
    /// A sheet of `pictures`, `columns` of them in a row; both at least 1.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`]
    pub fn new(size: Size, pictures: u64, columns: u64) -> Result<SheetLayout, ExportError> {
        size.check()?;
        let columns = columns.clamp(1, pictures.max(1));
        at_most("pictures of a sheet", pictures, SHEET_PIXELS_MAX)?;
        let rows = pictures.max(1).div_ceil(columns);
        let layout = SheetLayout { size, columns: columns as usize, rows: rows as usize };
        let (width, height) = layout.enlarged();
        at_most("pixels of a sheet", width.saturating_mul(height), SHEET_PIXELS_MAX)?;
        Ok(layout)
    }

    /// Pixels in a row and rows of the sheet, enlarged.
    pub fn enlarged(&self) -> (u64, u64) {
        let enlarged = |pixels: usize| pixels as u64 * self.size.scale as u64;
        (enlarged(self.width()), enlarged(GAP + self.rows * self.band_height()))
    }

    /// Left and upper edge of the picture at `index`, enlarged.
    pub fn place(&self, index: usize) -> (usize, usize) {
        let (row, scale) = (index / self.columns, self.size.scale);
        (self.left(index % self.columns) * scale, (GAP + row * self.band_height()) * scale)
    }

    fn width(&self) -> usize {
        GAP + self.columns * (self.size.width + GAP)
    }

    /// A row of pictures, their numbers, and the gap under them.
    fn band_height(&self) -> usize {
        self.size.height + LABEL_HEIGHT + GAP
    }

    fn left(&self, column: usize) -> usize {
        GAP + column * (self.size.width + GAP)
    }
}

/// Holds one row of pictures and writes it when it is full.
pub struct SheetEncoder<W: Write + 'static> {
    out: StreamWriter<'static, W>,
    layout: SheetLayout,
    /// RGB u8 rows of the row of pictures at hand.
    band: Vec<u8>,
    /// Pictures in it.
    column: usize,
    enlarged: Vec<u8>,
}

impl<W: Write + 'static> SheetEncoder<W> {
    /// Writes the header and the upper edge.
    ///
    /// # Errors
    /// [`ExportError::Write`]
    pub fn new(out: W, layout: SheetLayout) -> Result<SheetEncoder<W>, ExportError> {
        let (width, height) = layout.enlarged();
        let mut encoder = png::Encoder::new(out, width as u32, height as u32);
        encoder.set_color(ColorType::Rgb);
        encoder.set_compression(Compression::Balanced);
        let writer = encoder
            .write_header()
            .and_then(|writer| writer.into_stream_writer_with_size(BUFFER_BYTES));
        let out = writer.map_err(error)?;
        let band = vec![PAPER; 3 * layout.width() * GAP];
        let mut sheet = SheetEncoder { out, layout, band, column: 0, enlarged: Vec::new() };
        sheet.write_band()?;
        sheet.band = vec![PAPER; 3 * layout.width() * layout.band_height()];
        Ok(sheet)
    }

    /// Writes the rows at hand and leaves blank paper.
    fn write_band(&mut self) -> Result<(), ExportError> {
        let scale = self.layout.size.scale;
        for row in self.band.chunks_exact(3 * self.layout.width()) {
            self.enlarged.clear();
            enlarge_row::<3>(row, scale, &mut self.enlarged);
            for _ in 0..scale {
                self.out.write_all(&self.enlarged)?;
            }
        }
        self.band.fill(PAPER);
        self.column = 0;
        Ok(())
    }

    /// Draws the frame's number; what does not fit under the picture is left out.
    fn write_number(&mut self, left: usize, number: u64) {
        let Size { width, height, .. } = self.layout.size;
        for (x, y) in dots(number).filter(|(x, _)| *x < width) {
            let start = 3 * ((height + GAP + y) * self.layout.width() + left + x);
            self.band[start..start + 3].fill(INK);
        }
    }
}

impl<W: Write + Send + 'static> Encoder for SheetEncoder<W> {
    fn picture(&mut self, shot: &Shot<'_>) -> Result<(), ExportError> {
        let left = self.layout.left(self.column);
        let (width, sheet_width) = (self.layout.size.width, self.layout.width());
        for (y, row) in shot.pixels.chunks_exact(3 * width).enumerate() {
            let start = 3 * (y * sheet_width + left);
            self.band[start..start + row.len()].copy_from_slice(row);
        }
        self.write_number(left, shot.frame);
        self.column += 1;
        if self.column == self.layout.columns {
            self.write_band()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if self.column > 0 {
            self.write_band()?;
        }
        self.out.finish().map_err(error)
    }
}

fn error(error: EncodingError) -> ExportError {
    match error {
        EncodingError::IoError(error) => ExportError::Write(error),
        other => ExportError::Refused { format: "PNG", what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_room_for_its_pictures_numbers_and_gaps() {
        let size = Size { width: 32, height: 16, scale: 1 };
        let layout = SheetLayout::new(size, 5, 3).expect("small");
        assert_eq!(layout.enlarged(), (2 + 3 * 34, 2 + 2 * (16 + 7 + 2)));
        assert_eq!([0, 2, 3].map(|i| layout.place(i)), [(2, 2), (70, 2), (2, 27)]);
        let one = SheetLayout::new(size, 2, 8).expect("small");
        assert_eq!(one.enlarged().0, 2 + 2 * 34, "no wider than its pictures");
        let large = Size { scale: 2, ..size };
        let large = SheetLayout::new(large, 5, 3).expect("small");
        assert_eq!(large.enlarged(), (2 * 104, 2 * 52));
        assert_eq!(large.place(3), (4, 54));
    }

    #[test]
    fn a_sheet_that_nobody_could_open_is_refused() {
        let size = Size { width: 128, height: 96, scale: 1 };
        assert!(SheetLayout::new(size, 1000, 8).is_ok());
        for pictures in [100_000, 100_000_000, u64::MAX] {
            assert!(SheetLayout::new(size, pictures, 8).is_err(), "{pictures}");
        }
    }
}
