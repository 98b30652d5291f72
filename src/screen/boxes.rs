//! Boxes over a picture: where they lie and how they are framed.

use ratatui::layout::Rect;
use ratatui::symbols::border;

/// A border of letters that every locale has.
const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// The frame of a box, `is_plain` where only letters can be shown.
pub(super) fn borders(is_plain: bool) -> border::Set<'static> {
    if is_plain { ASCII_BORDER } else { border::PLAIN }
}

/// The middle of `area`, of at most that size.
pub(super) fn centred(area: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(area.width), rows.min(area.height));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    Rect { x, y, width, height }
}
