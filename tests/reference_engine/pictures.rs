//! Strips of pictures as PNG files, each with its row's name on the left.

use crate::worlds::at;
use worldtape::engine::{Engine, Start};
use worldtape::event::Action;
use worldtape::export::digit_rows;

/// Frames from one picture of a strip to the next.
pub const FRAMES_APART: u64 = 10;

/// Pictures in a row.
pub const COLUMNS: usize = 6;

const WIDTH: usize = 128;
const HEIGHT: usize = 96;
/// Pixels between pictures.
const GAP: usize = 4;
/// Pixels left of the pictures, for the name.
const MARGIN: usize = 84;
/// Screen pixels of one pixel of a letter.
const LETTER_SCALE: usize = 2;

/// Frames of each action: forward, right, forward, attack, left and forward.
const SCRIPT: [(u64, Action); 5] =
    [(30, Action(1)), (20, Action(8)), (30, Action(1)), (10, Action(16)), (30, Action(5))];

/// Pictures side by side.
pub struct Strip {
    pub frames: Vec<Vec<u8>>,
}

impl Strip {
    /// Every tenth frame of the scripted play.
    pub fn of_script(engine: &mut dyn Engine, start: &Start) -> Strip {
        engine.reset(start).expect("finite");
        let spans = SCRIPT.iter();
        let actions = spans.flat_map(|&(frames, action)| (0..frames).map(move |_| action));
        let mut frames = Vec::new();
        for (frame, action) in (0..).zip(actions) {
            let made = engine.step(frame, action).expect("finite");
            if frame % FRAMES_APART == 0 {
                frames.push(made.picture.to_vec());
            }
        }
        Strip { frames }
    }
}

/// Writes `docs/pictures/NAME`: rows of pictures, each with its label to the left.
pub fn write(name: &str, strip: &Strip, label: impl Fn(usize) -> String) {
    let rows = strip.frames.len().div_ceil(COLUMNS);
    let columns = strip.frames.len().min(COLUMNS);
    let mut canvas = Canvas::new(MARGIN + columns * (WIDTH + GAP), rows * (HEIGHT + GAP) + GAP);
    for row in 0..rows {
        for (line, text) in label(row).lines().enumerate() {
            let top = GAP + row * (HEIGHT + GAP) + line * 8 * LETTER_SCALE;
            canvas.write(GAP, top, text);
        }
    }
    for (i, frame) in strip.frames.iter().enumerate() {
        let left = MARGIN + i % COLUMNS * (WIDTH + GAP);
        canvas.draw(left, GAP + i / COLUMNS * (HEIGHT + GAP), frame);
    }
    canvas.save(name);
}

/// White paper.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Canvas {
        let pixels = vec![255; width * height * 3];
        Canvas { width, height, pixels }
    }

    fn draw(&mut self, left: usize, top: usize, picture: &[u8]) {
        for (y, row) in picture.chunks(WIDTH * 3).enumerate() {
            let start = ((top + y) * self.width + left) * 3;
            self.pixels[start..start + row.len()].copy_from_slice(row);
        }
    }

    fn write(&mut self, left: usize, top: usize, text: &str) {
        for (i, letter) in text.bytes().enumerate() {
            let rows = letter_rows(letter);
            for (y, x) in (0..5).flat_map(|y| (0..3).map(move |x| (y, x))) {
                if rows >> (3 * (4 - y) + 2 - x) & 1 == 1 {
                    let x = left + (4 * i + x) * LETTER_SCALE;
                    self.dot(x, top + y * LETTER_SCALE);
                }
            }
        }
    }

    fn dot(&mut self, left: usize, top: usize) {
        for y in top..top + LETTER_SCALE {
            let start = (y * self.width + left) * 3;
            self.pixels[start..start + 3 * LETTER_SCALE].fill(0);
        }
    }

    fn save(&self, name: &str) {
        std::fs::create_dir_all(at("docs/pictures")).expect("a folder");
        let file = std::fs::File::create(at("docs/pictures").join(name)).expect("a file");
        let mut encoder = png::Encoder::new(file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().expect("written");
        writer.write_image_data(&self.pixels).expect("written");
    }
}

/// A letter of 3 by 5 dots: one octal digit a row.
fn letter_rows(letter: u8) -> u16 {
    const LETTERS: [u16; 26] = [
        0o25755, 0o65656, 0o34443, 0o65556, 0o74647, 0o74644, 0o34553, 0o55755, 0o72227, 0o11152,
        0o55655, 0o44447, 0o57755, 0o65555, 0o25552, 0o65644, 0o25573, 0o65655, 0o34216, 0o72222,
        0o55557, 0o55552, 0o55775, 0o55255, 0o55222, 0o71247,
    ];
    match letter {
        b'0'..=b'9' => digit_rows(letter - b'0'),
        b'a'..=b'z' => LETTERS[usize::from(letter - b'a')],
        _ => 0,
    }
}
