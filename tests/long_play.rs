//! Hours of play: how large its tape is, and how soon it is open.

use worldtape::clock::{Clock, Wall};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::limits::FRAMES_PER_BLOCK_MAX;
use worldtape::session::{Config, Encoder, Ending, FramesBatch, HeaderInfo, Machine, Seeker, Tape};

const FRAMES_PER_SECOND: u64 = 35;
/// What a block holds at that rate when it is sealed after 800 ms (`clock::SEAL_INTERVAL`).
const FRAMES_PER_BLOCK: u64 = 28;
/// Bytes that a second of play may take, digests, state sums and times included.
const BYTES_PER_SECOND_MAX: u64 = 2250;

fn config() -> Config {
    Config {
        world_digest: Digest([1; 32]),
        world_name: "doom".to_owned(),
        arithmetic: "exact-1".to_owned(),
        seed: 7,
        prompt: 0,
        passes: 3,
        noise_levels: vec![3, 2, 1, 0],
        picture_width: 160,
        picture_height: 120,
        frames_per_second_milli: 35_000,
        action_names: vec!["forward".to_owned()],
    }
}

fn outcome(frame: u64) -> Outcome {
    let picture = *blake3::hash(&frame.to_le_bytes()).as_bytes();
    let state_sum = u64::from_le_bytes(picture[..8].try_into().expect("eight bytes"));
    Outcome { picture: Digest(picture), state_sum: state_sum.rotate_left(17) }
}

/// A tape of `seconds` of play in which no digest, sum or time repeats itself.
fn tape(seconds: u64) -> Vec<u8> {
    let info = HeaderInfo { uuid: [7; 16] };
    let mut encoder =
        Encoder::new(Vec::new(), info, &config(), &Machine::default()).expect("a vector");
    let mut batch = FramesBatch::new();
    assert!(FRAMES_PER_BLOCK as usize <= FRAMES_PER_BLOCK_MAX);
    for frame in 0..seconds * FRAMES_PER_SECOND {
        let outcome = outcome(frame);
        let jitter_us = outcome.state_sum % 4000;
        let at_us = frame * 1_000_000 / FRAMES_PER_SECOND;
        batch.push_action(frame, Action((frame / 20 * 7 % 32) as u16), at_us + jitter_us / 9);
        batch.push_outcome(frame, outcome, at_us + 14_000 + jitter_us);
        if frame % FRAMES_PER_BLOCK == FRAMES_PER_BLOCK - 1 {
            encoder.seal_frames(&mut batch).expect("a vector");
        }
    }
    encoder.seal_frames(&mut batch).expect("a vector");
    encoder.finish().expect("a vector").1
}

/// Checks the size of a tape of so many seconds and says it.
fn measure(seconds: u64) -> Vec<u8> {
    let bytes = tape(seconds);
    let per_second = bytes.len() as u64 / seconds;
    println!("{seconds} s of play: {} bytes, {per_second} a second", bytes.len());
    assert!(per_second <= BYTES_PER_SECOND_MAX, "{per_second} bytes a second");
    bytes
}

#[test]
fn a_second_of_play_takes_at_most_2250_bytes() {
    let tape = Tape::read(&measure(300)).expect("a tape");
    assert_eq!((tape.outcomes.len(), tape.ending), (300 * 35, Ending::Closed));
}

#[test]
#[ignore = "a measurement: docs/measurements/030-tapes-that-survive.md has its result"]
fn ten_hours_of_play_open() {
    let bytes = measure(36_000);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.wtape");
    std::fs::write(&path, &bytes).expect("written");
    for _ in 0..5 {
        let wall = Wall::start();
        let bytes = std::fs::read(&path).expect("read");
        let read_us = wall.now_us();
        let tape = Tape::read(&bytes).expect("a tape");
        let all_us = wall.now_us();
        let blocks = tape.blocks.len();
        println!("{blocks} blocks: the file in {read_us} us, every frame checked in {all_us} us");
        assert_eq!((tape.outcomes.len(), &tape.ending), (1_260_000, &Ending::Closed));
        let wall = Wall::start();
        let file = std::fs::File::open(&path).expect("opens");
        let mut seeker = Seeker::open(file).expect("a closed tape");
        let open_us = wall.now_us();
        let found = seeker.frame(1_000_003).expect("whole").outcome;
        let sought_us = wall.now_us();
        println!("opened by its ends in {open_us} us, frame 1000003 found in {sought_us} us");
        assert_eq!((found, seeker.frames()), (outcome(1_000_003), 1_260_000));
        assert_eq!(seeker.play_root(), tape.play_root.digest());
        assert!(sought_us <= 50_000, "{sought_us} us");
    }
}
