//! Buffers and the parts of them that ops read and write.

/// What one element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32-bit float.
    F32,
    /// Quantised value, -127..=127.
    I8,
    /// Colour.
    U8,
    /// Part of a state sum.
    U64,
}

impl Dtype {
    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::I8 | Dtype::U8 => 1,
            Dtype::U64 => 8,
        }
    }

    /// The name used in listings.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::I8 => "i8",
            Dtype::U8 => "u8",
            Dtype::U64 => "u64",
        }
    }
}

/// Index of a buffer in its program. Resident buffers come first and are the same in all programs
/// of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub u32);

/// Index of a weight in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeightId(pub u32);

/// One named array in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// Unique within its program.
    pub name: String,
    /// What one element is.
    pub dtype: Dtype,
    /// Elements.
    pub len: usize,
    /// Kept from frame to frame (the memory of past frames), or scratch of one frame.
    pub resident: bool,
}

impl Buffer {
    /// Bytes of the whole buffer.
    pub fn bytes(&self) -> usize {
        self.len * self.dtype.bytes()
    }
}

/// Where an operand lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the arena, which ops may write.
    Arena(BufferId),
    /// Among the weights, which no op writes.
    Weight(WeightId),
}

/// A contiguous part of a buffer or weight: what one op reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Which array.
    pub place: Place,
    /// What one element is.
    pub dtype: Dtype,
    /// First element.
    pub offset: usize,
    /// Elements.
    pub len: usize,
}

impl Operand {
    /// Do two operands share an element of the arena?
    pub fn meets(&self, other: &Operand) -> bool {
        matches!(self.place, Place::Arena(_))
            && self.place == other.place
            && self.offset < other.offset + other.len
            && other.offset < self.offset + self.len
    }

    /// Elements `offset .. offset + len` of this operand.
    #[must_use]
    pub fn part(self, offset: usize, len: usize) -> Operand {
        assert!(offset + len <= self.len, "part {offset}+{len} of {}", self.len);
        Operand { offset: self.offset + offset, len, ..self }
    }
}
