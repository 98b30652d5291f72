//! GIF: opens anywhere; 256 colours a picture, times in hundredths of a second.

use super::pixels::enlarge;
use super::{BUFFER_BYTES, Encoder, ExportError, Shot, Size, at_most};
use ::gif::{EncodingError, Frame, Repeat};
use std::borrow::Cow;
use std::io::{BufWriter, Write};

/// Most pixels in a row, and rows.
pub const GIF_SIDE_MAX: u64 = u16::MAX as u64;

/// Shortest time of a picture, in hundredths of a second: below it, viewers show it for ten.
pub const DELAY_CS_MIN: u64 = 2;

/// Longest time of a picture, in hundredths of a second.
pub const DELAY_CS_MAX: u64 = u16::MAX as u64;

const CENTISECOND_US: u64 = 10_000;

/// How thoroughly colours are looked for, 1 (best) to 30. Why 1: faster ones look at few pixels of
/// small pictures.
const QUANTISE_SPEED: i32 = 1;

/// Writes pictures one after the other, each with colours of its own, shown again and again.
pub struct GifEncoder<W: Write> {
    encoder: ::gif::Encoder<BufWriter<W>>,
    size: Size,
    enlarged: Vec<u8>,
}

impl<W: Write> GifEncoder<W> {
    /// Writes the header. Pictures will last about `picture_us` each.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`], [`ExportError::Delay`], [`ExportError::Write`]
    pub fn new(out: W, size: Size, picture_us: u64) -> Result<GifEncoder<W>, ExportError> {
        size.check()?;
        let (width, height) = size.enlarged();
        at_most("pixels of a GIF's side", width.max(height) as u64, GIF_SIDE_MAX)?;
        let (min_us, max_us) = (DELAY_CS_MIN * CENTISECOND_US, (DELAY_CS_MAX - 1) * CENTISECOND_US);
        if !(min_us..=max_us).contains(&picture_us) {
            return Err(ExportError::Delay { found_us: picture_us, min_us, max_us });
        }
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        let encoder = ::gif::Encoder::new(out, width as u16, height as u16, &[]);
        let mut encoder = encoder.map_err(error)?;
        encoder.set_repeat(Repeat::Infinite).map_err(error)?;
        Ok(GifEncoder { encoder, size, enlarged: Vec::new() })
    }
}

impl<W: Write + Send> Encoder for GifEncoder<W> {
    fn picture(&mut self, shot: &Shot<'_>) -> Result<(), ExportError> {
        let Size { width, height, scale } = self.size;
        // Colours are looked for before it is enlarged: there are no others after it.
        let small = Frame::from_rgb_speed(width as u16, height as u16, shot.pixels, QUANTISE_SPEED);
        enlarge::<1>(&small.buffer, width, scale, &mut self.enlarged);
        let frame = Frame {
            width: (width * scale) as u16,
            height: (height * scale) as u16,
            buffer: Cow::Borrowed(&self.enlarged),
            palette: small.palette,
            delay: delay_cs(shot.begins_us, shot.ends_us),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(error)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let mut out = self.encoder.into_inner().map_err(error)?;
        Ok(out.flush()?)
    }
}

/// Hundredths of a second between two times, each rounded: sums of them are right to one half.
fn delay_cs(begins_us: u64, ends_us: u64) -> u16 {
    let rounded = |us: u64| us.saturating_add(CENTISECOND_US / 2) / CENTISECOND_US;
    let delay = rounded(ends_us).saturating_sub(rounded(begins_us));
    delay.clamp(DELAY_CS_MIN, DELAY_CS_MAX) as u16
}

fn error(error: EncodingError) -> ExportError {
    match error {
        EncodingError::Io(error) => ExportError::Write(error),
        other => ExportError::Refused { format: "GIF", what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rate;
    use super::*;

    #[test]
    fn delays_are_spread_so_that_their_sum_is_the_time() {
        let rate = Rate::from_milli(35_000);
        let delay = |n| delay_cs(rate.begins_us(n), rate.begins_us(n + 1));
        let delays: Vec<u16> = (0..350).map(delay).collect();
        assert_eq!(delays[..7], [3, 3, 3, 2, 3, 3, 3]);
        assert!(delays.iter().all(|delay| (2..=3).contains(delay)));
        assert_eq!(delays.iter().map(|&delay| u32::from(delay)).sum::<u32>(), 1000);
    }

    /// The colours that a GIF of one picture of 32 by 32 shows.
    fn shown(pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let size = Size { width: 32, height: 32, scale: 1 };
        let mut encoder = Box::new(GifEncoder::new(&mut bytes, size, 30_000).expect("a GIF"));
        let (frame, begins_us, ends_us, line) = (0, 0, 30_000, "");
        encoder
            .picture(&Shot { frame, pixels, begins_us, ends_us, line, remarks: &[] })
            .expect("in");
        encoder.finish().expect("written");
        let mut options = ::gif::DecodeOptions::new();
        options.set_color_output(::gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(&bytes[..]).expect("a GIF");
        let frame = decoder.read_next_frame().expect("whole").expect("one picture");
        frame.buffer.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }

    #[test]
    fn up_to_256_colours_stay_as_they_are_and_more_come_near() {
        let few: Vec<u8> = (0..1024_u32).flat_map(|n| [n as u8, 7, 255 - n as u8]).collect();
        assert!(shown(&few) == few);
        let many: Vec<u8> =
            (0..1024_u32).flat_map(|n| [(n % 32 * 8) as u8, (n / 32 * 8) as u8, 40]).collect();
        let shown = shown(&many);
        let pairs = shown.iter().zip(&many);
        let sum: u64 = pairs.map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        let mean = sum as f64 / many.len() as f64;
        assert!((0.1..8.0).contains(&mean), "{mean}");
    }

    #[test]
    fn a_time_that_viewers_would_not_keep_is_refused() {
        let size = Size { width: 2, height: 2, scale: 1 };
        for (us, is_taken) in [(19_999, false), (20_000, true), (655_340_000, true)] {
            assert_eq!(GifEncoder::new(Vec::new(), size, us).is_ok(), is_taken, "{us}");
        }
        assert!(GifEncoder::new(Vec::new(), size, 655_340_001).is_err());
    }

    #[test]
    fn a_picture_that_no_gif_holds_is_refused() {
        let size = Size { width: 4096, height: 1, scale: 16 };
        let refused = GifEncoder::new(Vec::new(), size, 30_000).err().expect("too wide");
        let line = "pixels of a GIF's side: 65536; at most 65535 can be";
        assert_eq!(refused.to_string(), line);
        let size = Size { width: 16_384, height: 16_384, scale: 1 };
        assert!(GifEncoder::new(Vec::new(), size, 30_000).is_err());
    }
}
