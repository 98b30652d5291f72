//! Any bytes as a tape; then the same with every CRC and every link of the chain made right, so
//! that what lies behind them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worldtape::session::{BLOCK_HEADER_BYTES, BlockInfo, Ending, Kind, Tape, find_block};
use worldtape_fuzz::seal;

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
    // What a block of an unknown kind counts is not used.
    let is_unknown =
        |block: &BlockInfo| matches!(block.kind, Kind::Unknown(_)) || block.schema != 1;
    let unknown = tape.blocks.iter().any(is_unknown);
    assert!(unknown || frames == tape.outcomes.len() as u64);
    if let Ending::Cut { offset, .. } | Ending::Damaged { offset, .. } = tape.ending {
        assert!(offset <= bytes.len() as u64);
    }
}
