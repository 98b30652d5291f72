//! The start menu: every prompt of a world as a small picture.

use crate::screen::{COLUMNS_MIN, Cell, Look, Picture, ROWS_MIN};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use std::sync::Arc;

/// Fewest rows and columns of a tile, its name included.
const TILE_MIN: (u16, u16) = (18, 5);
/// Rows above and below the tiles.
const FRAME_ROWS: u16 = 3;

/// What the player chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// To play from this prompt.
    Prompt(usize),
    /// Not to play.
    Leave,
}

/// Where the choice moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Left,
    Right,
    Up,
    Down,
}

/// The prompts of a world and which one is picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    title: String,
    prompts: Vec<(String, Option<Arc<[u8]>>)>,
    /// Width and height of a picture in pixels.
    picture: (usize, usize),
    picked: usize,
    choice: Option<Chosen>,
    /// Tiles in a row when it was last drawn.
    across: usize,
}

impl Menu {
    /// A menu of prompts with these names (at least one); their pictures come later.
    pub fn new(title: String, names: Vec<String>, picture: (usize, usize)) -> Menu {
        assert!(!names.is_empty(), "a world has a prompt");
        let prompts = names.into_iter().map(|name| (name, None)).collect();
        Menu { title, prompts, picture, picked: 0, choice: None, across: 1 }
    }

    /// The picture of a prompt: RGB u8 rows.
    pub fn put(&mut self, prompt: usize, pixels: &[u8]) {
        if let Some(prompt) = self.prompts.get_mut(prompt) {
            prompt.1 = Some(Arc::from(pixels));
        }
    }

    /// What was chosen, if anything was.
    pub fn choice(&self) -> Option<Chosen> {
        self.choice
    }

    pub(super) fn choose(&mut self, choice: Chosen) {
        self.choice.get_or_insert(choice);
    }

    pub(super) fn choose_picked(&mut self) {
        self.choose(Chosen::Prompt(self.picked));
    }

    /// So many tiles lie in a row: where up and down lead.
    pub(super) fn lay(&mut self, across: usize) {
        self.across = across.max(1);
    }

    /// Picks the prompt of that number, if there is one.
    pub(super) fn pick(&mut self, prompt: usize) {
        if prompt < self.prompts.len() {
            self.picked = prompt;
        }
    }

    /// Picks a neighbour, where there is one.
    pub(super) fn go(&mut self, way: Move) {
        let last = self.prompts.len() - 1;
        self.picked = match way {
            Move::Left => self.picked.saturating_sub(1),
            Move::Right => (self.picked + 1).min(last),
            Move::Up => self.picked.checked_sub(self.across).unwrap_or(self.picked),
            Move::Down => {
                Some(self.picked + self.across).filter(|&n| n <= last).unwrap_or(self.picked)
            }
        };
    }

    /// As many tiles in a row as make the pictures largest in `area`; and their size.
    fn tiles(&self, area: Rect, cell: Cell) -> (usize, u16, u16) {
        let count = self.prompts.len();
        let most = usize::from(area.width / TILE_MIN.0).clamp(1, count);
        let size = |across: usize| {
            let down = count.div_ceil(across) as u16;
            let height = (area.height / down).max(TILE_MIN.1).min(area.height);
            (across, area.width / across as u16, height)
        };
        let cells = |&(_, width, height): &(usize, u16, u16)| {
            let room = (usize::from(width - 2), usize::from(height - 1));
            let (columns, rows) = crate::screen::fit(self.picture, room, cell);
            columns * rows
        };
        (1..=most).map(size).max_by_key(cells).expect("at least one in a row")
    }
}

/// A menu on the screen.
pub struct MenuView<'a> {
    /// What is shown.
    pub menu: &'a Menu,
    /// What cells the terminal shows.
    pub look: Look,
    /// Their size.
    pub cell: Cell,
}

impl MenuView<'_> {
    /// Tiles in a row of a menu drawn in `area`.
    pub fn across(&self, area: Rect) -> usize {
        self.menu.tiles(room(area), self.cell).0
    }

    fn tile(&self, prompt: usize, area: Rect, buffer: &mut Buffer) {
        let (name, pixels) = &self.menu.prompts[prompt];
        let picture =
            Rect { x: area.x + 1, width: area.width - 2, height: area.height - 1, ..area };
        let (width, height) = self.menu.picture;
        let (look, cell) = (self.look, self.cell);
        match pixels {
            Some(pixels) => Picture { pixels, width, height, look, cell }.render(picture, buffer),
            None => {
                let middle = Rect { y: picture.y + picture.height / 2, height: 1, ..picture };
                Line::from("making a picture").dim().centered().render(middle, buffer);
            }
        }
        let is_picked = prompt == self.menu.picked;
        let label = Line::from(format!(" {} {name} ", prompt + 1));
        let label = if is_picked { label.bold().reversed() } else { label };
        let label = label.centered();
        let width = (label.width() as u16).min(area.width);
        let x = area.x + (area.width - width) / 2;
        label.render(Rect { x, y: area.bottom() - 1, width, height: 1 }, buffer);
    }
}

/// Where the tiles are.
fn room(area: Rect) -> Rect {
    Rect { y: area.y + 2, height: area.height.saturating_sub(FRAME_ROWS), ..area }
}

impl Widget for MenuView<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
            let text = format!("needs {COLUMNS_MIN} columns, {ROWS_MIN} rows; q leaves");
            return Line::from(text).render(area, buffer);
        }
        let row = |y| Rect { y, height: 1, ..area };
        Line::from(self.menu.title.as_str()).bold().centered().render(row(area.y), buffer);
        let hints = "arrows choose   enter plays   q leaves";
        Line::from(hints).dim().centered().render(row(area.bottom() - 1), buffer);
        let room = room(area);
        let (across, width, height) = self.menu.tiles(room, self.cell);
        let down = usize::from(room.height / height);
        // The row of the picked tile is always among those shown.
        let first = (self.menu.picked / across + 1).saturating_sub(down) * across;
        let tiles = (first..self.menu.prompts.len()).take(across * down);
        for (place, prompt) in tiles.enumerate() {
            let x = room.x + (place % across) as u16 * width;
            let y = room.y + (place / across) as u16 * height;
            self.tile(prompt, Rect { x, y, width, height }, buffer);
        }
    }
}
