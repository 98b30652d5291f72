//! What a terminal can do: told by its environment, and asked of itself.

use super::{Look, Palette};
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
    /// What cells it shows.
    pub look: Look,
    /// Is something between us and it that passes on its own idea of a terminal (tmux, screen)?
    pub is_multiplexed: bool,
    /// Does it show iTerm2's inline images?
    pub speaks_iterm2: bool,
    /// May it be asked for pictures, and believed? Not one that writes questions it does not know
    /// on the screen, nor one that takes pictures but does not place them as we do.
    pub may_take_pictures: bool,
}

/// Programs that show iTerm2's inline images, as TERM_PROGRAM or LC_TERMINAL has them.
const ITERM2: [&str; 4] = ["iTerm", "WezTerm", "mintty", "vscode"];

impl Abilities {
    /// Reads the variables TERM, COLORTERM, NO_COLOR, TMUX, those of the locale and
    /// those that name the terminal's program through `variable`.
    pub fn told_by(variable: impl Fn(&str) -> Option<String>) -> Abilities {
        let text = |name: &'static str| variable(name).unwrap_or_default();
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
        let look = Look { palette, is_ascii: !is_utf8(&text) };
        let is_multiplexed = !text("TMUX").is_empty()
            || ["screen", "tmux"].iter().any(|name| term.starts_with(name));
        let programs = [text("TERM_PROGRAM"), text("LC_TERMINAL")];
        let speaks_iterm2 =
            ITERM2.iter().any(|name| programs.iter().any(|program| program.contains(name)));
        let may_take_pictures =
            !is_multiplexed && term != "linux" && text("KONSOLE_VERSION").is_empty();
        Abilities {
            is_steerable: !term.is_empty() && term != "dumb",
            look,
            is_multiplexed,
            speaks_iterm2,
            may_take_pictures,
        }
    }
}

/// Does the locale say UTF-8? The first variable that says anything decides.
fn is_utf8(text: &impl Fn(&'static str) -> String) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].map(text);
    let locale = said.iter().find(|locale| !locale.is_empty());
    let name = locale.map(|locale| locale.to_ascii_lowercase()).unwrap_or_default();
    name.contains("utf-8") || name.contains("utf8")
}

/// Columns and rows of the terminal; `None` where there is none.
pub fn size() -> Option<(u16, u16)> {
    terminal::size().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn palette(variables: &[(&str, &str)]) -> Palette {
        told(variables).look.palette
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
    fn letters_beyond_ascii_are_for_locales_that_know_them() {
        let is_ascii = |variables: &[(&str, &str)]| told(variables).look.is_ascii;
        assert!(is_ascii(&[]));
        assert!(is_ascii(&[("LANG", "C")]));
        assert!(!is_ascii(&[("LANG", "de_DE.utf8")]));
        assert!(is_ascii(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
        assert!(!is_ascii(&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]));
    }

    #[test]
    fn a_dumb_terminal_cannot_be_steered() {
        assert!(!told(&[("TERM", "dumb")]).is_steerable);
        assert!(!told(&[]).is_steerable);
        assert!(told(&[("TERM", "linux")]).is_steerable);
    }
}
