//! Every op at every size of the table, against its definition, every way to run.

use super::case::{Case, TESTED};
use super::definition::outputs;
use super::inputs::{Random, STYLES, Style, floats_of, reads};
use super::table::{Row, rows};
use super::value::{Moment, Value};
use super::variant::Variant;
use super::{CheckError, Tally, Tick, at_place};
use crate::engine::EngineError;
use crate::event::Action;
use crate::exact::NotFinite;
use crate::program::Op;

/// More operands than this, and an op gets fewer draws.
const LARGE: usize = 100_000;
const DRAWS_OF_LARGE: usize = 3;

/// Values that no digest and no product lets pass.
const BADS: [f32; 5] =
    [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7f80_0001)];
/// Lengths, and where in them such a value lies.
const BAD_PLACES: [(usize, &[usize]); 3] = [(1, &[0]), (67, &[0, 31, 32, 66]), (20_001, &[20_000])];

/// An op in a program of its own, with what it is fed.
struct Trial<'a> {
    row: &'a Row,
    reads: Vec<Value>,
    at: Moment,
    case: Case,
    /// Where the values come from.
    draw: String,
}

/// Ticks of [`ops`].
pub fn ops_cases() -> u64 {
    rows().iter().map(|row| draws(row) as u64).sum()
}

/// Every row of the table with every draw of operands.
///
/// # Errors
/// Where an engine cannot be made, or stops for another reason than a value that is not finite.
pub fn ops(
    variants: &[Box<dyn Variant>],
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    for (number, row) in rows().iter().enumerate() {
        for (draw, style) in STYLES.iter().enumerate().take(draws(row)) {
            let number = number * STYLES.len() + draw;
            let (at, draw_name) = (moment(row, number), format!("draw {draw} ({style:?})"));
            let reads = reads(row, draw, &mut Random::new(number as u32));
            Trial::new(row, reads, at, draw % 4, draw_name).hold(variants, tally)?;
            tick(1);
        }
    }
    Ok(())
}

/// Ticks of [`not_finite`].
pub fn not_finite_cases() -> u64 {
    let places: usize = BAD_PLACES.iter().map(|(_, places)| places.len()).sum();
    (refusing(1).len() * BADS.len() * places) as u64
}

/// The ops that stand before every digest and every product name themselves where a value is not
/// finite, wherever in a row it lies.
///
/// # Errors
/// As [`ops`].
pub fn not_finite(
    variants: &[Box<dyn Variant>],
    tally: &mut Tally,
    tick: &mut Tick<'_>,
) -> Result<(), CheckError> {
    for (count, places) in BAD_PLACES {
        let finite = floats_of(Style::Plain, count, 1, &mut Random::new(5));
        for op in refusing(count) {
            let row = Row { op, remembered: 0 };
            for (number, bad) in BADS.into_iter().enumerate() {
                for &place in places {
                    let mut x = finite.clone();
                    x[place] = bad;
                    let draw = format!("{bad} ({:#x}) at {place}", bad.to_bits());
                    let (reads, at) = (vec![Value::F32(x)], moment(&row, number));
                    Trial::new(&row, reads, at, 1, draw).hold(variants, tally)?;
                    tick(1);
                }
            }
        }
    }
    Ok(())
}

/// Ops that let nothing pass that is not finite.
fn refusing(count: usize) -> [Op; 4] {
    [
        Op::Quantise { rows: 1, columns: count },
        Op::Quantise { rows: count, columns: 1 },
        Op::ToPicture { count },
        Op::BitSum { count, first_index: 0 },
    ]
}

fn draws(row: &Row) -> usize {
    let size: usize = row.operands().iter().map(|operand| operand.1).sum();
    if size > LARGE { DRAWS_OF_LARGE } else { STYLES.len() }
}

/// Something else for every row and draw.
fn moment(row: &Row, number: usize) -> Moment {
    Moment {
        seed: 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1),
        frame: (number as u64) << (number % 40),
        action: Action(0xb5c7_u16.rotate_left(number as u32)),
        remembered: row.remembered,
    }
}

impl Trial<'_> {
    fn new(row: &Row, reads: Vec<Value>, at: Moment, pad: usize, draw: String) -> Trial<'_> {
        let case = Case::new(row, &reads, &at, pad);
        Trial { row, reads, at, case, draw }
    }

    /// Runs it every way and counts what differs.
    fn hold(&self, variants: &[Box<dyn Variant>], tally: &mut Tally) -> Result<(), CheckError> {
        let expected = outputs(&self.row.op, &self.reads, &self.at);
        for variant in variants {
            let place = || format!("{:?}, {}, {}", self.row, self.draw, variant.name());
            let engine = variant.engine(self.case.model());
            let ran = engine.and_then(|mut engine| self.case.run(engine.as_mut(), &self.at));
            let found = match ran {
                Ok(found) => Ok(found),
                Err(stop @ EngineError::NotFinite { .. }) => Err(stop),
                Err(error) => return Err(at_place(place)(error)),
            };
            tally.runs += 1;
            if let Some(difference) = self.difference(&expected, &found) {
                tally.differs(1, || format!("{}: {difference}", place()));
            }
        }
        tally.cases += 1;
        Ok(())
    }

    /// Where outputs, or the stop, are not those of the definition.
    fn difference(
        &self,
        expected: &Result<Vec<Value>, NotFinite>,
        found: &Result<Vec<Vec<u8>>, EngineError>,
    ) -> Option<String> {
        match (expected, found) {
            (Ok(expected), Ok(found)) if expected.len() == found.len() => {
                let mut pairs = expected.iter().zip(found).enumerate();
                pairs.find_map(|(output, (expected, found))| {
                    Some(format!("output {output}: {}", expected.difference(found)?))
                })
            }
            (Ok(expected), Ok(found)) => {
                Some(format!("{} outputs, not {}", found.len(), expected.len()))
            }
            (Err(NotFinite), Err(found)) => {
                let (frame, op) = (self.at.frame, TESTED.to_owned());
                let expected = EngineError::NotFinite { frame, op };
                (*found != expected).then(|| format!("\"{found}\", not \"{expected}\""))
            }
            (Ok(_), Err(found)) => Some(format!("\"{found}\", not outputs")),
            (Err(NotFinite), Ok(_)) => {
                Some("outputs, where a value that is not finite must stop it".to_owned())
            }
        }
    }
}
