//! Whole blocks in the wrong place: left out, twice, in another order, or of another tape.

use super::*;
use worldtape::session::{Ending, rewrite};

/// The tape of these blocks after the header of `bytes`, and its footer.
fn joined<'a>(bytes: &[u8], blocks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let end = read(bytes).blocks.iter().map(|block| block.offset + block.len).max();
    let blocks: Vec<&[u8]> = blocks.into_iter().collect();
    let footer = &bytes[end.expect("blocks") as usize..];
    [&bytes[..44], &blocks.concat(), footer].concat()
}

fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    let block = |from: u64, len: u64| &bytes[from as usize..(from + len) as usize];
    read(bytes).blocks.iter().map(|info| block(info.offset, info.len)).collect()
}

/// What the reader says of a tape that is `whole` up to block `first`.
#[track_caller]
fn assert_named(changed: &[u8], whole: &Tape, first: usize, context: &str) {
    let tape = read(changed);
    assert_front(&tape, whole, context);
    let Ending::Damaged { what, offset, .. } = tape.ending else {
        panic!("{context}: {:?}", tape.ending);
    };
    assert_eq!(offset, whole.blocks[first].offset, "{context}: {what}");
    let out_of_order = matches!(what, SessionError::Field { what: "block sequence", .. });
    assert!(out_of_order, "{context}: {what}");
    assert!(Tape::verify_chain(changed).is_err(), "{context}");
}

#[test]
fn blocks_in_another_order_or_twice_or_left_out_are_named() {
    let bytes = long();
    let (whole, blocks) = (read(&bytes), blocks(&bytes));
    for first in 0..blocks.len() {
        for second in first + 1..blocks.len() {
            let mut swapped = blocks.clone();
            swapped.swap(first, second);
            let context = format!("blocks {first} and {second} swapped");
            if (first, second) == (0, 1) {
                continue; // both are CONFIG: see below
            }
            assert_named(&joined(&bytes, swapped), &whole, first, &context);
            let mut twice = blocks.clone();
            twice.insert(second, blocks[first]);
            let context = format!("block {first} again before block {second}");
            assert_named(&joined(&bytes, twice), &whole, second, &context);
        }
        if first + 1 < blocks.len() {
            let mut fewer = blocks.clone();
            fewer.remove(first);
            assert_named(&joined(&bytes, fewer), &whole, first, &format!("no block {first}"));
        }
    }
    let mut swapped = blocks.clone();
    swapped.swap(0, 1);
    assert_named(&joined(&bytes, swapped), &whole, 0, "the two of CONFIG swapped");
}

#[test]
fn a_block_of_another_tape_in_its_right_place_is_named_by_the_chain() {
    let bytes = long();
    let mut other = read(&bytes);
    other.uuid = [1; 16];
    other.actions.iter_mut().for_each(|action| action.0 ^= 1);
    let mut other_bytes = Vec::new();
    rewrite(&other, &mut other_bytes).expect("a vector takes everything");
    let (ours, theirs) = (blocks(&bytes), blocks(&other_bytes));
    for at in 0..ours.len().min(theirs.len()) {
        let mut foreign = ours.clone();
        foreign[at] = theirs[at];
        let foreign = joined(&bytes, foreign);
        let refused = Tape::verify_chain(&foreign).expect_err("another tape's block");
        let chain = matches!(refused, SessionError::DigestDiffers { what: "chain", .. });
        assert!(chain, "block {at}: {refused}");
        // CONFIG and MACHINE are the same in both, so only the chain can tell.
        let told = !matches!(read(&foreign).ending, Ending::Closed);
        assert!(told || at < 3, "block {at}");
    }
}
