//! Every op of the CPU engine gives the bits of its definition: all sizes, instruction sets, threads.

use std::collections::BTreeSet;
use worldtape::check::{self, Tally, Variant};
use worldtape::engine::cpu::Isa;

/// Fewest runs of one op with one instruction set on one number of threads.
const RUNS_MIN: u64 = 2_000;
/// Fewest cases in which a value is not finite.
const NOT_FINITE_MIN: u64 = 100;

fn variants() -> Vec<Box<dyn Variant>> {
    let variants = check::cpu_variants(Isa::best()).expect("threads");
    assert!(variants.len() >= Isa::available().len() * 3, "{} ways to run", variants.len());
    variants
}

#[test]
fn every_op_gives_the_bits_of_its_definition() {
    let (variants, mut tally) = (variants(), Tally::default());
    check::ops(&variants, &mut tally, &mut |_| ()).expect("runs");
    assert_eq!((tally.differing, &tally.first_difference), (0, &None));
    assert_eq!(tally.cases, check::ops_cases());
    assert_eq!(tally.runs, tally.cases * variants.len() as u64);
    println!("{} rows, {} cases, {} runs", check::rows().len(), tally.cases, tally.runs);
    assert!(tally.runs >= RUNS_MIN, "{} runs", tally.runs);
}

#[test]
fn the_table_has_every_op() {
    let kinds: BTreeSet<&str> = check::rows().iter().map(|row| row.op.kind()).collect();
    assert_eq!(kinds.len(), 24, "{kinds:?}");
}

/// The ops that stand before every digest and every product let nothing pass that is not finite,
/// wherever in a row it lies.
#[test]
fn a_value_that_is_not_finite_names_the_op() {
    let (variants, mut tally) = (variants(), Tally::default());
    check::not_finite(&variants, &mut tally, &mut |_| ()).expect("runs");
    assert_eq!((tally.differing, &tally.first_difference), (0, &None));
    assert_eq!(tally.cases, check::not_finite_cases());
    assert!(tally.cases >= NOT_FINITE_MIN, "{} cases", tally.cases);
}
