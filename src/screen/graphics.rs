//! Pictures as the terminal's own graphics, where it has them: kitty, sixel, iTerm2.

use super::picture::{Cell, middle};
use super::{Abilities, Answers};
use image::imageops::FilterType;
use image::{DynamicImage, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::{Protocol, iterm2::Iterm2, kitty::Kitty, sixel::Sixel};
use std::fmt;

/// Most pixels of a picture as sixels: more would take longer than a frame to make.
const SIXEL_PIXELS_MAX: usize = 640 * 480;

/// Kitty's numbers of our pictures, by turns: the one that is shown is never the one being sent.
pub(super) const KITTY_IDS: [u32; 2] = [0x57_5401, 0x57_5402];

/// The cell of a terminal that does not tell: what a VT340 has.
const CELL_OF_SIXELS: Cell = Cell { width: 10, height: 20 };

/// How a terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// As cells of text, everywhere.
    Blocks,
    /// The kitty graphics protocol, placed by its letters.
    Kitty,
    /// Sixels.
    Sixel,
    /// The inline images of iTerm2.
    Iterm2,
}

impl fmt::Display for Graphics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Graphics::Blocks => "half blocks",
            Graphics::Kitty => "kitty",
            Graphics::Sixel => "sixel",
            Graphics::Iterm2 => "iTerm2",
        })
    }
}

impl Graphics {
    /// The best of what the terminal says it has. Behind a multiplexer, which may pass on less than
    /// the terminal has, and without colours, it is blocks.
    pub fn best(abilities: &Abilities, answers: &Answers) -> Graphics {
        if abilities.is_multiplexed || !abilities.look.has_colors() {
            return Graphics::Blocks;
        }
        match answers {
            _ if abilities.speaks_iterm2 => Graphics::Iterm2,
            _ if !abilities.may_take_pictures => Graphics::Blocks,
            Answers { kitty: true, .. } => Graphics::Kitty,
            Answers { sixel: true, .. } => Graphics::Sixel,
            _ => Graphics::Blocks,
        }
    }
}

/// Draws pictures as graphics of one kind.
#[derive(Clone, Debug)]
pub struct Canvas {
    graphics: Graphics,
    is_multiplexed: bool,
    cell: Cell,
    drawings: usize,
}

impl Canvas {
    /// A canvas of cells of this size; `None` for blocks, which need none.
    pub fn new(graphics: Graphics, is_multiplexed: bool, cell: Option<Cell>) -> Option<Canvas> {
        let usual = if graphics == Graphics::Sixel { CELL_OF_SIXELS } else { Cell::default() };
        let cell = cell.unwrap_or(usual);
        let canvas = Canvas { graphics, is_multiplexed, cell, drawings: 0 };
        (graphics != Graphics::Blocks).then_some(canvas)
    }

    /// Can text lie over a picture and be taken away again?
    pub fn takes_text(&self) -> bool {
        self.graphics == Graphics::Kitty
    }

    /// Draws RGB u8 rows as large as the area allows, in its middle; false where that cannot be.
    pub fn draw(
        &mut self,
        pixels: &[u8],
        size: (usize, usize),
        area: Rect,
        buffer: &mut Buffer,
    ) -> bool {
        let area = self.fit(size, area.intersection(buffer.area));
        let image = RgbImage::from_raw(size.0 as u32, size.1 as u32, pixels.to_vec());
        let Some(image) = image.filter(|_| !area.is_empty()) else {
            return false;
        };
        let Some(protocol) = self.encode(DynamicImage::ImageRgb8(image), area.as_size()) else {
            return false;
        };
        self.drawings += 1;
        Image::new(&protocol).render(area, buffer);
        if let Some((exact, scaled)) = self.scaling(size, area) {
            let cell = &mut buffer[area.as_position()];
            let symbol = cell.symbol().replacen(&exact, &scaled, 1);
            cell.set_symbol(&symbol);
        }
        true
    }

    fn fit(&self, size: (usize, usize), area: Rect) -> Rect {
        let fitted = middle(size, area, self.cell);
        let Cell { width, height } = self.cell;
        let pixels = usize::from(fitted.width) * usize::from(width) * usize::from(fitted.height);
        let pixels = pixels * usize::from(height);
        if self.graphics != Graphics::Sixel || pixels <= SIXEL_PIXELS_MAX {
            return fitted;
        }
        let shrink = |cells: u16| {
            let share = (SIXEL_PIXELS_MAX as f64 / pixels as f64).sqrt();
            ((f64::from(cells) * share) as u16).max(1)
        };
        let (columns, rows) = (shrink(fitted.width), shrink(fitted.height));
        let (x, y) = (area.x + (area.width - columns) / 2, area.y + (area.height - rows) / 2);
        Rect::new(x, y, columns, rows)
    }

    fn encode(&self, image: DynamicImage, size: Size) -> Option<Protocol> {
        let is_tmux = self.is_multiplexed;
        let id = KITTY_IDS[self.drawings % KITTY_IDS.len()];
        match self.graphics {
            Graphics::Blocks => None,
            Graphics::Kitty => {
                Kitty::new(image, size, id, is_tmux, false).ok().map(Protocol::Kitty)
            }
            Graphics::Iterm2 => Iterm2::new(image, size, is_tmux).ok().map(Protocol::ITerm2),
            Graphics::Sixel => {
                let width = u32::from(size.width) * u32::from(self.cell.width);
                let height = u32::from(size.height) * u32::from(self.cell.height);
                let image = image.resize_exact(width, height, FilterType::Nearest);
                Sixel::new(image, size, is_tmux).ok().map(Protocol::Sixel)
            }
        }
    }

    /// Words of the protocol that give a picture's size in pixels, and those that have the terminal
    /// scale it to the area: a fiftieth of the bytes.
    fn scaling(&self, (width, height): (usize, usize), area: Rect) -> Option<(String, String)> {
        let (columns, rows) = (area.width, area.height);
        match self.graphics {
            Graphics::Kitty => {
                let exact = "a=T,U=1,";
                Some((exact.to_owned(), format!("{exact}c={columns},r={rows},")))
            }
            Graphics::Iterm2 => Some((
                format!("width={width}px;height={height}px"),
                format!("width={columns};height={rows}"),
            )),
            Graphics::Blocks | Graphics::Sixel => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Palette;
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Abilities {
        Abilities::told_by(|name| {
            let found = variables.iter().find(|variable| variable.0 == name);
            found.map(|variable| variable.1.to_owned())
        })
    }

    #[test]
    fn the_best_graphics_are_what_the_terminal_says_and_blocks_in_doubt() {
        let kitty = Answers { kitty: true, sixel: true, ..Answers::default() };
        let sixel = Answers { sixel: true, ..Answers::default() };
        let silent = Answers::default();
        let full = ("COLORTERM", "truecolor");
        let term = ("TERM", "xterm-256color");
        let best = |variables: &[(&str, &str)], answers| Graphics::best(&told(variables), answers);
        assert_eq!(best(&[term], &kitty), Graphics::Kitty);
        assert_eq!(best(&[term], &sixel), Graphics::Sixel);
        assert_eq!(best(&[term], &silent), Graphics::Blocks);
        assert_eq!(best(&[term, ("TMUX", "/tmp/t,1,0")], &sixel), Graphics::Blocks);
        assert_eq!(best(&[("TERM", "screen-256color")], &sixel), Graphics::Blocks);
        assert_eq!(best(&[term, full, ("NO_COLOR", "1")], &kitty), Graphics::Blocks);
        assert_eq!(best(&[term, ("TERM_PROGRAM", "WezTerm")], &kitty), Graphics::Iterm2);
        assert_eq!(best(&[term, ("LC_TERMINAL", "iTerm2")], &kitty), Graphics::Iterm2);
        assert_eq!(best(&[term, ("KONSOLE_VERSION", "230800")], &kitty), Graphics::Blocks);
        assert_eq!(told(&[term]).look.palette, Palette::Indexed);
    }

    /// What the first cell of a drawing sends.
    fn sent(graphics: Graphics, columns: u16, rows: u16) -> Vec<String> {
        let mut canvas = Canvas::new(graphics, false, None).expect("graphics");
        let pixels = vec![200; 3 * 8 * 6];
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let mut send = || {
            assert!(canvas.draw(&pixels, (8, 6), buffer.area, &mut buffer));
            buffer[(0, 0)].symbol().to_owned()
        };
        vec![send(), send()]
    }

    #[test]
    fn kitty_gets_small_pictures_by_turns_and_scales_them() {
        let sent = sent(Graphics::Kitty, 16, 6);
        for (text, id) in sent.iter().zip(KITTY_IDS) {
            let head = format!("\x1b_Gq=2,i={id},a=T,U=1,c=16,r=6,f=32,t=d,s=8,v=6,m=0;");
            assert!(text.starts_with(&head), "{text:?}");
        }
    }

    #[test]
    fn iterm2_scales_to_cells() {
        let sent = sent(Graphics::Iterm2, 16, 6);
        assert!(sent[0].contains(";width=16;height=6;doNotMoveCursor=1:"), "{sent:?}");
    }

    #[test]
    fn sixels_have_the_size_of_their_cells_and_a_limit() {
        let sent = sent(Graphics::Sixel, 16, 6);
        assert!(sent[0].contains("\x1bP") && sent[0].ends_with("\x1b\\"), "{sent:?}");
        let canvas = Canvas::new(Graphics::Sixel, false, None).expect("graphics");
        let fitted = canvas.fit((128, 96), Rect::new(0, 0, 300, 100));
        let pixels = usize::from(fitted.width) * usize::from(fitted.height) * 10 * 20;
        assert!((SIXEL_PIXELS_MAX * 9 / 10..=SIXEL_PIXELS_MAX).contains(&pixels), "{fitted:?}");
    }

    #[test]
    fn a_picture_that_is_none_is_not_drawn() {
        let mut canvas = Canvas::new(Graphics::Kitty, false, None).expect("graphics");
        let mut buffer = Buffer::empty(Rect::new(0, 0, 9, 9));
        assert!(!canvas.draw(&[], (8, 6), buffer.area, &mut buffer));
        assert!(Canvas::new(Graphics::Blocks, false, None).is_none());
    }
}
