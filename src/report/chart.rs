//! Marks on a grid as the data of SVG paths: short, and the same for the same marks.

use std::fmt::Write;
use std::ops::Range;

/// A rectangle of a path, in the units of its picture: `x` and `y` say from where to where.
pub(super) fn rectangle(path: &mut String, x: Range<usize>, y: Range<usize>) {
    let (left, width, top, height) = (x.start, x.len(), y.start, y.len());
    // Writing to a String never fails.
    let _ = write!(path, "M{left} {top}h{width}v{height}h-{width}z");
}

/// Runs of equal values: each with the places that it takes.
pub(super) fn runs<T: PartialEq + Copy>(values: &[T]) -> Vec<(T, Range<usize>)> {
    let mut found: Vec<(T, Range<usize>)> = Vec::new();
    for (index, &value) in values.iter().enumerate() {
        match found.last_mut() {
            Some((last, range)) if *last == value => range.end = index + 1,
            _ => found.push((value, index..index + 1)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_every_value_once() {
        assert_eq!(runs(&[7, 7, 8, 7]), [(7, 0..2), (8, 2..3), (7, 3..4)]);
        assert_eq!(runs::<u8>(&[]), []);
    }

    #[test]
    fn a_rectangle_is_a_closed_path() {
        let mut path = String::new();
        rectangle(&mut path, 3..5, 0..24);
        assert_eq!(path, "M3 0h2v24h-2z");
    }
}
