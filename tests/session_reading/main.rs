//! A tape gives back what was written, and never anything else: cut, damaged, spliced or made up.

#[path = "../common/blocks.rs"]
mod blocks;
mod damage;
mod every_byte;
mod hand_made;
mod order;
mod round_trip;
mod salvaging;
mod seek;
mod writing;

use std::io::Write;
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::{
    Checkpoint, Config, Encoder, FramesBatch, HeaderInfo, Machine, Note, PlayRoot, Resume,
    SessionError, Tape,
};

const INFO: HeaderInfo = HeaderInfo { uuid: [0x5a; 16] };

fn config() -> Config {
    Config {
        world_digest: Digest([0x11; 32]),
        world_name: "doom".to_owned(),
        arithmetic: "exact-1".to_owned(),
        seed: 7,
        prompt: 1,
        passes: 1,
        noise_levels: vec![0x3f80_0000, 0],
        picture_width: 160,
        picture_height: 120,
        frames_per_second_milli: 35_000,
        action_names: vec!["forward".to_owned(), "attack".to_owned()],
    }
}

fn machine() -> Machine {
    Machine {
        started_unix_ms: 1_700_000_000_000,
        engine: "cpu".to_owned(),
        threads: 2,
        entries: vec![("isa".to_owned(), "avx512-vnni".to_owned())],
        ..Machine::default()
    }
}

fn outcome(frame: u64) -> Outcome {
    let picture = Digest(*blake3::hash(&frame.to_le_bytes()).as_bytes());
    Outcome { picture, state_sum: frame.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
}

/// A tape with every kind of block: three frames in two blocks, the first with an action ahead.
fn write_small(sink: impl Write) -> Result<(), SessionError> {
    let mut encoder = Encoder::new(sink, INFO, &config(), &machine())?;
    let source_root = PlayRoot::new(&config()).digest();
    encoder.resume(&Resume { source_uuid: [9; 16], source_frame: 0, source_root })?;
    let mut batch = FramesBatch::new();
    batch.push_action(0, Action(1), 10);
    batch.push_outcome(0, outcome(0), 20);
    batch.push_action(1, Action(2), 30);
    encoder.seal_frames(&mut batch)?;
    encoder.note(&Note { frame: 1, text: "a door".to_owned() })?;
    let state = vec![1, 2, 3];
    encoder.checkpoint(Checkpoint { frame: 1, state_digest: Digest([3; 32]), state })?;
    batch.push_outcome(1, outcome(1), 40);
    batch.push_action(2, Action(3), 50);
    batch.push_outcome(2, outcome(2), 60);
    encoder.seal_frames(&mut batch)?;
    encoder.finish().map(|_| ())
}

fn small() -> Vec<u8> {
    let mut bytes = Vec::new();
    write_small(&mut bytes).expect("a vector takes everything");
    bytes
}

/// A tape of 600 frames, a note after every hundredth.
fn long() -> Vec<u8> {
    let encoder = Encoder::new(Vec::new(), INFO, &config(), &machine());
    let mut encoder = encoder.expect("a vector takes everything");
    let mut batch = FramesBatch::new();
    for frame in 0..600 {
        batch.push_action(frame, Action((frame * 77) as u16), frame * 28_571);
        batch.push_outcome(frame, outcome(frame), frame * 28_571 + 9_000);
        if batch.is_full() {
            encoder.seal_frames(&mut batch).expect("a vector");
        }
        if frame % 100 == 99 {
            encoder.seal_frames(&mut batch).expect("a vector");
            encoder.note(&Note { frame, text: "a hundred".to_owned() }).expect("a vector");
        }
    }
    encoder.finish().expect("a vector").1
}

fn read(bytes: &[u8]) -> Tape {
    Tape::read(bytes).expect("a tape")
}

/// Everything in `part` is at the front of `whole`.
fn assert_front(part: &Tape, whole: &Tape, context: &str) {
    assert_eq!(part.uuid, whole.uuid, "{context}");
    assert_eq!(part.config, whole.config, "{context}");
    assert!(whole.machines.starts_with(&part.machines), "{context}");
    assert!(whole.resumes.starts_with(&part.resumes), "{context}");
    assert!(whole.checkpoints.starts_with(&part.checkpoints), "{context}");
    assert!(whole.notes.starts_with(&part.notes), "{context}");
    assert!(whole.actions.starts_with(&part.actions), "{context}");
    assert!(whole.outcomes.starts_with(&part.outcomes), "{context}");
    assert!(whole.action_us.starts_with(&part.action_us), "{context}");
    assert!(whole.outcome_us.starts_with(&part.outcome_us), "{context}");
    assert!(whole.blocks.starts_with(&part.blocks), "{context}");
}

/// Blocks of `tape` that lie whole before byte `end`, and the outcomes in them.
fn whole_blocks(tape: &Tape, end: usize) -> (usize, u64) {
    let whole = tape.blocks.iter().take_while(|block| block.offset + block.len <= end as u64);
    whole
        .fold((0, 0), |(blocks, frames), block| (blocks + 1, frames + u64::from(block.frame_count)))
}
