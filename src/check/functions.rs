//! The functions of one value, on bit patterns from all of float32, against `exact`.

use super::case::Case;
use super::table::Row;
use super::value::{Moment, Value, bits, same};
use super::variant::Variant;
use super::{CheckError, Tally, Tick, at_place};
use crate::engine::{Engine, EngineError};
use crate::event::Action;
use crate::exact;
use crate::program::{Dtype, Op};
use rayon::prelude::*;

/// Bit patterns of float32.
const PATTERNS: u64 = 1 << 32;
/// Most values that one run of an op is given.
const BLOCK: u64 = 1 << 20;
/// Values that one thread compares at a time.
const SHARE: usize = 1 << 12;

/// A function of one value, and the op that is nothing else.
struct Function {
    op: fn(usize) -> Op,
    written: Dtype,
    /// The bits of its value.
    exact: fn(f32) -> u64,
    /// Does it take values that are not finite?
    takes_all: bool,
}

const FUNCTIONS: [Function; 3] = [
    Function {
        op: |count| Op::Silu { count },
        written: Dtype::F32,
        exact: |x| exact::silu(x).to_bits().into(),
        takes_all: true,
    },
    Function {
        op: |count| Op::Gelu { count },
        written: Dtype::F32,
        exact: |x| exact::gelu_tanh(x).to_bits().into(),
        takes_all: true,
    },
    Function {
        op: |count| Op::ToPicture { count },
        written: Dtype::U8,
        exact: |x| exact::to_u8(x).into(),
        takes_all: false,
    },
];

/// Nothing that these functions know.
const NOWHEN: Moment = Moment { seed: 0, frame: 0, action: Action::NONE, remembered: 0 };

/// Ticks of [`functions`].
pub fn functions_runs(every: u64) -> u64 {
    FUNCTIONS.len() as u64 * patterns(every).div_ceil(BLOCK)
}

/// silu, gelu and the colour of every `every`th bit pattern of float32; 1 is all of them.
///
/// # Errors
/// Where the engine cannot be made or stops.
///
/// # Panics
/// Where `every` is 0.
pub fn functions(
    every: u64,
    variant: &dyn Variant,
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    for function in &FUNCTIONS {
        let count = patterns(every).min(BLOCK) as usize;
        let row = Row { op: (function.op)(count), remembered: 0 };
        let mut case = Case::new(&row, &[Value::F32(vec![0.0; count])], &NOWHEN, 0);
        let model = case.model().clone();
        let place = format!("{} with {}", row.op.kind(), variant.name());
        let mut walk = |engine: &mut dyn Engine| {
            (0..patterns(every)).step_by(BLOCK as usize).try_for_each(|first| {
                let x = function.block(first, every, count);
                let found = case.run_with(engine, &NOWHEN, &x)?;
                tally.cases += function.asked(first, every, count);
                function.hold(&x, &found, &place, tally);
                tick(1);
                Ok(())
            })
        };
        let walked: Result<(), EngineError> =
            variant.engine(&model).and_then(|mut engine| walk(engine.as_mut()));
        walked.map_err(at_place(|| place))?;
    }
    Ok(())
}

/// Patterns that are looked at.
fn patterns(every: u64) -> u64 {
    PATTERNS.div_ceil(every)
}

impl Function {
    /// The values of the patterns from number `first` on; zeros where they are at their end, or
    /// where the function does not take one.
    fn block(&self, first: u64, every: u64, count: usize) -> Value {
        let numbers = (first..first + count as u64).into_par_iter();
        Value::F32(numbers.map(|number| self.pattern(number, every).unwrap_or(0.0)).collect())
    }

    /// Values of the block that are no filling.
    fn asked(&self, first: u64, every: u64, count: usize) -> u64 {
        let numbers = (first..first + count as u64).into_par_iter();
        numbers.filter(|&number| self.pattern(number, every).is_some()).count() as u64
    }

    /// The value of pattern `number`, where there is one and the function takes it.
    fn pattern(&self, number: u64, every: u64) -> Option<f32> {
        let x = f32::from_bits(u32::try_from(number * every).ok()?);
        (self.takes_all || x.is_finite()).then_some(x)
    }

    /// Holds the one output of a run against `exact`.
    fn hold(&self, x: &Value, found: &[Vec<u8>], place: &str, tally: &mut Tally) {
        let elements = found[0].par_chunks(self.written.bytes());
        let differing: Vec<(f32, u64)> = x
            .f32()
            .par_iter()
            .zip(elements)
            .with_min_len(SHARE)
            .map(|(&x, found)| (x, bits(found)))
            .filter(|&(x, found)| !same(self.written, (self.exact)(x), found))
            .collect();
        tally.runs += 1;
        tally.differs(differing.len() as u64, || {
            let (x, found) = differing[0];
            let wanted = (self.exact)(x);
            format!("{place}: of {:#x} ({x}) it is {found:#x}, not {wanted:#x}", x.to_bits())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_are_those_of_float32() {
        assert_eq!(patterns(1), PATTERNS);
        assert_eq!(patterns(3), 1_431_655_766);
        assert_eq!(functions_runs(1), 3 * 4096);
        assert_eq!(functions_runs(PATTERNS), 3);
        let last = FUNCTIONS[0].block(PATTERNS - 2, 1, 4);
        let bits: Vec<u32> = last.f32().iter().map(|x| x.to_bits()).collect();
        assert_eq!(bits, [u32::MAX - 1, u32::MAX, 0, 0]);
        assert_eq!(FUNCTIONS[0].asked(PATTERNS - 2, 1, 4), 2);
    }

    #[test]
    fn a_function_that_refuses_is_given_finite_values_only() {
        let block = FUNCTIONS[2].block(0x7f7f_ffff, 1, 3);
        assert_eq!(block.f32(), [f32::MAX, 0.0, 0.0]);
        assert_eq!(FUNCTIONS[2].asked(0x7f7f_ffff, 1, 3), 1);
    }
}
