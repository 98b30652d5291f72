//! A picture as cells: two pixels in each, scaled with its proportions kept.

use super::palette::letter;
use super::{Look, Palette};
use ratatui::buffer::{Buffer, Cell as BufferCell};
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// The upper half of a cell in the foreground's colour, the lower in the background's.
const HALF_BLOCK: char = '\u{2580}';

/// RGB u8 rows, drawn as large as the area allows, in its middle.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// `3 * width * height` bytes.
    pub pixels: &'a [u8],
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What the terminal shows.
    pub look: Look,
    /// The size of its cells.
    pub cell: Cell,
}

/// Width and height of a cell: pixels, or any unit, as only their proportion counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// At least 1.
    pub width: u16,
    /// At least 1.
    pub height: u16,
}

impl Default for Cell {
    /// Twice as high as wide, so that half of it is a square.
    fn default() -> Cell {
        Cell { width: 1, height: 2 }
    }
}

/// The largest columns and rows in which a picture of `width` by `height` keeps its proportions.
pub fn fit(
    (width, height): (usize, usize),
    (columns, rows): (usize, usize),
    cell: Cell,
) -> (usize, usize) {
    if width == 0 || height == 0 {
        return (0, 0);
    }
    let (across, down) = (usize::from(cell.width.max(1)), usize::from(cell.height.max(1)));
    if columns * across * height <= rows * down * width {
        (columns, columns * across * height / (width * down))
    } else {
        (rows * down * width / (height * across), rows)
    }
}

/// The middle of `area` that a picture of this size fills.
pub(super) fn middle(size: (usize, usize), area: Rect, cell: Cell) -> Rect {
    let (columns, rows) = fit(size, (area.width.into(), area.height.into()), cell);
    let (columns, rows) = (columns as u16, rows as u16);
    let (left, top) = ((area.width - columns) / 2, (area.height - rows) / 2);
    Rect::new(area.x + left, area.y + top, columns, rows)
}

impl Widget for Picture<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let area = middle((self.width, self.height), area, self.cell);
        if self.pixels.len() != 3 * self.width * self.height || area.is_empty() {
            return;
        }
        let (columns, rows) = (usize::from(area.width), usize::from(area.height));
        let scaled = self.scaled(columns, 2 * rows);
        for (y, lines) in area.rows().zip(scaled.chunks_exact(2 * columns)) {
            let (upper, lower) = lines.split_at(columns);
            for (x, (&upper, &lower)) in (y.x..).zip(upper.iter().zip(lower)) {
                self.paint(&mut buffer[(x, y.y)], upper, lower);
            }
        }
    }
}

impl Picture<'_> {
    fn paint(&self, cell: &mut BufferCell, upper: [u8; 3], lower: [u8; 3]) {
        let Look { palette, is_ascii } = self.look;
        if palette == Palette::Letters {
            cell.set_char(letter(upper, lower));
        } else if is_ascii {
            let color = std::array::from_fn(|part| upper[part].midpoint(lower[part]));
            cell.set_char(' ').set_bg(palette.color(color));
        } else {
            let (upper, lower) = (palette.color(upper), palette.color(lower));
            cell.set_char(HALF_BLOCK).set_fg(upper).set_bg(lower);
        }
    }

    /// The picture in `columns` by `lines` pixels: each the mean of the box of pixels it covers,
    /// those at its edges counted by how much of them it covers.
    fn scaled(&self, columns: usize, lines: usize) -> Vec<[u8; 3]> {
        let across: Vec<Cover> = (0..columns).map(|x| Cover::of(x, columns, self.width)).collect();
        let pixel = |(x, y): (usize, usize)| {
            let (across, down) = (&across[x], Cover::of(y, lines, self.height));
            let mut sums = [0_u64; 3];
            for row in down.first..=down.last {
                for column in across.first..=across.last {
                    let weight = down.weight(row) * across.weight(column);
                    let at = 3 * (row * self.width + column);
                    for (sum, value) in sums.iter_mut().zip(&self.pixels[at..at + 3]) {
                        *sum += weight * u64::from(*value);
                    }
                }
            }
            let whole = (self.width * self.height) as u64;
            sums.map(|sum| ((sum + whole / 2) / whole) as u8)
        };
        (0..lines).flat_map(|y| (0..columns).map(move |x| (x, y))).map(pixel).collect()
    }
}

/// The pixels that one scaled pixel covers, in parts so fine that both kinds hold whole ones: a
/// scaled pixel has as many parts as there are pixels, a pixel as many as there are scaled ones.
struct Cover {
    first: usize,
    last: usize,
    begin: usize,
    end: usize,
    parts: usize,
}

impl Cover {
    fn of(index: usize, scaled: usize, pixels: usize) -> Cover {
        let (begin, end) = (index * pixels, (index + 1) * pixels);
        Cover { first: begin / scaled, last: (end - 1) / scaled, begin, end, parts: scaled }
    }

    /// Parts of pixel `index` that are covered.
    fn weight(&self, index: usize) -> u64 {
        let (begin, end) = (index * self.parts, (index + 1) * self.parts);
        (end.min(self.end) - begin.max(self.begin)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    #[test]
    fn pictures_fit_with_their_proportions() {
        let cell = Cell::default();
        assert_eq!(fit((128, 96), (80, 22), cell), (58, 22));
        assert_eq!(fit((128, 96), (160, 48), cell), (128, 48));
        assert_eq!(fit((128, 96), (40, 48), cell), (40, 15));
        assert_eq!(fit((32, 16), (80, 22), cell), (80, 20));
        assert_eq!(fit((0, 16), (80, 22), cell), (0, 0));
        assert_eq!(fit((32, 16), (0, 22), cell), (0, 0));
        assert_eq!(fit((128, 96), (80, 22), Cell { width: 10, height: 18 }), (52, 22));
        assert_eq!(fit((128, 96), (80, 22), Cell { width: 0, height: 0 }), (29, 22));
    }

    fn picture(pixels: &[u8], (width, height): (usize, usize)) -> Picture<'_> {
        let look = Look { palette: Palette::Full, is_ascii: false };
        Picture { pixels, width, height, look, cell: Cell::default() }
    }

    fn drawn(picture: &Picture<'_>, columns: u16, rows: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        picture.render(buffer.area, &mut buffer);
        buffer
    }

    #[test]
    fn a_cell_holds_two_pixels() {
        let pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let picture = picture(&pixels, (2, 2));
        let buffer = drawn(&picture, 4, 1);
        let row: Vec<&str> = (0..4).map(|x| buffer[(x, 0)].symbol()).collect();
        assert_eq!(row, [" ", "\u{2580}", "\u{2580}", " "]);
        assert_eq!((buffer[(1, 0)].fg, buffer[(1, 0)].bg), (rgb(1, 2, 3), rgb(7, 8, 9)));
        assert_eq!((buffer[(2, 0)].fg, buffer[(2, 0)].bg), (rgb(4, 5, 6), rgb(10, 11, 12)));
    }

    fn rgb(red: u8, green: u8, blue: u8) -> Color {
        Color::Rgb(red, green, blue)
    }

    #[test]
    fn smaller_pictures_are_means_and_larger_ones_the_same_pixels() {
        let pixels: Vec<u8> = [0_u8, 100, 200, 40].into_iter().flat_map(|v| [v; 3]).collect();
        let picture = picture(&pixels, (4, 1));
        let values = |columns| -> Vec<u8> {
            picture.scaled(columns, 1).iter().map(|pixel| pixel[0]).collect()
        };
        assert_eq!(values(2), [50, 120]);
        assert_eq!(values(1), [85]);
        assert_eq!(values(4), [0, 100, 200, 40]);
        assert_eq!(values(8), [0, 0, 100, 100, 200, 200, 40, 40]);
        assert_eq!(values(3), [25, 150, 80]);
    }

    #[test]
    fn one_colour_stays_one_colour_at_any_size() {
        let pixels = [77_u8; 3 * 7 * 5];
        let picture = picture(&pixels, (7, 5));
        for (columns, lines) in [(1, 1), (3, 2), (6, 11), (20, 3), (64, 64)] {
            assert!(picture.scaled(columns, lines).iter().all(|pixel| *pixel == [77; 3]));
        }
    }

    #[test]
    fn without_colours_there_are_letters() {
        let pixels = [255_u8, 255, 255, 0, 0, 0, 255, 255, 255, 0, 0, 0];
        let look = Look { palette: Palette::Letters, is_ascii: true };
        let picture = Picture { look, ..picture(&pixels, (2, 2)) };
        let buffer = drawn(&picture, 2, 1);
        assert_eq!((buffer[(0, 0)].symbol(), buffer[(1, 0)].symbol()), ("@", " "));
        assert_eq!(buffer[(0, 0)].fg, Color::Reset);
    }

    #[test]
    fn a_cell_without_blocks_is_one_colour() {
        let pixels = [0_u8, 10, 20, 0, 10, 20, 100, 30, 20, 100, 30, 20];
        let look = Look { palette: Palette::Full, is_ascii: true };
        let buffer = drawn(&Picture { look, ..picture(&pixels, (2, 2)) }, 2, 1);
        assert_eq!((buffer[(0, 0)].symbol(), buffer[(0, 0)].bg), (" ", rgb(50, 20, 20)));
    }

    #[test]
    fn an_area_beyond_the_buffer_draws_what_is_inside() {
        let pixels = [9_u8; 12];
        let picture = picture(&pixels, (2, 2));
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        picture.render(Rect::new(1, 0, 9, 9), &mut buffer);
    }
}
