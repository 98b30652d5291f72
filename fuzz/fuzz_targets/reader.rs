//! Any bytes as a tape; then the same with every CRC and every link of the chain made right, so
//! that what lies behind them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worldtape::session::{BLOCK_HEADER_BYTES, Ending, HEADER_BYTES, Tape, find_block};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut sealed = bytes.to_vec();
    seal(&mut sealed);
    read(&sealed);
});

/// What holds of any tape that is read.
fn read(bytes: &[u8]) {
    let _ = Tape::verify_chain(bytes);
    if let Some(found) = find_block(bytes, 0) {
        assert!(found + BLOCK_HEADER_BYTES <= bytes.len());
    }
    let Ok(tape) = Tape::read(bytes) else {
        return;
    };
    assert!(tape.outcomes.len() <= tape.actions.len());
    assert_eq!(tape.actions.len(), tape.action_us.len());
    assert_eq!(tape.outcomes.len(), tape.outcome_us.len());
    let frames: u64 = tape.blocks.iter().map(|block| u64::from(block.frame_count)).sum();
    let unknown = tape.blocks.iter().any(|block| block.schema != 1 || block.kind.number() > 8);
    assert!(unknown || frames == tape.outcomes.len() as u64);
    if let Ending::Cut { offset, .. } | Ending::Damaged { offset, .. } = tape.ending {
        assert!(offset <= bytes.len() as u64);
    }
}

/// Makes the CRCs and the chain right, block by block, as far as the lengths lead.
fn seal(bytes: &mut [u8]) {
    if bytes.len() < HEADER_BYTES {
        return;
    }
    put_crc(&mut bytes[..HEADER_BYTES]);
    let (mut before, mut at) = (0..HEADER_BYTES, HEADER_BYTES);
    while let Some(front) = bytes.get(at..at + BLOCK_HEADER_BYTES) {
        let length = u32::from_le_bytes(front[36..40].try_into().expect("four bytes")) as usize;
        let end = at.saturating_add(BLOCK_HEADER_BYTES).saturating_add(length).min(bytes.len());
        let chain = blake3::derive_key("worldtape 1 chain", &bytes[before]);
        let payload_crc = crc32c::crc32c(&bytes[at + BLOCK_HEADER_BYTES..end]);
        bytes[at + 44..at + 76].copy_from_slice(&chain);
        bytes[at + 76..at + 80].copy_from_slice(&payload_crc.to_le_bytes());
        put_crc(&mut bytes[at..at + BLOCK_HEADER_BYTES]);
        (before, at) = (at..end, end);
    }
    // What is left where blocks end may be a footer.
    if bytes.len() - at >= 64 {
        put_crc(&mut bytes[at..at + 64]);
    }
}

/// The last four bytes become the CRC of those before them.
fn put_crc(bytes: &mut [u8]) {
    let (covered, place) = bytes.split_at_mut(bytes.len() - 4);
    place.copy_from_slice(&crc32c::crc32c(covered).to_le_bytes());
}
