//! Where two arrays of one op differ: how many elements, the first of them and the worst.

use super::shape::coordinates;
use crate::program::Dtype;
use serde::Serialize;

/// One element that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ElementDifference {
    /// Its number in the array.
    pub index: usize,
    /// Its place in the shape, the outermost axis first.
    pub at: Vec<usize>,
    /// The value here, as text: the shortest that reads back as the same bits.
    pub ours: String,
    /// The value there.
    pub theirs: String,
    /// The bits here, hexadecimal.
    pub ours_bits: String,
    /// The bits there.
    pub theirs_bits: String,
    /// Steps from one to the other through all values of the type; +0.0 and -0.0 are one apart.
    pub ulps: u64,
}

/// How two arrays of one length differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueDifference {
    /// Elements of the array.
    pub elements: usize,
    /// Those whose bits differ.
    pub differing: usize,
    /// The first of them.
    pub first: ElementDifference,
    /// The first of those that are the most steps apart.
    pub worst: ElementDifference,
}

/// Compares two arrays as bits; `None` where they are the same.
///
/// # Panics
/// Where they are not of one length: of two shapes no element is another's.
pub fn value_difference(
    dtype: Dtype,
    shape: &[usize],
    ours: &[u8],
    theirs: &[u8],
) -> Option<ValueDifference> {
    assert_eq!(ours.len(), theirs.len(), "arrays of one shape");
    let width = dtype.bytes();
    let pairs = ours.chunks_exact(width).zip(theirs.chunks_exact(width));
    let pairs = pairs.map(|(ours, theirs)| (bits(ours), bits(theirs))).enumerate();
    let (mut differing, mut first, mut worst) = (0, None, None);
    for (index, (ours, theirs)) in pairs.filter(|(_, (ours, theirs))| ours != theirs) {
        let place = (index, ours, theirs, steps(dtype, ours, theirs));
        differing += 1;
        first.get_or_insert(place);
        if worst.is_none_or(|(_, _, _, most)| place.3 > most) {
            worst = Some(place);
        }
    }
    let element = |(index, ours, theirs, ulps)| ElementDifference {
        index,
        at: coordinates(shape, index),
        ours: value(dtype, ours),
        theirs: value(dtype, theirs),
        ours_bits: format!("{ours:#0width$x}", width = 2 + 2 * width),
        theirs_bits: format!("{theirs:#0width$x}", width = 2 + 2 * width),
        ulps,
    };
    let (first, worst) = (element(first?), element(worst?));
    Some(ValueDifference { elements: ours.len() / width, differing, first, worst })
}

/// The bits of one little-endian element.
fn bits(element: &[u8]) -> u64 {
    element.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte))
}

/// Steps between two values of a type.
fn steps(dtype: Dtype, ours: u64, theirs: u64) -> u64 {
    match dtype {
        Dtype::F32 => {
            // Counted from the most negative: -0.0 comes just before +0.0.
            let place = |bits: u64| match bits as u32 {
                bits if bits >> 31 == 1 => u64::from(!bits),
                bits => u64::from(bits) + (1 << 31),
            };
            place(ours).abs_diff(place(theirs))
        }
        Dtype::I8 => signed(ours).abs_diff(signed(theirs)),
        Dtype::U8 | Dtype::U64 => ours.abs_diff(theirs),
    }
}

/// An int8 from its bits.
fn signed(bits: u64) -> i64 {
    i64::from((bits as u8).cast_signed())
}

fn value(dtype: Dtype, bits: u64) -> String {
    match dtype {
        Dtype::F32 => format!("{:?}", f32::from_bits(bits as u32)),
        Dtype::I8 => signed(bits).to_string(),
        Dtype::U8 | Dtype::U64 => bits.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn first_and_worst_are_found_with_their_bits() {
        let ours = floats(&[1.0, 2.0, 0.5, -0.0, 3.0, 7.0]);
        let next = f32::from_bits(2.0_f32.to_bits() + 1);
        let theirs = floats(&[1.0, next, 0.5, 0.0, 3.5, 7.0]);
        let found = value_difference(Dtype::F32, &[2, 3], &ours, &theirs).expect("they differ");
        assert_eq!((found.elements, found.differing), (6, 3));
        assert_eq!((found.first.at, found.first.ulps), (vec![0, 1], 1));
        assert_eq!((&*found.first.ours, &*found.first.theirs), ("2.0", "2.0000002"));
        assert_eq!(found.first.theirs_bits, "0x40000001");
        assert_eq!((found.worst.index, found.worst.ulps), (4, 1 << 21));
        assert_eq!(value_difference(Dtype::F32, &[2, 3], &ours, &ours), None);
    }

    #[test]
    fn steps_are_counted_across_zero_and_in_integers() {
        let float = |value: f32| u64::from(value.to_bits());
        assert_eq!(steps(Dtype::F32, float(-0.0), float(0.0)), 1);
        assert_eq!(steps(Dtype::F32, float(-f32::from_bits(1)), float(f32::from_bits(1))), 3);
        assert_eq!(steps(Dtype::I8, 0xff, 0x01), 2);
        assert_eq!(value(Dtype::I8, 0x81), "-127");
        assert_eq!(steps(Dtype::U8, 3, 250), 247);
    }
}
