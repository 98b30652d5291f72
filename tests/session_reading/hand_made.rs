//! Blocks made by hand from the specification, to say what no encoder says.

use super::*;
use proptest::prelude::*;
use worldtape::session::{BLOCK_HEADER_BYTES, Ending, Kind, limits, v1};

/// A block made by hand from the specification, to say what no encoder says.
struct HandMade {
    kind: u16,
    schema: u16,
    first_frame: u64,
    frame_count: u32,
    compressed_len: Option<u32>,
    uncompressed_len: u32,
    payload: Vec<u8>,
}

impl HandMade {
    fn new(kind: u16, payload: Vec<u8>, uncompressed_len: u32) -> HandMade {
        HandMade {
            kind,
            schema: 1,
            first_frame: 0,
            frame_count: 0,
            compressed_len: None,
            uncompressed_len,
            payload,
        }
    }

    fn bytes(&self, sequence: u64, before: &[u8]) -> Vec<u8> {
        let compressed_len = self.compressed_len.unwrap_or(self.payload.len() as u32);
        let mut bytes = Vec::new();
        bytes.extend(0x184D_2A57_u32.to_le_bytes());
        bytes.extend(76_u32.to_le_bytes());
        bytes.extend(b"WBLK");
        bytes.extend(self.kind.to_le_bytes());
        bytes.extend(self.schema.to_le_bytes());
        bytes.extend(sequence.to_le_bytes());
        bytes.extend(self.first_frame.to_le_bytes());
        bytes.extend(self.frame_count.to_le_bytes());
        bytes.extend(compressed_len.to_le_bytes());
        bytes.extend(self.uncompressed_len.to_le_bytes());
        bytes.extend(blake3::derive_key("worldtape 1 chain", before));
        bytes.extend(crc32c::crc32c(&self.payload).to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        assert_eq!(bytes.len(), BLOCK_HEADER_BYTES);
        bytes.extend(&self.payload);
        bytes
    }

    /// A tape of header, CONFIG twice, MACHINE and this block.
    fn tape(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = Encoder::new(&mut bytes, INFO, &config(), &machine());
        drop(encoder.expect("a vector takes everything"));
        let blocks = read(&bytes).blocks;
        let before = blocks[blocks.len() - 1].offset as usize;
        let block = self.bytes(blocks.len() as u64, &bytes[before..]);
        bytes.extend(block);
        bytes
    }

    /// What is wrong with this block.
    fn damage(&self) -> SessionError {
        match read(&self.tape()).ending {
            Ending::Damaged { what, .. } => what,
            ending => panic!("{ending:?}"),
        }
    }
}

#[test]
fn an_unknown_kind_is_kept_and_skipped() {
    let mut block = HandMade::new(99, b"not even zstd".to_vec(), 1 << 20);
    block.schema = 7;
    block.frame_count = 3;
    let bytes = block.tape();
    let tape = read(&bytes);
    let info = tape.blocks[3];
    assert_eq!((info.kind, info.schema, info.sequence), (Kind::Unknown(99), 7, 3));
    assert_eq!(tape.ending, Ending::Cut { offset: bytes.len() as u64, valid_frames: 0 });
    assert_eq!(Tape::verify_chain(&bytes), Ok(4));
}

#[test]
fn a_newer_schema_is_skipped_unless_frames_depend_on_it() {
    let mut block = HandMade::new(Kind::Note.number(), b"later".to_vec(), 40);
    block.schema = 2;
    assert_eq!(read(&block.tape()).blocks.len(), 4);
    block.kind = Kind::Frames.number();
    let refused = block.damage();
    assert!(matches!(refused, SessionError::Schema { kind: Kind::Frames, schema: 2, .. }));
}

#[test]
fn absurd_lengths_are_refused_before_anything_is_read_by_them() {
    for number in (1..=9).filter(|&number| number != 1) {
        let mut block = HandMade::new(number, Vec::new(), u32::MAX);
        let max = limits::archive_bytes_max(Kind::from_number(number));
        let too_long = |what, max| SessionError::TooLong { what, found: u64::from(u32::MAX), max };
        assert_eq!(block.damage(), too_long("archive bytes", max));
        block.uncompressed_len = 1;
        block.compressed_len = Some(u32::MAX);
        let max = limits::compressed_bytes_max(Kind::from_number(number));
        assert_eq!(block.damage(), too_long("compressed bytes", max));
    }
}

#[test]
fn a_zstd_bomb_is_refused_by_its_content_size() {
    let bomb = zstd::bulk::compress(&vec![0; 8 << 20], 3).expect("zeros compress");
    assert!(bomb.len() < 4096);
    let refused = HandMade::new(Kind::Frames.number(), bomb, 300).damage();
    let content =
        matches!(refused, SessionError::Field { what: "zstd content size", found: 0x80_0000, .. });
    assert!(content, "{refused}");
}

#[test]
fn a_payload_is_one_zstd_frame_and_no_more() {
    let frame = zstd::bulk::compress(&[0; 56], 3).expect("zeros compress");
    let end = Kind::End.number();
    let twice = HandMade::new(end, [&frame[..], &frame].concat(), 56).damage();
    assert!(matches!(twice, SessionError::Field { what: "zstd frame bytes", .. }), "{twice}");
    let cut = HandMade::new(end, frame[..frame.len() - 1].to_vec(), 56).damage();
    assert!(matches!(cut, SessionError::Zstd { .. }), "{cut}");
    let skippable = HandMade::new(end, b"\x50\x2a\x4d\x18\x01\0\0\0x".to_vec(), 56).damage();
    assert!(matches!(skippable, SessionError::Field { .. }), "{skippable}");
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.include_contentsize(false).expect("a setting");
    encoder.write_all(&[0; 56]).expect("a vector");
    let streamed = encoder.finish().expect("zeros compress");
    let unsized_frame = HandMade::new(end, streamed, 56).damage();
    assert!(matches!(unsized_frame, SessionError::Zstd { .. }), "{unsized_frame}");
}

#[test]
fn archives_that_point_outside_themselves_are_refused() {
    let mut archive = vec![0; 56];
    archive[8..12].copy_from_slice(&1000_i32.to_le_bytes());
    archive[12..16].copy_from_slice(&4_u32.to_le_bytes());
    let frame = zstd::bulk::compress(&archive, 3).expect("it compresses");
    let refused = HandMade::new(Kind::Frames.number(), frame, 56).damage();
    assert!(matches!(refused, SessionError::Archive { bytes: 56, .. }), "{refused}");
}

#[test]
fn an_end_that_does_not_add_up_is_damage() {
    let frame = zstd::bulk::compress(&[0; 56], 3).expect("zeros compress");
    let refused = HandMade::new(Kind::End.number(), frame, 56).damage();
    let blocks = matches!(refused, SessionError::Field { what: "blocks of END", expected: 3, .. });
    assert!(blocks, "{refused}");
}

/// What is wrong with a block of schema 1 that holds `archive`.
fn damage_of(kind: Kind, archive: &[u8], frame_count: u32) -> SessionError {
    let frame = zstd::bulk::compress(archive, 3).expect("it compresses");
    let mut block = HandMade::new(kind.number(), frame, archive.len() as u32);
    block.frame_count = frame_count;
    block.damage()
}

#[test]
fn frames_that_do_not_fit_are_damage() {
    let damage = |frames: v1::Frames, frame_count| {
        let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&frames).expect("memory");
        damage_of(Kind::Frames, &archive, frame_count)
    };
    let outcome = v1::Frames {
        picture_digests: vec![[1; 32]],
        state_sums: vec![2],
        outcome_delta_us: vec![3],
        ..v1::Frames::default()
    };
    let ahead = damage(outcome.clone(), 1);
    assert!(
        matches!(ahead, SessionError::OutcomesAhead { actions: 0, outcomes: 1, .. }),
        "{ahead}"
    );
    let field = |error: SessionError| match error {
        SessionError::Field { what, .. } | SessionError::TooLong { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(field(damage(outcome.clone(), 0)), "frame count");
    let late = v1::Frames { first_outcome_frame: 1, ..outcome.clone() };
    assert_eq!(field(damage(late, 1)), "first outcome");
    let late = v1::Frames { first_action_frame: 1, ..v1::Frames::default() };
    assert_eq!(field(damage(late, 0)), "first action");
    let short = v1::Frames { state_sums: Vec::new(), ..outcome.clone() };
    assert_eq!(field(damage(short, 1)), "state sum count");
    let short = v1::Frames { outcome_delta_us: Vec::new(), ..outcome };
    assert_eq!(field(damage(short, 1)), "outcome time count");
    let short = v1::Frames { actions: vec![1], ..v1::Frames::default() };
    assert_eq!(field(damage(short, 0)), "action time count");
    let full = v1::Frames { actions: vec![1; 65], ..v1::Frames::default() };
    assert_eq!(field(damage(full, 0)), "actions of a block");
}

#[test]
fn totals_that_do_not_add_up_are_damage() {
    let damage = |end: v1::End| {
        let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&end).expect("memory");
        damage_of(Kind::End, &archive, 0).to_string()
    };
    let play_root = PlayRoot::new(&config()).digest().0;
    let right = v1::End { frames: 0, actions: 0, play_root, blocks: 3 };
    assert!(damage(v1::End { frames: 1, ..right.clone() }).starts_with("frames of END"));
    assert!(damage(v1::End { actions: 1, ..right.clone() }).starts_with("actions of END"));
    assert!(damage(v1::End { blocks: 4, ..right.clone() }).starts_with("blocks of END"));
    assert!(damage(v1::End { play_root: [0; 32], ..right }).starts_with("play root of END"));
}

#[test]
fn an_index_of_other_blocks_is_damage() {
    let damage = |change: fn(&mut v1::IndexEntry)| {
        let mut entry = v1::IndexEntry { offset: 44, kind: 1, schema: 1, ..Default::default() };
        change(&mut entry);
        let index = v1::Index { entries: vec![entry] };
        let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&index).expect("memory");
        damage_of(Kind::Index, &archive, 0).to_string()
    };
    assert!(damage(|entry| entry.offset = 45).starts_with("offset in INDEX"));
    assert!(damage(|entry| entry.sequence = 3).starts_with("sequence in INDEX"));
    assert!(damage(|entry| entry.first_frame = 1).starts_with("first frame in INDEX"));
    assert!(damage(|entry| entry.frame_count = 1).starts_with("frame count in INDEX"));
    assert!(damage(|entry| entry.kind = 2).starts_with("kind in INDEX"));
    assert!(damage(|entry| entry.schema = 2).starts_with("schema in INDEX"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn archives_of_any_bytes_are_read_without_harm(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        frame_count in 0..2_u32,
    ) {
        let bytes = small();
        let blocks = read(&bytes).blocks;
        let block = blocks[which.index(blocks.len())];
        let payload = block.offset as usize + BLOCK_HEADER_BYTES;
        let end = (block.offset + block.len) as usize;
        let mut archive = zstd::stream::decode_all(&bytes[payload..end]).expect("a zstd frame");
        for (at, byte) in changes {
            let at = at.index(archive.len());
            archive[at] = byte;
        }
        let frame = zstd::bulk::compress(&archive, 3).expect("it compresses");
        let mut block = HandMade::new(block.kind.number(), frame, archive.len() as u32);
        block.frame_count = frame_count;
        let tape = read(&block.tape());
        prop_assert!(tape.outcomes.len() <= tape.actions.len());
        prop_assert_eq!(tape.actions.len(), tape.action_us.len());
        prop_assert_eq!(tape.outcomes.len(), tape.outcome_us.len());
        prop_assert!(!matches!(tape.ending, Ending::Closed));
    }
}
