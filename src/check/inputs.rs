//! What ops are fed: random values and awkward ones, all from a seed.

use super::table::Row;
use super::value::Value;
use crate::exact::{normal_deviates, philox4x32_10};
use crate::program::{Dtype, Op};

/// What the floats of one draw look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    /// Normal deviates.
    Plain,
    /// Any finite bits.
    AnyFinite,
    /// Subnormals, both zeros and the smallest normals.
    Tiny,
    /// Normal deviates, but every other row all zeros of both signs.
    ZeroRows,
    /// All rows the same.
    EqualRows,
    /// Multiples of one half up to 127: ties, where values are rounded.
    Halves,
    /// The largest, the smallest, the limits of quantisation and of exp, in any order.
    Extremes,
    /// One value everywhere.
    Constant,
    /// Normal deviates and one NaN or infinity.
    NotFinite,
}

/// One draw a style, in this order.
pub const STYLES: [Style; 9] = [
    Style::Plain,
    Style::AnyFinite,
    Style::Extremes,
    Style::Tiny,
    Style::ZeroRows,
    Style::EqualRows,
    Style::Halves,
    Style::Constant,
    Style::NotFinite,
];

/// 2^-96, below which a row is quantised to zeros, its neighbours, and other limits.
const EXTREMES: [f32; 20] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    f32::from_bits(1),
    -f32::from_bits(0x007f_ffff),
    f32::from_bits(0x0f80_0000),
    f32::from_bits(0x0f7f_ffff),
    -f32::from_bits(0x0f80_0001),
    88.722_83,
    -88.722_84,
    -87.336_54,
    -103.98,
    127.0,
    -127.5,
    1e30,
    -1e-30,
];

const NOT_FINITE: [f32; 4] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN];

/// Words from a seed.
pub struct Random {
    seed: u32,
    drawn: u32,
}

impl Random {
    /// The words of `seed`.
    pub fn new(seed: u32) -> Random {
        Random { seed, drawn: 0 }
    }

    fn word(&mut self) -> u32 {
        self.drawn += 1;
        philox4x32_10([self.drawn, 0, 0, 0], [self.seed, 7])[0]
    }

    fn two_words(&mut self) -> u64 {
        u64::from(self.word()) << 32 | u64::from(self.word())
    }

    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        self.word() as usize % count
    }

    fn deviate(&mut self) -> f32 {
        self.drawn += 1;
        normal_deviates(u64::from(self.seed), 3, 0, self.drawn)[0]
    }

    fn sign(&mut self) -> f32 {
        if self.below(2) == 0 { 1.0 } else { -1.0 }
    }
}

/// The operands of one draw of a row, as `definition::outputs` takes them. The draw's style shows
/// in the first float operand (a value that is not finite in any of them); others have any style.
pub fn reads(row: &Row, draw: usize, random: &mut Random) -> Vec<Value> {
    let operands = row.operands();
    let floats: Vec<usize> = (0..operands.len()).filter(|&i| operands[i].0 == Dtype::F32).collect();
    let style = STYLES[draw % STYLES.len()];
    let shows_in = match style {
        Style::NotFinite if !floats.is_empty() => floats[random.below(floats.len())],
        _ => floats.first().copied().unwrap_or(0),
    };
    let mut values = Vec::new();
    for (operand, (dtype, len)) in operands.into_iter().enumerate() {
        values.push(match dtype {
            Dtype::F32 => {
                let other = STYLES[random.below(STYLES.len() - 1)];
                let style = if operand == shows_in { style } else { other };
                Value::F32(floats_of(style, len, row_length(&row.op), random))
            }
            Dtype::I8 => Value::I8(quantised(draw, operand, len, random)),
            Dtype::U64 => Value::U64((0..len).map(|_| random.two_words()).collect()),
            Dtype::U8 => unreachable!("no op reads colours"),
        });
    }
    values
}

/// Elements of what an op treats as one row.
fn row_length(op: &Op) -> usize {
    match *op {
        Op::Quantise { columns, .. }
        | Op::LayerNorm { columns, .. }
        | Op::PixelNorm { columns, .. }
        | Op::Modulate { columns, .. }
        | Op::GatedAdd { columns, .. }
        | Op::ScaleShift { columns, .. } => columns,
        Op::SplitHeads { head_width, .. }
        | Op::Attention { head_width, .. }
        | Op::TemporalAttention { head_width, .. } => head_width,
        _ => 8,
    }
}

/// `len` floats of a style.
pub fn floats_of(style: Style, len: usize, row: usize, random: &mut Random) -> Vec<f32> {
    let constant = random.deviate() * 10.0;
    let bad = random.below(len.max(1));
    let mut values: Vec<f32> = Vec::with_capacity(len);
    for i in 0..len {
        let value = match style {
            Style::Plain => random.deviate(),
            Style::AnyFinite => {
                let bits = random.word();
                let finite = bits & 0x7f80_0000 != 0x7f80_0000;
                f32::from_bits(if finite { bits } else { bits ^ 0x4000_0000 })
            }
            Style::Tiny => {
                f32::from_bits(random.word() & 0x80ff_ffff) * [0.0, 1.0][random.below(2)]
            }
            Style::ZeroRows if (i / row).is_multiple_of(2) => 0.0 * random.sign(),
            Style::ZeroRows => random.deviate(),
            Style::EqualRows if i >= row => values[i - row],
            Style::EqualRows => random.deviate() * 3.0,
            Style::Halves if i % row == 0 => 127.0 * random.sign(),
            Style::Halves => (random.below(509) as f32 - 254.0) * 0.5,
            Style::Extremes => EXTREMES[random.below(EXTREMES.len())],
            Style::Constant => constant,
            Style::NotFinite if i == bad => NOT_FINITE[random.below(NOT_FINITE.len())],
            Style::NotFinite => random.deviate(),
        };
        values.push(value);
    }
    values
}

/// `len` values of -127..=127: in the first draws the largest sums of either sign.
fn quantised(draw: usize, operand: usize, len: usize, random: &mut Random) -> Vec<i8> {
    let value = |i: usize, random: &mut Random| match draw {
        0 => 127,
        1 if operand == 0 => -127,
        1 => 127,
        2 if i % 2 == operand % 2 => 127,
        2 => -127,
        3 => 0,
        _ => (random.below(255) as i32 - 127) as i8,
    };
    (0..len).map(|i| value(i, random)).collect()
}
