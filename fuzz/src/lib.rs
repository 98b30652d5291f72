//! What targets share: checksums made right, and a right tape that is bruised as the input says.

use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::{
    BLOCK_HEADER_BYTES, Config, Encoder, FramesBatch, HEADER_BYTES, HeaderInfo, Machine, Note,
};

/// Makes the CRCs and the chain right, block by block, as far as the lengths lead.
pub fn seal(bytes: &mut [u8]) {
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

/// A right tape, then for each five bytes of `script` one deed to it: a byte changed, a run zeroed, left
/// out, repeated, or swapped with another, or the rest cut off.
pub fn bruised(script: &[u8]) -> Vec<u8> {
    let mut bytes = tape();
    for deed in script.chunks_exact(5).take(64) {
        let place = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low])) % bytes.len();
        let (from, other) = (place(deed[1], deed[2]), place(deed[3], deed[4]));
        let length = (1 << (deed[0] >> 3 & 15)).min(bytes.len() - from.max(other));
        match deed[0] & 7 {
            0 => bytes[from] ^= 1 << (deed[3] & 7),
            1 => bytes[from..from + length].fill(0),
            2 => drop(bytes.drain(from..from + length)),
            3 => bytes.extend_from_within(from..),
            4 => bytes.copy_within(from..from + length, other),
            5 => (0..length).for_each(|i| bytes.swap(from + i, other + i)),
            6 => bytes.truncate(from.max(1)),
            _ => bytes[from] = deed[3],
        }
        if bytes.is_empty() || bytes.len() > 1 << 17 {
            break;
        }
    }
    bytes
}

/// A closed tape of 20 frames in five blocks, with a remark.
fn tape() -> Vec<u8> {
    let info = HeaderInfo { uuid: [9; 16] };
    let (config, machine) = (config(), Machine::default());
    let mut encoder = Encoder::new(Vec::new(), info, &config, &machine).expect("a vector");
    let mut batch = FramesBatch::new();
    for frame in 0..20 {
        batch.push_action(frame, Action(frame as u16 & 1), frame * 1000);
        let outcome = Outcome { picture: Digest([frame as u8; 32]), state_sum: frame * 77 };
        batch.push_outcome(frame, outcome, frame * 1000 + 500);
        if frame % 4 == 3 {
            encoder.seal_frames(&mut batch).expect("a vector");
        }
        if frame == 9 {
            encoder.note(&Note { frame, text: "here".to_owned() }).expect("a vector");
        }
    }
    encoder.finish().expect("a vector").1
}

/// What is played on the tapes made here.
pub fn config() -> Config {
    Config {
        world_digest: Digest([1; 32]),
        world_name: "fuzz".to_owned(),
        arithmetic: "exact-1".to_owned(),
        seed: 1,
        prompt: 0,
        passes: 1,
        noise_levels: vec![1, 0],
        picture_width: 8,
        picture_height: 8,
        frames_per_second_milli: 35_000,
        action_names: vec!["forward".to_owned()],
    }
}
