//! Every cut, every changed byte, every sector that is not what it was: the blocks that no change
//! touches are read, those it touches are lost and said to be, and nothing is made up.

use super::*;
use std::ops::Range;
use worldtape::session::{Ending, HEADER_BYTES, find_block};

/// What disks write in one piece.
const SECTORS: [usize; 2] = [512, 4096];

/// A tape, what it holds, and where its readable CONFIG may be.
struct Whole {
    bytes: Vec<u8>,
    tape: Tape,
}

impl Whole {
    fn new(bytes: Vec<u8>) -> Whole {
        let tape = read(&bytes);
        assert_eq!(tape.ending, Ending::Closed);
        Whole { bytes, tape }
    }

    /// The bytes of a block.
    fn block(&self, index: usize) -> Range<usize> {
        let block = self.tape.blocks[index];
        block.offset as usize..(block.offset + block.len) as usize
    }

    /// Reads `changed`, a tape of this length or longer that is not this one, and checks all that
    /// is promised.
    fn check(&self, changed: &[u8], context: &str) {
        let both = self.bytes.iter().zip(changed);
        let differing = both.enumerate().filter(|(_, (byte, changed))| byte != changed);
        let differing: Vec<usize> = differing.map(|(at, _)| at).collect();
        let first = differing.first().copied().unwrap_or(self.bytes.len());
        let touched = |range: Range<usize>| differing.iter().any(|at| range.contains(at));
        let tape = match Tape::read(changed) {
            Ok(tape) => tape,
            Err(error) => {
                let configs_gone = touched(self.block(0)) && touched(self.block(1));
                assert!(touched(0..HEADER_BYTES) || configs_gone, "{context}: {error}");
                return;
            }
        };
        assert!(!touched(0..HEADER_BYTES), "{context}: a changed header was read");
        let (blocks, frames) = whole_blocks(&self.tape, first);
        assert_front(&tape, &self.tape, context);
        assert_eq!((tape.blocks.len(), tape.outcomes.len() as u64), (blocks, frames), "{context}");
        let end = tape.blocks.last().map_or(HEADER_BYTES as u64, |block| block.offset + block.len);
        match tape.ending {
            Ending::Damaged { valid_frames, offset, .. } => {
                assert_eq!(valid_frames, frames, "{context}");
                assert!(offset == end || first == self.bytes.len(), "{context}: {offset}");
            }
            Ending::Cut { offset, valid_frames } => {
                assert_eq!((offset, valid_frames), (end, frames), "{context}");
                let rest = &changed[end as usize..];
                assert!(rest.iter().all(|&byte| byte == 0), "{context}: damage called an end");
            }
            Ending::Closed => panic!("{context}: nothing was said"),
        }
        let untouched = (0..self.tape.blocks.len()).map(|index| self.block(index));
        let untouched = untouched.filter(|block| !touched(block.clone()));
        for block in untouched {
            assert_eq!(find_block(changed, block.start), Some(block.start), "{context}");
        }
    }
}

#[test]
fn a_cut_at_every_byte_leaves_the_whole_blocks() {
    for whole in [small(), long()].map(Whole::new) {
        let (bytes, first_config_end) = (&whole.bytes, whole.block(0).end);
        for end in 0..bytes.len() {
            let tape = match Tape::read(&bytes[..end]) {
                Ok(tape) => tape,
                Err(error) => {
                    assert!(end < first_config_end, "cut at {end}: {error}");
                    continue;
                }
            };
            let (blocks, valid_frames) = whole_blocks(&whole.tape, end);
            assert_front(&tape, &whole.tape, &format!("cut at {end}"));
            assert_eq!((tape.blocks.len(), tape.outcomes.len() as u64), (blocks, valid_frames));
            let offset = tape.blocks.last().map_or(0, |block| block.offset + block.len);
            assert_eq!(tape.ending, Ending::Cut { offset, valid_frames }, "cut at {end}");
            assert_eq!(Tape::verify_chain(&bytes[..end]), Ok(blocks as u64), "cut at {end}");
        }
    }
}

#[test]
fn a_flip_in_every_byte_is_never_silent() {
    let every = |bytes: Vec<u8>, masks: &[u8]| {
        let whole = Whole::new(bytes);
        let mut flipped = whole.bytes.clone();
        for at in 0..flipped.len() {
            for mask in masks {
                flipped[at] ^= mask;
                whole.check(&flipped, &format!("byte {at} ^ {mask:#x}"));
                flipped[at] ^= mask;
            }
        }
    };
    every(small(), &[0x01, 0x80, 0xff]);
    every(long(), &[0xff]);
}

#[test]
fn a_flip_of_a_bit_loses_the_block_it_is_in_and_no_other() {
    let whole = Whole::new(long());
    for at in (HEADER_BYTES..whole.bytes.len()).step_by(61) {
        let mut flipped = whole.bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let Ending::Damaged { offset, .. } = read(&flipped).ending else {
            panic!("byte {at}: damage called an end");
        };
        let next = whole.tape.blocks.iter().find(|block| block.offset > at as u64);
        let found = find_block(&flipped, at + 1).map(|found| found as u64);
        assert!(offset <= at as u64, "byte {at}: damage at {offset}");
        assert_eq!(found, next.map(|block| block.offset), "byte {at}");
    }
}

/// Both sizes of sector, and where those of `bytes` begin.
fn sectors(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<usize>)> {
    let starts = |sector| (0..bytes.len()).step_by(sector).collect();
    SECTORS.map(|sector| (sector, starts(sector))).into_iter()
}

#[test]
fn a_sector_of_zeros_is_named() {
    for whole in [small(), long()].map(Whole::new) {
        for (sector, starts) in sectors(&whole.bytes) {
            for at in starts {
                let mut changed = whole.bytes.clone();
                let end = changed.len().min(at + sector);
                changed[at..end].fill(0);
                whole.check(&changed, &format!("{sector} zeros at {at}"));
            }
        }
    }
}

#[test]
fn a_sector_that_holds_another_one_is_named() {
    let whole = Whole::new(long());
    for (sector, starts) in sectors(&whole.bytes) {
        for (&from, &to) in starts.iter().flat_map(|from| starts.iter().map(move |to| (from, to))) {
            let end = whole.bytes.len();
            let taken = sector.min(end - from).min(end - to);
            let mut changed = whole.bytes.clone();
            changed[to..to + taken].copy_from_slice(&whole.bytes[from..from + taken]);
            if changed != whole.bytes {
                whole.check(&changed, &format!("sector of {sector} from {from} at {to}"));
            }
            if from < to {
                changed[from..from + taken].copy_from_slice(&whole.bytes[to..to + taken]);
                whole.check(&changed, &format!("sectors of {sector} at {from} and {to} swapped"));
            }
        }
    }
}

#[test]
fn a_sector_that_comes_twice_is_named() {
    for whole in [small(), long()].map(Whole::new) {
        for (sector, starts) in sectors(&whole.bytes) {
            for at in starts {
                let end = whole.bytes.len().min(at + sector);
                let twice = [&whole.bytes[..end], &whole.bytes[at..]].concat();
                whole.check(&twice, &format!("sector of {sector} at {at} twice"));
            }
        }
    }
}
