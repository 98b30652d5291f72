//! What ops are fed and what they make, as plain lists, and where two of them differ.

use crate::event::Action;
use crate::program::Dtype;

/// One operand's elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Floats.
    F32(Vec<f32>),
    /// Quantised values.
    I8(Vec<i8>),
    /// Colours.
    U8(Vec<u8>),
    /// Parts of a state sum.
    U64(Vec<u64>),
}

/// What ops know beside their operands.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Key of all noise.
    pub seed: u64,
    /// The frame that is made.
    pub frame: u64,
    /// The player's action of that frame.
    pub action: Action,
    /// Frames in memory before this one.
    pub remembered: u64,
}

impl Value {
    /// The floats.
    pub fn f32(&self) -> &[f32] {
        match self {
            Value::F32(values) => values,
            other => panic!("floats wanted, not {other:?}"),
        }
    }

    /// The quantised values.
    pub fn i8(&self) -> &[i8] {
        match self {
            Value::I8(values) => values,
            other => panic!("quantised values wanted, not {other:?}"),
        }
    }

    /// Type and number of the elements.
    pub fn shape(&self) -> (Dtype, usize) {
        match self {
            Value::F32(values) => (Dtype::F32, values.len()),
            Value::I8(values) => (Dtype::I8, values.len()),
            Value::U8(values) => (Dtype::U8, values.len()),
            Value::U64(values) => (Dtype::U64, values.len()),
        }
    }

    /// The elements as the arena holds them, little-endian.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Value::F32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Value::I8(values) => values.iter().map(|x| x.cast_unsigned()).collect(),
            Value::U8(values) => values.clone(),
            Value::U64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    /// Where `found` is not this, which it must be bit for bit; but a NaN is a NaN: which one is
    /// not defined, for none ever reaches a digest.
    pub fn difference(&self, found: &[u8]) -> Option<String> {
        let bytes = self.bytes();
        if bytes.len() != found.len() {
            return Some(format!("{} bytes, not {}", found.len(), bytes.len()));
        }
        let (dtype, _) = self.shape();
        let pairs = bytes.chunks(dtype.bytes()).zip(found.chunks(dtype.bytes()));
        let mut pairs = pairs.map(|(wanted, found)| (bits(wanted), bits(found))).enumerate();
        let (element, (wanted, found)) =
            pairs.find(|(_, (wanted, found))| !same(dtype, *wanted, *found))?;
        Some(format!("element {element} is {found:#x}, not {wanted:#x}"))
    }
}

/// Are these bits of a type the same value?
pub fn same(dtype: Dtype, wanted: u64, found: u64) -> bool {
    let is_nan = |bits: u64| f32::from_bits(bits as u32).is_nan();
    wanted == found || dtype == Dtype::F32 && is_nan(wanted) && is_nan(found)
}

/// The bits of one element.
pub fn bits(element: &[u8]) -> u64 {
    element.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_is_a_nan_and_a_zero_is_not_the_other_zero() {
        let value = Value::F32(vec![1.0, f32::NAN, 0.0]);
        let other_nan = Value::F32(vec![1.0, -f32::from_bits(0x7f80_0001), 0.0]);
        assert_eq!(value.difference(&other_nan.bytes()), None);
        let other_zero = Value::F32(vec![1.0, f32::NAN, -0.0]);
        let found = value.difference(&other_zero.bytes());
        assert_eq!(found.as_deref(), Some("element 2 is 0x80000000, not 0x0"));
    }

    #[test]
    fn words_are_told_as_numbers() {
        let found = Value::U64(vec![3, 0x0102]).difference(&Value::U64(vec![3, 0x0201]).bytes());
        assert_eq!(found.as_deref(), Some("element 1 is 0x201, not 0x102"));
        assert_eq!(Value::U8(vec![1]).difference(&[]).as_deref(), Some("0 bytes, not 1"));
    }
}
