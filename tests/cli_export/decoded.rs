//! What others make of an export: decoders that share nothing with the encoders.

use std::io::Cursor;
use std::num::NonZero;

/// One picture of a GIF: RGB u8 rows, and how long it is seen.
pub struct GifPicture {
    pub pixels: Vec<u8>,
    pub delay_cs: u16,
}

/// Every picture of a GIF, and its size.
pub fn gif(bytes: &[u8]) -> ((usize, usize), Vec<GifPicture>) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(bytes).expect("a GIF");
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    let size = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut pictures = Vec::new();
    while let Some(frame) = decoder.read_next_frame().expect("whole") {
        assert_eq!((usize::from(frame.width), usize::from(frame.height)), size);
        let pixels = frame.buffer.chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
        pictures.push(GifPicture { pixels, delay_cs: frame.delay });
    }
    (size, pictures)
}

/// RGB u8 rows of a PNG, and its size.
pub fn png(bytes: &[u8]) -> ((usize, usize), Vec<u8>) {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut pixels).expect("whole");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    reader.finish().expect("an end");
    ((info.width as usize, info.height as usize), pixels)
}

/// A rectangle out of RGB u8 rows.
pub fn cut(
    pixels: &[u8],
    row_width: usize,
    (left, top): (usize, usize),
    (width, height): (usize, usize),
) -> Vec<u8> {
    let rows = top..top + height;
    let row = |y: usize| pixels[3 * (y * row_width + left)..][..3 * width].to_vec();
    rows.flat_map(row).collect()
}

/// Header and pictures of a Y4M, each as its three planes.
pub fn y4m(bytes: &[u8], (width, height): (usize, usize)) -> (String, Vec<[Vec<u8>; 3]>) {
    let end = bytes.iter().position(|&byte| byte == b'\n').expect("a header");
    let header = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let plane = width * height;
    let frames = bytes[end + 1..].chunks(6 + 3 * plane);
    let frame = |frame: &[u8]| {
        assert_eq!(frame.len(), 6 + 3 * plane, "a whole frame");
        assert_eq!(frame[..6], *b"FRAME\n");
        [0, 1, 2].map(|channel| frame[6 + channel * plane..][..plane].to_vec())
    };
    (header, frames.map(frame).collect())
}

/// RGB of a pixel of full-range BT.601, in real numbers.
pub fn rgb([y, cb, cr]: [u8; 3]) -> [f64; 3] {
    let (y, cb, cr) = (f64::from(y), f64::from(cb) - 128.0, f64::from(cr) - 128.0);
    let green = y - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587;
    [y + 1.402 * cr, green, y + 1.772 * cb].map(|value| value.round_ties_even().clamp(0.0, 255.0))
}

/// One event of a cast.
pub struct Event {
    /// Microseconds since the event before.
    pub interval_us: u64,
    pub kind: String,
    pub text: String,
}

/// Header and events of an asciicast.
pub fn cast(bytes: &[u8]) -> (serde_json::Value, Vec<Event>) {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    assert!(text.ends_with('\n'));
    let mut lines = text.lines().map(|line| line.parse::<serde_json::Value>().expect("JSON"));
    let header = lines.next().expect("a header");
    let event = |line: serde_json::Value| {
        let fields = line.as_array().expect("an array").clone();
        assert_eq!(fields.len(), 3, "{line}");
        let seconds = fields[0].as_f64().expect("seconds");
        let text = |index: usize| fields[index].as_str().expect("a text").to_owned();
        let interval_us = (seconds * 1e6).round_ties_even() as u64;
        Event { interval_us, kind: text(1), text: text(2) }
    };
    (header, lines.map(event).collect())
}

/// A terminal that shows nothing yet.
pub fn terminal(columns: u16, rows: u16) -> vt100::Parser {
    let side = |cells| NonZero::new(cells).expect("some cells");
    vt100::Parser::new(side(rows), side(columns), 0)
}

/// RGB u8 rows of what a terminal shows in half blocks: two rows of pixels in each of its rows.
pub fn half_blocks(screen: &vt100::Screen, columns: usize, rows: usize) -> Vec<u8> {
    let rgb = |color| match color {
        vt100::Color::Rgb(red, green, blue) => [red, green, blue],
        other => panic!("no colour of its own: {other:?}"),
    };
    let mut pixels = Vec::new();
    for line in 0..2 * rows {
        for column in 0..columns {
            let cell = screen.cell((line / 2) as u16, column as u16).expect("on the screen");
            assert_eq!(cell.contents(), "\u{2580}", "row {} column {column}", line / 2);
            pixels.extend(rgb(if line % 2 == 0 { cell.fgcolor() } else { cell.bgcolor() }));
        }
    }
    pixels
}
