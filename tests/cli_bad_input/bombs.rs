//! Tapes that ask for far more than they hold: refused in 64 MiB of memory and at once.

use crate::blocks::HandMade;
use crate::command::{Place, Ran};
use rkyv::rancor::Error;
use worldtape::clock::{Clock, Wall};
use worldtape::session::{Kind, Tape, limits, v1};

/// All addresses that the program may have, in KiB: its own text and libraries count too.
const MEMORY_KIB: u32 = 64 << 10;
/// Longer than this is not at once.
const AT_ONCE_US: u64 = 1_000_000;

/// Runs `inspect` on `file` within the bounds.
fn inspect(place: &Place, file: &str) -> Ran {
    let script = format!(r#"ulimit -v {MEMORY_KIB}; exec "$worldtape" inspect {file}"#);
    let wall = Wall::start();
    let ran = place.shell(&script);
    let took_us = wall.now_us();
    assert!(took_us < AT_ONCE_US, "{file}: {took_us} us");
    ran
}

/// The head of `walk.wtape`, then this block.
fn tape_with(place: &Place, block: &HandMade) -> Vec<u8> {
    let whole = place.read("walk.wtape");
    let machine = Tape::read(&whole).expect("a tape").blocks[2];
    let (from, end) = (machine.offset as usize, (machine.offset + machine.len) as usize);
    [&whole[..end], &block.bytes(3, &whole[from..end])].concat()
}

#[test]
fn blocks_that_ask_for_much_are_refused_in_little_memory() {
    let place = Place::with_tape();
    let bomb = zstd::bulk::compress(&vec![0; 1 << 30], 3).expect("zeros compress");
    let frames = |payload: Vec<u8>, says| HandMade::new(Kind::Frames.number(), payload, says);
    let endless = HandMade { compressed_len: Some(u32::MAX), ..frames(Vec::new(), 1) };
    let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &(1_u64 << 60).to_le_bytes(), &[1, 0, 0]];
    let far = HandMade { first_frame: 1 << 60, ..frames(Vec::new(), 1) };
    for (name, block, says) in [
        ("bomb", frames(bomb.clone(), 4096), "compressed bytes is 3278"),
        ("other", HandMade::new(Kind::Checkpoint.number(), bomb, 32 << 20), "zstd content size"),
        ("huge", frames(Vec::new(), u32::MAX), "archive bytes is 4294967295"),
        ("endless", endless, "compressed bytes is 4294967295"),
        ("exbibyte", frames(frame.concat(), 4096), "zstd content size"),
        ("far", far, "first frame"),
    ] {
        let file = format!("{name}.wtape");
        place.write(&file, tape_with(&place, &block));
        let ran = inspect(&place, &file).exits(4);
        assert!(ran.complaint().contains(says), "{name}: {}", ran.err);
    }
}

#[test]
fn a_stream_of_blocks_without_end_is_refused_before_it_is_read() {
    let place = Place::with_tape();
    let small = HandMade::new(Kind::Unknown(99).number(), Vec::new(), 0);
    place.write("block", small.bytes(3, b"").repeat(1000));
    let script = format!(
        "(cat walk.wtape; while cat block; do :; done) 2>/dev/null | \
         (ulimit -v {MEMORY_KIB}; exec \"$worldtape\" inspect /dev/stdin)"
    );
    let wall = Wall::start();
    let ran = place.shell(&script).exits(1);
    let took_us = wall.now_us();
    assert!(took_us < AT_ONCE_US, "{took_us} us");
    assert_eq!(ran.complaint(), "/dev/stdin is not a plain file");
}

/// Payloads of the longest CHECKPOINT and NOTE there may be: a few kilobytes that open to 32 MiB
/// and to 32 KiB.
fn longest(kind: Kind) -> HandMade {
    let bytes = match kind {
        Kind::Checkpoint => limits::STATE_BYTES_MAX as usize,
        _ => limits::NOTE_BYTES_MAX as usize,
    };
    let archive = match kind {
        Kind::Checkpoint => {
            let state = vec![0; bytes];
            rkyv::to_bytes::<Error>(&v1::Checkpoint { frame: 0, state_digest: [0; 32], state })
        }
        _ => rkyv::to_bytes::<Error>(&v1::Note { frame: 0, text: vec![b'n'; bytes] }),
    };
    let archive = archive.expect("memory");
    let payload = zstd::bulk::compress(&archive, 3).expect("it compresses");
    HandMade::new(kind.number(), payload, archive.len() as u32)
}

#[test]
fn right_blocks_that_open_to_much_are_read_in_little_memory_up_to_their_limit() {
    let place = Place::with_tape();
    for (kind, count, says) in [
        (Kind::Checkpoint, 5, "the tape is cut short"),
        (Kind::Checkpoint, 9, "bytes of all states is"),
        (Kind::Note, 300, "bytes of all notes is"),
    ] {
        let block = longest(kind);
        let mut bytes = tape_with(&place, &block);
        let mut from = bytes.len() - block.bytes(3, b"").len();
        for sequence in 4..3 + count {
            let next = block.bytes(sequence, &bytes[from..]);
            from = bytes.len();
            bytes.extend(next);
        }
        place.write("much.wtape", bytes);
        let ran = inspect(&place, "much.wtape").exits(4);
        assert!(ran.complaint().contains(says), "{kind:?} {count}: {}", ran.err);
    }
}
