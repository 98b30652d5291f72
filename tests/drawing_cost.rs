//! What drawing a frame costs: measured, not part of a usual run of the tests.

use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::io::{self, Write};
use worldtape::input::{Commands, Mood};
use worldtape::measure::Stopwatch;
use worldtape::screen::play::{Facts, Shown, View};
use worldtape::screen::{Canvas, Cell, Graphics, Look, Palette};

const FRAMES: usize = 300;
/// A picture of 128 by 48 cells, and four lines under it.
const AREA: Rect = Rect { x: 0, y: 0, width: 128, height: 52 };
const SIZE: (usize, usize) = (128, 96);

/// Counts what a terminal would be sent.
#[derive(Default)]
struct Sent(u64);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A picture of which every pixel changes from frame to frame: the worst there is.
fn pixels(frame: usize) -> Vec<u8> {
    let mix = |place: usize| (place + frame * 7919).wrapping_mul(2_654_435_761) >> 13;
    (0..3 * SIZE.0 * SIZE.1).map(|place| mix(place) as u8).collect()
}

/// Microseconds of each drawing, sorted, and the bytes of all.
fn drawings(palette: Palette, graphics: Graphics) -> (Vec<u64>, u64) {
    let facts = Facts {
        tape: None,
        buttons: vec![("forward".to_owned(), "up w".to_owned())],
        commands: Commands::beside(&[]),
        has_releases: true,
        device: "cpu".to_owned(),
        frames_per_second: 35,
        picture: SIZE,
    };
    let mut sent = Sent::default();
    let options = TerminalOptions { viewport: Viewport::Fixed(AREA) };
    let backend = CrosstermBackend::new(&mut sent);
    let mut terminal = Terminal::with_options(backend, options).expect("a terminal");
    let mut canvas = Canvas::new(graphics, false, None);
    let mut drawing = |frame: usize| {
        let shown = Shown { frame: frame as u64, pixels: pixels(frame), ..Shown::default() };
        let look = Look { palette, is_ascii: false };
        let (mood, cell, canvas) = (Mood::default(), Cell::default(), canvas.as_mut());
        let facts = &facts;
        let view = View { facts, shown: &shown, mood, key_to_screen_us: None, look, cell, canvas };
        let watch = Stopwatch::start();
        terminal.draw(|frame| frame.render_widget(view, frame.area())).expect("drawn");
        watch.now_ns() / 1000
    };
    let mut took_us: Vec<u64> = (0..FRAMES).map(&mut drawing).collect();
    took_us.sort_unstable();
    drop(terminal);
    (took_us, sent.0)
}

#[test]
#[ignore = "a measurement: cargo test --release --test drawing_cost -- --ignored --nocapture"]
fn a_picture_of_128_by_48_cells_is_drawn_in_two_milliseconds() {
    for (palette, graphics, limit_us) in [
        (Palette::Full, Graphics::Blocks, 2_000),
        (Palette::Indexed, Graphics::Blocks, 2_000),
        (Palette::Letters, Graphics::Blocks, 2_000),
        (Palette::Full, Graphics::Kitty, 2_000),
        (Palette::Full, Graphics::Iterm2, 10_000),
        (Palette::Full, Graphics::Sixel, 1_000_000),
    ] {
        let (took_us, bytes) = drawings(palette, graphics);
        let (p50_us, p99_us) = (took_us[FRAMES / 2], took_us[FRAMES * 99 / 100]);
        let bytes = bytes / FRAMES as u64;
        println!("{graphics}, colours {palette}: p50 {p50_us} us, p99 {p99_us} us, {bytes} B");
        assert!(p50_us <= limit_us, "{graphics}: {p50_us} us");
    }
}
