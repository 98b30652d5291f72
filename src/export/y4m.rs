//! YUV4MPEG2, what ffmpeg and its like read from a pipe: every pixel, at an exact rate.

use super::pixels::enlarge;
use super::{BUFFER_BYTES, Encoder, ExportError, Shot, Size};
use std::io::{BufWriter, Write};

/// Bits after the point of the factors.
const SHIFT: u32 = 16;
const HALF: i32 = 1 << (SHIFT - 1);

/// Factors of BT.601, times 2^16; a row of Y sums to 2^16, those of Cb and Cr to 0.
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_059, -21_709, 32_768];
const RED: [i32; 3] = [32_768, -27_439, -5_329];

/// Writes pictures as 4:4:4, full range.
pub struct Y4mEncoder<W: Write> {
    out: BufWriter<W>,
    size: Size,
    /// Y, then Cb, then Cr of the picture as it came.
    plane: Vec<u8>,
    enlarged: Vec<u8>,
}

impl<W: Write> Y4mEncoder<W> {
    /// Writes the header; `rate` is pictures a second, numerator and denominator.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`], [`ExportError::Write`]
    pub fn new(out: W, size: Size, rate: (u64, u64)) -> Result<Y4mEncoder<W>, ExportError> {
        size.check()?;
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, out);
        let ((width, height), (pictures, seconds)) = (size.enlarged(), rate);
        writeln!(
            out,
            "YUV4MPEG2 W{width} H{height} F{pictures}:{seconds} Ip A1:1 C444 XCOLORRANGE=FULL"
        )?;
        Ok(Y4mEncoder { out, size, plane: Vec::new(), enlarged: Vec::new() })
    }
}

impl<W: Write + Send> Encoder for Y4mEncoder<W> {
    fn picture(&mut self, shot: &Shot<'_>) -> Result<(), ExportError> {
        self.out.write_all(b"FRAME\n")?;
        for channel in 0..3 {
            self.plane.clear();
            let pixels = shot.pixels.as_chunks::<3>().0;
            self.plane.extend(pixels.iter().map(|rgb| ycbcr(*rgb)[channel]));
            enlarge::<1>(&self.plane, self.size.width, self.size.scale, &mut self.enlarged);
            self.out.write_all(&self.enlarged)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}

/// Y, Cb and Cr of a colour: BT.601, full range (0 to 255), as JPEG has it. Each is
/// `(f . rgb + 2^15) >> 16` of its factors, Cb and Cr plus 128 and one less before the shift, so
/// that 255 is the most. Undone in real numbers, no channel is off by more than 2.
pub fn ycbcr(rgb: [u8; 3]) -> [u8; 3] {
    let sum = |factors: [i32; 3]| -> i32 {
        factors.iter().zip(rgb).map(|(factor, value)| factor * i32::from(value)).sum()
    };
    let chroma = |factors| (sum(factors) + (128 << SHIFT) + HALF - 1) >> SHIFT;
    [(sum(LUMA) + HALF) >> SHIFT, chroma(BLUE), chroma(RED)].map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_keep_white_white_and_grey_grey() {
        assert_eq!(LUMA.iter().sum::<i32>(), 1 << SHIFT);
        assert_eq!((BLUE.iter().sum::<i32>(), RED.iter().sum::<i32>()), (0, 0));
        for grey in 0..=255 {
            assert_eq!(ycbcr([grey; 3]), [grey, 128, 128]);
        }
        assert_eq!(ycbcr([255, 0, 0]), [76, 85, 255]);
        assert_eq!(ycbcr([0, 0, 255]), [29, 255, 107]);
    }

    #[test]
    fn every_colour_comes_back_within_two() {
        for code in 0..1 << 24 {
            let [_, red, green, blue] = u32::to_be_bytes(code);
            let [y, cb, cr] = ycbcr([red, green, blue]).map(f64::from);
            let (cb, cr) = (cb - 128.0, cr - 128.0);
            let back = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
            for (back, value) in back.into_iter().zip([red, green, blue]) {
                let back = back.round_ties_even().clamp(0.0, 255.0);
                assert!((back - f64::from(value)).abs() <= 2.0, "{code:06x}: {back} for {value}");
            }
        }
    }

    #[test]
    fn the_stream_is_a_header_and_planes() {
        let mut bytes = Vec::new();
        let size = Size { width: 2, height: 1, scale: 2 };
        let mut encoder = Box::new(Y4mEncoder::new(&mut bytes, size, (35, 2)).expect("written"));
        let pixels = [255, 0, 0, 9, 9, 9];
        let (frame, begins_us, ends_us, line) = (0, 0, 1, "");
        let shot = Shot { frame, pixels: &pixels, begins_us, ends_us, line, remarks: &[] };
        encoder.picture(&shot).expect("written");
        encoder.finish().expect("written");
        let header = b"YUV4MPEG2 W4 H2 F35:2 Ip A1:1 C444 XCOLORRANGE=FULL\nFRAME\n";
        assert_eq!(bytes[..header.len()], header[..]);
        let planes = [[76, 76, 9, 9], [85, 85, 128, 128], [255, 255, 128, 128]];
        let planes: Vec<u8> = planes.iter().flat_map(|row| [*row, *row]).flatten().collect();
        assert_eq!(bytes[header.len()..], planes);
    }
}
