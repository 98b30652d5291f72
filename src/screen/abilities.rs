//! What a terminal can do: told by its environment, and asked of itself.

use super::Palette;
use ratatui::crossterm::terminal;

/// Fewest columns that a play needs.
pub const COLUMNS_MIN: u16 = 40;
/// Fewest rows that a play needs.
pub const ROWS_MIN: u16 = 12;

/// What the environment says of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Can the cursor be moved at all?
    pub is_steerable: bool,
    /// How many colours it shows.
    pub palette: Palette,
}

impl Abilities {
    /// Reads the variables TERM, COLORTERM, NO_COLOR and TMUX through `variable`.
    pub fn told_by(variable: impl Fn(&str) -> Option<String>) -> Abilities {
        let text = |name| variable(name).unwrap_or_default();
        let (term, color_term) = (text("TERM"), text("COLORTERM"));
        let is_full = ["truecolor", "24bit"].contains(&color_term.as_str())
            || !text("TMUX").is_empty()
            || ["kitty", "ghostty", "foot", "alacritty", "wezterm", "direct"]
                .iter()
                .any(|name| term.contains(name));
        let palette = match is_full {
            _ if !text("NO_COLOR").is_empty() => Palette::Letters,
            true => Palette::Full,
            false if term.contains("256color") || term == "xterm" => Palette::Indexed,
            false => Palette::Letters,
        };
        Abilities { is_steerable: !term.is_empty() && term != "dumb", palette }
    }
}

/// Columns and rows of the terminal; `None` where there is none.
pub fn size() -> Option<(u16, u16)> {
    terminal::size().ok()
}

/// Does the terminal tell of releases? Asks it, which takes up to two seconds where it never
/// answers; a terminal that cannot be asked does not.
pub fn keyboard_releases() -> bool {
    terminal::supports_keyboard_enhancement().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn palette(variables: &[(&str, &str)]) -> Palette {
        told(variables).palette
    }

    fn told(variables: &[(&str, &str)]) -> Abilities {
        Abilities::told_by(|name| {
            let found = variables.iter().find(|variable| variable.0 == name);
            found.map(|variable| variable.1.to_owned())
        })
    }

    #[test]
    fn colours_are_what_the_terminal_says() {
        let xterm = ("TERM", "xterm-256color");
        assert_eq!(palette(&[xterm]), Palette::Indexed);
        assert_eq!(palette(&[xterm, ("COLORTERM", "truecolor")]), Palette::Full);
        assert_eq!(palette(&[xterm, ("COLORTERM", "yes")]), Palette::Indexed);
        assert_eq!(palette(&[("TERM", "xterm-kitty")]), Palette::Full);
        assert_eq!(palette(&[("TERM", "screen"), ("TMUX", "/tmp/a,1,0")]), Palette::Full);
        assert_eq!(palette(&[("TERM", "vt100")]), Palette::Letters);
    }

    #[test]
    fn no_color_is_obeyed_where_it_says_something() {
        let full = ("COLORTERM", "24bit");
        assert_eq!(palette(&[full, ("NO_COLOR", "1")]), Palette::Letters);
        assert_eq!(palette(&[full, ("NO_COLOR", "")]), Palette::Full);
    }

    #[test]
    fn a_dumb_terminal_cannot_be_steered() {
        assert!(!told(&[("TERM", "dumb")]).is_steerable);
        assert!(!told(&[]).is_steerable);
        assert!(told(&[("TERM", "linux")]).is_steerable);
    }
}
