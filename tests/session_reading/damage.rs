//! Zeros, splices, other tapes' blocks: the records before them stay, and nothing is made up.

use super::*;
use proptest::prelude::*;
use worldtape::session::{Ending, FOOTER_BYTES, HEADER_BYTES, Part, find_block, rewrite};

#[test]
fn zeros_after_the_last_block_are_room_and_not_damage() {
    let bytes = small();
    let whole = read(&bytes);
    for block in &whole.blocks {
        let end = (block.offset + block.len) as usize;
        let mut tape = bytes[..end].to_vec();
        tape.resize(end + 4096, 0);
        let (_, valid_frames) = whole_blocks(&whole, end);
        let cut = Ending::Cut { offset: end as u64, valid_frames };
        assert_eq!(read(&tape).ending, cut);
        tape.push(1);
        assert!(matches!(read(&tape).ending, Ending::Damaged { .. }));
    }
}

#[test]
fn one_damaged_copy_of_config_does_not_lose_it() {
    let bytes = small();
    let whole = read(&bytes);
    for block in &whole.blocks[..2] {
        let mut damaged = bytes.clone();
        damaged[block.offset as usize..(block.offset + block.len) as usize].fill(0xee);
        let tape = read(&damaged);
        assert_eq!(tape.config, config());
        assert!(matches!(tape.ending, Ending::Damaged { offset, .. } if offset == block.offset));
    }
    let mut damaged = bytes.clone();
    let end = whole.blocks[1].offset + whole.blocks[1].len;
    damaged[HEADER_BYTES..end as usize].fill(0xee);
    let refused = Tape::read(&damaged).expect_err("no CONFIG");
    assert!(matches!(refused, SessionError::NoConfig { offset: 44, .. }), "{refused}");
}

#[test]
fn what_is_no_tape_is_refused_by_name() {
    for bytes in [&b""[..], b"x", b"{\"version\": 3}\n[0.1, \"o\", \"hello\"]\n", &[0; 4096]] {
        let bytes_len = bytes.len() as u64;
        assert_eq!(Tape::read(bytes), Err(SessionError::NotATape { bytes: bytes_len }));
        assert_eq!(Tape::verify_chain(bytes), Err(SessionError::NotATape { bytes: bytes_len }));
    }
}

#[test]
fn a_newer_tape_is_refused_by_its_version_and_a_newer_minor_is_read() {
    let mut bytes = small();
    bytes[18] = 9;
    seal_header(&mut bytes);
    assert_eq!(read(&bytes).version.minor, 9);
    bytes[16] = 2;
    seal_header(&mut bytes);
    assert_eq!(Tape::read(&bytes), Err(SessionError::Version { major: 2, minor: 9 }));
}

/// Makes the CRC of a changed header right.
fn seal_header(bytes: &mut [u8]) {
    let crc = crc32c::crc32c(&bytes[..HEADER_BYTES - 4]);
    bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn two_copies_of_config_that_differ_are_damage() {
    let (bytes, whole) = (small(), read(&small()));
    let mut other = whole.clone();
    other.config.seed += 1;
    let mut other_bytes = Vec::new();
    rewrite(&other, &mut other_bytes).expect("a vector takes everything");
    let first_end = whole.blocks[1].offset as usize;
    let second = read(&other_bytes).blocks[1];
    let spliced = [&bytes[..first_end], &other_bytes[second.offset as usize..]].concat();
    let offset = first_end as u64;
    let what = SessionError::ConfigsDiffer { offset };
    assert_eq!(read(&spliced).ending, Ending::Damaged { offset, what, valid_frames: 0 });
}

#[test]
fn blocks_of_another_tape_do_not_fit_the_chain() {
    let (bytes, whole) = (small(), read(&small()));
    let mut altered = whole.clone();
    altered.machines[0].started_unix_ms += 1;
    altered.config.seed += 1;
    let mut other = Vec::new();
    rewrite(&altered, &mut other).expect("a vector takes everything");
    let kept = (whole.blocks[2].offset + whole.blocks[2].len) as usize;
    let taken = read(&other).blocks[3];
    let spliced = [&bytes[..kept], &other[taken.offset as usize..]].concat();
    let refused = Tape::verify_chain(&spliced).expect_err("another tape's block");
    assert!(matches!(refused, SessionError::DigestDiffers { what: "chain", .. }), "{refused}");
    assert!(matches!(read(&spliced).ending, Ending::Damaged { .. }), "its END is another's");
}

#[test]
fn bytes_after_the_footer_and_missing_blocks_are_damage() {
    let mut bytes = small();
    let offset = bytes.len() as u64;
    bytes.extend([0; 7]);
    let trailing = SessionError::Trailing { offset, bytes: 7 };
    assert!(matches!(read(&bytes).ending, Ending::Damaged { what, .. } if what == trailing));
    bytes.truncate(offset as usize);
    let note = read(&bytes).blocks[5];
    bytes.drain(note.offset as usize..(note.offset + note.len) as usize);
    let Ending::Damaged { what, offset, .. } = read(&bytes).ending else {
        panic!("a block was left out");
    };
    assert_eq!(offset, note.offset);
    assert!(matches!(
        what,
        SessionError::Field { what: "block sequence", expected: 5, found: 6, .. }
    ));
}

#[test]
fn the_next_block_is_found_after_damage() {
    let bytes = small();
    let offsets: Vec<u64> = read(&bytes).blocks.iter().map(|block| block.offset).collect();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = find_block(&bytes, from) {
        found.push(offset as u64);
        from = offset + 1;
    }
    assert_eq!(found, offsets);
    assert_eq!(find_block(&bytes, bytes.len() + 1), None);
}

#[test]
fn a_damaged_part_is_named() {
    let bytes = small();
    let at = bytes.len() - FOOTER_BYTES;
    let mut flipped = bytes.clone();
    flipped[at + 20] ^= 1;
    let Ending::Damaged { what, offset, valid_frames } = read(&flipped).ending else {
        panic!("a changed footer");
    };
    assert!(matches!(what, SessionError::Crc { part: Part::Footer, .. }), "{what}");
    assert_eq!((offset, valid_frames), (at as u64, 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        at in any::<prop::sample::Index>(),
    ) {
        let _ = Tape::read(&bytes);
        let mut tape = small();
        let at = at.index(tape.len());
        let end = tape.len().min(at + bytes.len());
        let changed = tape[at..end] != bytes[..end - at];
        tape[at..end].copy_from_slice(&bytes[..end - at]);
        if let Ok(read_back) = Tape::read(&tape) {
            assert_front(&read_back, &read(&small()), "overwritten");
            prop_assert_eq!(read_back.ending == Ending::Closed, !changed);
        }
    }
}
