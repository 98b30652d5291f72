//! Numbers of 3 by 5 dots, for the frame numbers of a sheet.

/// Dots of a digit in a row; one column is left free after it.
pub(super) const DIGIT_WIDTH: usize = 3;
/// Rows of a digit.
pub(super) const DIGIT_HEIGHT: usize = 5;

/// A digit (0 to 9): one octal digit a row, the topmost first, its highest bit on the left.
pub fn digit_rows(digit: u8) -> u16 {
    const DIGITS: [u16; 10] =
        [0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71111, 0o75757, 0o75717];
    DIGITS[usize::from(digit % 10)]
}

/// The dots of a number, as columns and rows from its upper left corner.
pub(super) fn dots(number: u64) -> impl Iterator<Item = (usize, usize)> {
    let text = number.to_string().into_bytes();
    text.into_iter().enumerate().flat_map(|(place, digit)| {
        let rows = digit_rows(digit - b'0');
        let all = (0..DIGIT_HEIGHT).flat_map(|y| (0..DIGIT_WIDTH).map(move |x| (x, y)));
        let is_dark = move |&(x, y): &(usize, usize)| {
            let bit = DIGIT_WIDTH * (DIGIT_HEIGHT - 1 - y) + DIGIT_WIDTH - 1 - x;
            rows >> bit & 1 == 1
        };
        all.filter(is_dark).map(move |(x, y)| ((DIGIT_WIDTH + 1) * place + x, y))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_left_to_right() {
        let mut rows = [[' '; 7]; DIGIT_HEIGHT];
        dots(17).for_each(|(x, y)| rows[y][x] = '#');
        let rows: Vec<String> = rows.iter().map(|row| row.iter().collect()).collect();
        assert_eq!(rows, [" #  ###", "##    #", " #    #", " #    #", "###   #"]);
    }
}
