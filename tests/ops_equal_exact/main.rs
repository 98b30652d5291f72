//! Every op of the CPU engine gives the bits of its definition: all sizes, instruction sets, threads.

mod definition;
mod harness;
mod inputs;
mod table;

use definition::{Moment, Value, outputs};
use harness::{Case, TESTED};
use inputs::{Random, STYLES, Style, floats_of, reads};
use rayon::ThreadPool;
use std::collections::BTreeSet;
use table::Row;
use worldtape::engine::EngineError;
use worldtape::engine::cpu::Isa;
use worldtape::event::Action;
use worldtape::exact::NotFinite;
use worldtape::program::Op;

/// More operands than this, and an op gets fewer draws.
const LARGE: usize = 100_000;
const DRAWS_OF_LARGE: usize = 3;
/// Fewest runs of one op with one instruction set on one number of threads.
const RUNS_MIN: usize = 2_000;

fn pools() -> Vec<ThreadPool> {
    let pool = |threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("threads")
    };
    [1, 2, 7].map(pool).into()
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

/// Where `found` is not `expected`, which it must be bit for bit; but a NaN is a NaN: which one is
/// not defined, for none ever reaches a digest.
fn difference(expected: &Value, found: &[u8]) -> Option<String> {
    let bytes = expected.bytes();
    if bytes.len() != found.len() {
        return Some(format!("{} bytes, not {}", found.len(), bytes.len()));
    }
    let width = match expected {
        Value::F32(_) => 4,
        Value::I8(_) | Value::U8(_) => 1,
        Value::U64(_) => 8,
    };
    let is_nan = |bytes: &[u8]| match (expected, bytes) {
        (Value::F32(_), &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]).is_nan(),
        _ => false,
    };
    let mut pairs = bytes.chunks(width).zip(found.chunks(width)).enumerate();
    pairs
        .find(|(_, (a, b))| a != b && !(is_nan(a) && is_nan(b)))
        .map(|(i, (a, b))| format!("element {i} is {b:02x?}, not {a:02x?} (little-endian)"))
}

/// Runs one case everywhere and holds it against its definition; gives the number of runs.
fn check(case: &Case, row: &Row, reads: &[Value], at: &Moment, pools: &[ThreadPool]) -> usize {
    let expected = outputs(&row.op, reads, at);
    let mut runs = 0;
    for isa in Isa::available() {
        for pool in pools {
            let found = pool.install(|| case.run(isa, at));
            let place = || format!("{row:?} with {isa} on {}", pool.current_num_threads());
            runs += 1;
            match (&expected, found) {
                (Ok(expected), Ok(found)) => {
                    assert_eq!(expected.len(), found.len(), "{}", place());
                    for (i, (expected, found)) in expected.iter().zip(&found).enumerate() {
                        let difference = difference(expected, found);
                        assert!(
                            difference.is_none(),
                            "{}: output {i}: {}",
                            place(),
                            difference.unwrap_or_default()
                        );
                    }
                }
                (Err(NotFinite), Err(found)) => {
                    let (frame, op) = (at.frame, TESTED.to_owned());
                    assert_eq!(found, EngineError::NotFinite { frame, op }, "{}", place());
                }
                (expected, found) => {
                    let ended = |ok: bool| if ok { "outputs" } else { "an error" };
                    panic!(
                        "{}: {} wanted, {} found",
                        place(),
                        ended(expected.is_ok()),
                        found.map_or_else(|error| error.to_string(), |_| "outputs".to_owned())
                    );
                }
            }
        }
    }
    runs
}

#[test]
fn every_op_gives_the_bits_of_its_definition() {
    let (pools, mut runs, mut cases) = (pools(), 0, 0);
    let rows = table::rows();
    for (number, row) in rows.iter().enumerate() {
        let size: usize = row.operands().iter().map(|operand| operand.1).sum();
        let draws = if size > LARGE { DRAWS_OF_LARGE } else { STYLES.len() };
        for draw in 0..draws {
            let mut random = Random::new((number * STYLES.len() + draw) as u32);
            let reads = reads(row, draw, &mut random);
            let at = moment(row, number * STYLES.len() + draw);
            let case = Case::new(row, &reads, &at, draw % 4);
            runs += check(&case, row, &reads, &at, &pools);
            cases += 1;
        }
    }
    println!("{} rows, {cases} cases, {runs} runs", rows.len());
    assert!(runs >= RUNS_MIN, "{runs} runs");
}

#[test]
fn the_table_has_every_op() {
    let kinds: BTreeSet<&str> = table::rows().iter().map(|row| row.op.kind()).collect();
    assert_eq!(kinds.len(), 24, "{kinds:?}");
}

/// The ops that stand before every digest and every product let nothing pass that is not finite,
/// wherever in a row it lies.
#[test]
fn a_value_that_is_not_finite_names_the_op() {
    let ops = |count: usize| {
        [
            Op::Quantise { rows: 1, columns: count },
            Op::Quantise { rows: count, columns: 1 },
            Op::ToPicture { count },
            Op::BitSum { count, first_index: 0 },
        ]
    };
    let pools = pools();
    let bads = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7f80_0001)];
    for (count, places) in [(1, vec![0]), (67, vec![0, 31, 32, 66]), (20_001, vec![20_000])] {
        for op in ops(count) {
            let row = Row { op, remembered: 0 };
            let finite = floats_of(Style::Plain, count, 1, &mut Random::new(5));
            for (number, bad) in bads.into_iter().enumerate() {
                for &place in &places {
                    let mut x = finite.clone();
                    x[place] = bad;
                    let (reads, at) = ([Value::F32(x)], moment(&row, number));
                    assert_eq!(outputs(&row.op, &reads, &at), Err(NotFinite));
                    check(&Case::new(&row, &reads, &at, 1), &row, &reads, &at, &pools);
                }
            }
        }
    }
}
