//! Blocks made by hand from the specification, to say what no encoder says.

use super::blocks::HandMade;
use super::*;
use proptest::prelude::*;
use worldtape::session::{BLOCK_HEADER_BYTES, Ending, Kind, limits, v1};

impl HandMade {
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

/// A zstd frame of zeros that says it has `says` bytes and holds one block with none.
fn zstd_frame_that_says(says: u64) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
    frame.extend(says.to_le_bytes());
    frame.extend([1, 0, 0]);
    frame
}

#[test]
fn a_zstd_frame_that_says_less_than_it_holds_is_refused() {
    let mut bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).expect("zeros compress");
    let single_segment = bomb[4] & 0x20 != 0;
    assert_eq!(bomb[4] >> 6, 2, "four bytes of content size");
    let place = if single_segment { 5 } else { 6 };
    bomb[place..place + 4].copy_from_slice(&4096_u32.to_le_bytes());
    let refused = HandMade::new(Kind::Note.number(), bomb, 4096).damage();
    assert!(matches!(refused, SessionError::Zstd { .. }), "{refused}");
}

#[test]
fn lengths_of_an_exbibyte_are_refused_wherever_they_can_be_said() {
    const EXBIBYTE: u64 = 1 << 60;
    let field = |error: SessionError| match error {
        SessionError::Field { what, found, .. } | SessionError::TooLong { what, found, .. } => {
            assert_eq!(found, EXBIBYTE);
            what
        }
        other => panic!("{other}"),
    };
    let frame = zstd_frame_that_says(EXBIBYTE);
    let content = HandMade::new(Kind::Frames.number(), frame, 4096).damage();
    assert_eq!(field(content), "zstd content size");
    let mut block = HandMade::new(Kind::Frames.number(), Vec::new(), 0);
    block.first_frame = EXBIBYTE;
    assert_eq!(field(block.damage()), "first frame");
    let frames = v1::Frames { first_action_frame: EXBIBYTE, ..v1::Frames::default() };
    let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&frames).expect("memory");
    assert_eq!(field(damage_of(Kind::Frames, &archive, 0)), "first action");
    let entry = v1::IndexEntry { offset: EXBIBYTE, kind: 1, schema: 1, ..Default::default() };
    let index = v1::Index { entries: vec![entry.clone()] };
    let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&index).expect("memory");
    assert_eq!(field(damage_of(Kind::Index, &archive, 0)), "offset in INDEX");
    let entry = v1::IndexEntry { offset: 44, sequence: EXBIBYTE, ..entry };
    let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&v1::Index { entries: vec![entry] });
    let archive = archive.expect("memory");
    assert_eq!(field(damage_of(Kind::Index, &archive, 0)), "sequence in INDEX");
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

/// The small tape with block `at` made anew by `alter`, which may leave it out or put
/// another before it; those after it follow.
fn made_anew(at: usize, alter: impl Fn(HandMade) -> Vec<HandMade>) -> Vec<u8> {
    let whole = small();
    let infos = read(&whole).blocks;
    let mut bytes = whole[..infos[0].offset as usize].to_vec();
    let (mut from, mut sequence) = (0, 0);
    for (index, info) in infos.iter().enumerate() {
        let block = &whole[info.offset as usize..(info.offset + info.len) as usize];
        let uncompressed_len = u32::from_le_bytes(block[40..44].try_into().expect("four bytes"));
        let payload = block[BLOCK_HEADER_BYTES..].to_vec();
        let mut block = HandMade::new(info.kind.number(), payload, uncompressed_len);
        (block.first_frame, block.frame_count) = (info.first_frame, info.frame_count);
        for block in if index == at { alter(block) } else { vec![block] } {
            let next = block.bytes(sequence, &bytes[from..]);
            (from, sequence) = (bytes.len(), sequence + 1);
            bytes.extend(next);
        }
    }
    let end = infos[infos.len() - 1];
    bytes.extend(&whole[(end.offset + end.len) as usize..]);
    bytes
}

#[test]
fn blocks_stand_where_the_page_says() {
    assert_eq!(made_anew(0, |block| vec![block]), small());
    let kinds: Vec<Kind> = read(&small()).blocks.iter().map(|block| block.kind).collect();
    let at = |kind| kinds.iter().position(|found| *found == kind).expect("there is one");
    let wanted = |bytes: &[u8]| match read(bytes).ending {
        Ending::Damaged { what: SessionError::Field { what: "kind", expected, .. }, .. } => {
            Kind::from_number(expected as u16)
        }
        ending => panic!("{ending:?}"),
    };
    assert_eq!(wanted(&made_anew(at(Kind::Machine), |_| Vec::new())), Kind::Machine);
    let note = || HandMade::new(Kind::Note.number(), Vec::new(), 0);
    let before_machine = made_anew(at(Kind::Machine), |machine| vec![note(), machine]);
    assert_eq!(wanted(&before_machine), Kind::Machine);
    let frames = read(&small()).outcomes.len() as u64;
    let after_index =
        made_anew(at(Kind::End), |end| vec![HandMade { first_frame: frames, ..note() }, end]);
    assert_eq!(wanted(&after_index), Kind::End);
}

#[test]
fn an_index_of_a_later_schema_is_passed_by() {
    let kinds: Vec<Kind> = read(&small()).blocks.iter().map(|block| block.kind).collect();
    let index = kinds.iter().position(|kind| *kind == Kind::Index).expect("an index");
    let later = made_anew(index, |block| vec![HandMade { schema: 2, ..block }]);
    assert_eq!(read(&later).ending, Ending::Closed);
    assert!(Tape::verify_chain(&later).is_ok());
}
