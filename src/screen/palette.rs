//! How many colours a terminal shows, and a pixel in each of them.

use ratatui::style::Color;

/// Steps of the colour cube that terminals with 256 colours share.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// First of the 24 greys, how bright it is, and the step to the next.
const GREYS: (u8, u8, u8) = (232, 8, 10);

/// From dark to bright, for terminals without colours.
const LETTERS: &[u8] = b" .:-=+*#%@";

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// Any colour: two pixels in a cell.
    Full,
    /// 256 colours: two pixels in a cell.
    Indexed,
    /// No colours: a letter for every two pixels.
    Letters,
}

/// How a terminal shows cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its colours.
    pub palette: Palette,
    /// Only the letters of ASCII: the locale knows no others.
    pub is_ascii: bool,
}

impl Look {
    /// Are there colours at all?
    pub fn has_colors(self) -> bool {
        self.palette != Palette::Letters
    }

    /// Is all but pictures drawn with the letters of ASCII?
    pub fn is_plain(self) -> bool {
        self.is_ascii || !self.has_colors()
    }
}

impl Palette {
    /// The nearest colour that it has.
    pub(super) fn color(self, [red, green, blue]: [u8; 3]) -> Color {
        match self {
            Palette::Full => Color::Rgb(red, green, blue),
            Palette::Indexed => Color::Indexed(index([red, green, blue])),
            Palette::Letters => Color::Reset,
        }
    }
}

impl std::fmt::Display for Palette {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Palette::Full => "24 bit",
            Palette::Indexed => "256",
            Palette::Letters => "none",
        })
    }
}

/// The nearest of 256 colours: in the cube, or among the greys.
fn index(rgb: [u8; 3]) -> u8 {
    let steps = rgb.map(|value| {
        let distance = |step: &usize| CUBE[*step].abs_diff(value);
        (0..CUBE.len()).min_by_key(distance).unwrap_or(0)
    });
    let mean = rgb.iter().map(|&value| u16::from(value)).sum::<u16>() / 3;
    let (first, dark, step) = GREYS;
    let place = (mean.saturating_sub(u16::from(dark)) + u16::from(step) / 2) / u16::from(step);
    let place = place.min(23) as u8;
    let cube = distance(rgb, steps.map(|step| CUBE[step]));
    if distance(rgb, [dark + place * step; 3]) < cube {
        return first + place;
    }
    let [red, green, blue] = steps.map(|step| step as u8);
    16 + 36 * red + 6 * green + blue
}

fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    let pairs = one.iter().zip(other);
    pairs.map(|(&one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}

/// A letter for two pixels. Why the root: letters cover little of a cell, so that dark pictures
/// would be all blanks.
pub(super) fn letter(top: [u8; 3], bottom: [u8; 3]) -> char {
    let light =
        |[red, green, blue]: [u8; 3]| u32::from(red) * 2 + u32::from(green) * 5 + u32::from(blue);
    let most = 2 * 8 * 255;
    let bright = ((light(top) + light(bottom)) * most).isqrt();
    let place = bright as usize * (LETTERS.len() - 1) / most as usize;
    char::from(LETTERS[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_the_cube_and_greys_are_themselves() {
        assert_eq!(index([0, 0, 0]), 16);
        assert_eq!(index([255, 255, 255]), 231);
        assert_eq!(index([255, 0, 0]), 196);
        assert_eq!(index([95, 135, 175]), 67);
        assert_eq!(index([8, 8, 8]), 232);
        assert_eq!(index([238, 238, 238]), 255);
        assert_eq!(index([120, 122, 119]), 243);
    }

    #[test]
    fn letters_go_from_dark_to_bright() {
        assert_eq!(letter([0; 3], [0; 3]), ' ');
        assert_eq!(letter([255; 3], [255; 3]), '@');
        assert_eq!(letter([128; 3], [128; 3]), '*');
    }
}
