//! A tape gives back what was written, and never anything else: cut, damaged, spliced or made up.

use proptest::prelude::*;
use std::io::{self, Write};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::{
    BLOCK_HEADER_BYTES, Checkpoint, Config, Encoder, Ending, FOOTER_BYTES, FramesBatch,
    HEADER_BYTES, HeaderInfo, Kind, Machine, Note, Part, PlayRoot, Resume, SessionError, Tape,
    find_block, limits, rewrite,
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

#[test]
fn a_small_tape_reads_back() {
    let tape = read(&small());
    assert_eq!(tape.ending, Ending::Closed);
    assert_eq!((tape.uuid, &tape.config), (INFO.uuid, &config()));
    assert_eq!(tape.machines, [machine()]);
    assert_eq!(tape.actions, [Action(1), Action(2), Action(3)]);
    assert_eq!(tape.outcomes, [outcome(0), outcome(1), outcome(2)]);
    assert_eq!(tape.action_us, [10, 30, 50]);
    assert_eq!(tape.outcome_us, [20, 40, 60]);
    assert_eq!((tape.notes.len(), tape.checkpoints.len(), tape.resumes.len()), (1, 1, 1));
    let mut root = PlayRoot::new(&config());
    for (action, outcome) in tape.actions.iter().zip(&tape.outcomes) {
        root.fold(*action, outcome);
    }
    assert_eq!(tape.play_root, root);
    assert_eq!(Tape::verify_chain(&small()), Ok(tape.blocks.len() as u64));
}

#[test]
fn a_cut_at_every_byte_leaves_the_whole_blocks() {
    let bytes = small();
    let whole = read(&bytes);
    let first_config_end = (whole.blocks[0].offset + whole.blocks[0].len) as usize;
    for end in 0..bytes.len() {
        let tape = match Tape::read(&bytes[..end]) {
            Ok(tape) => tape,
            Err(error) => {
                assert!(end < first_config_end, "cut at {end}: {error}");
                continue;
            }
        };
        let (blocks, valid_frames) = whole_blocks(&whole, end);
        assert_front(&tape, &whole, &format!("cut at {end}"));
        assert_eq!((tape.blocks.len(), tape.outcomes.len() as u64), (blocks, valid_frames));
        let offset = tape.blocks.last().map_or(0, |block| block.offset + block.len);
        assert_eq!(tape.ending, Ending::Cut { offset, valid_frames }, "cut at {end}");
        assert_eq!(Tape::verify_chain(&bytes[..end]), Ok(blocks as u64), "cut at {end}");
    }
}

#[test]
fn a_flip_in_every_byte_is_never_silent() {
    let bytes = small();
    let whole = read(&bytes);
    for (at, mask) in (0..bytes.len()).flat_map(|at| [0x01, 0x80, 0xff].map(|mask| (at, mask))) {
        let mut flipped = bytes.clone();
        flipped[at] ^= mask;
        let context = format!("byte {at} ^ {mask:#x}");
        let Ok(tape) = Tape::read(&flipped) else {
            assert!(at < HEADER_BYTES, "{context}: refused");
            continue;
        };
        assert!(at >= HEADER_BYTES, "{context}: a changed header was read");
        let (blocks, frames) = whole_blocks(&whole, at);
        assert_front(&tape, &whole, &context);
        assert_eq!(tape.blocks.len(), blocks, "{context}");
        let Ending::Damaged { offset, valid_frames, .. } = tape.ending else {
            panic!("{context}: {:?}", tape.ending);
        };
        assert_eq!(valid_frames, frames, "{context}");
        assert!(offset <= at as u64, "{context}: damage at {offset}");
    }
}

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
fn an_altered_tape_is_right_in_itself_and_has_another_play_root() {
    let whole = read(&small());
    let mut same = Vec::new();
    rewrite(&whole, &mut same).expect("a vector takes everything");
    let same = read(&same);
    assert_eq!((&same.ending, same.play_root), (&Ending::Closed, whole.play_root));
    let comparable = Tape { blocks: whole.blocks.clone(), ..same };
    assert_eq!(comparable, whole);
    let mut altered = whole.clone();
    altered.actions[1] = Action(9);
    let mut bytes = Vec::new();
    rewrite(&altered, &mut bytes).expect("a vector takes everything");
    let altered = read(&bytes);
    assert_eq!((&altered.ending, altered.actions[1]), (&Ending::Closed, Action(9)));
    assert_ne!(altered.play_root, whole.play_root);
    assert_eq!(Tape::verify_chain(&bytes), Ok(altered.blocks.len() as u64));
}

#[test]
fn the_play_root_does_not_know_the_machine_or_the_hour() {
    let whole = read(&small());
    let mut elsewhere = whole.clone();
    elsewhere.uuid = [1; 16];
    elsewhere.machines = vec![Machine { started_unix_ms: 1, ..Machine::default() }];
    elsewhere.action_us = vec![1, 2, 3];
    let mut bytes = Vec::new();
    rewrite(&elsewhere, &mut bytes).expect("a vector takes everything");
    assert_eq!(read(&bytes).play_root, whole.play_root);
}

/// A disk with room for so many bytes.
struct FullDisk {
    taken: Vec<u8>,
    room: usize,
}

impl Write for &mut FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room - self.taken.len());
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_at_any_byte_leaves_the_front_of_the_tape() {
    let bytes = small();
    for room in 0..bytes.len() {
        let mut disk = FullDisk { taken: Vec::new(), room };
        let error = write_small(&mut disk).expect_err("no room");
        let full = matches!(error, SessionError::Write { kind: io::ErrorKind::StorageFull, .. });
        assert!(full, "{error}");
        assert_eq!(disk.taken, bytes[..room]);
    }
}

#[test]
fn a_failed_encoder_stays_failed_and_a_refused_record_does_not_fail_it() {
    let mut disk = FullDisk { taken: Vec::new(), room: 2000 };
    let mut encoder = Encoder::new(&mut disk, INFO, &config(), &machine()).expect("room");
    let offset = encoder.offset();
    let long = Note { frame: 0, text: "x".repeat(40_000) };
    let refused = encoder.note(&long).expect_err("too long");
    assert!(matches!(refused, SessionError::TooLong { what: "note bytes", .. }), "{refused}");
    assert_eq!(encoder.offset(), offset);
    let noise: Vec<u8> = (0..100).flat_map(|i: u64| outcome(i).picture.0).collect();
    let state = |state| Checkpoint { frame: 0, state_digest: Digest::default(), state };
    let failed = encoder.checkpoint(state(noise)).expect_err("no room");
    assert!(matches!(failed, SessionError::Write { .. }), "{failed}");
    let stays = SessionError::WriterFailed { offset };
    let mut batch = FramesBatch::new();
    batch.push_action(0, Action::NONE, 0);
    assert_eq!(encoder.seal_frames(&mut batch), Err(stays.clone()));
    assert_eq!(encoder.checkpoint(state(Vec::new())), Err(stays.clone()));
    assert_eq!(encoder.finish().map(|_| ()), Err(stays));
}

#[test]
fn records_outside_their_limits_are_refused_by_the_writer() {
    let mut bad = config();
    bad.noise_levels.pop();
    let refused = Encoder::new(io::sink(), INFO, &bad, &machine()).map(|_| ());
    let what = "noise level count";
    assert_eq!(refused, Err(SessionError::Field { what, offset: 0, expected: 2, found: 1 }));
    let mut tape = read(&small());
    tape.outcomes.push(outcome(3));
    tape.outcome_us.push(70);
    let ahead = SessionError::OutcomesAhead { offset: 0, actions: 3, outcomes: 4 };
    assert_eq!(rewrite(&tape, io::sink()).map(|_| ()), Err(ahead));
    tape.machines.clear();
    tape.outcomes.pop();
    tape.outcome_us.pop();
    let none = SessionError::NoMachine { frames: 3 };
    assert_eq!(rewrite(&tape, io::sink()).map(|_| ()), Err(none));
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

/// One thing that happens while a tape is recorded.
#[derive(Clone, Debug)]
enum Event {
    Action(u16, u32),
    Outcome([u8; 32], u64, u32),
    Seal,
    Note(u64, String),
    Checkpoint(u64, Vec<u8>),
    Machine(u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        20 => (any::<u16>(), any::<u32>()).prop_map(|(bits, us)| Event::Action(bits, us)),
        20 => (any::<[u8; 32]>(), any::<u64>(), any::<u32>())
            .prop_map(|(picture, sum, us)| Event::Outcome(picture, sum, us)),
        2 => Just(Event::Seal),
        1 => (0..limits::FRAMES_MAX, ".{0,40}").prop_map(|(frame, text)| Event::Note(frame, text)),
        1 => (0..limits::FRAMES_MAX, prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(frame, state)| Event::Checkpoint(frame, state)),
        1 => any::<u32>().prop_map(Event::Machine),
    ];
    prop::collection::vec(event, 0..400)
}

/// Records `events` and gives the bytes and what they should read back as.
fn record(events: &[Event]) -> (Vec<u8>, Tape) {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, INFO, &config(), &machine()).expect("a vector");
    let mut tape = read(&small());
    tape.machines.truncate(1);
    (tape.resumes, tape.notes, tape.checkpoints) = (Vec::new(), Vec::new(), Vec::new());
    (tape.actions, tape.outcomes) = (Vec::new(), Vec::new());
    (tape.action_us, tape.outcome_us) = (Vec::new(), Vec::new());
    let mut batch = FramesBatch::new();
    for event in events {
        match event.clone() {
            Event::Action(bits, delta_us) => {
                let at_us = tape.action_us.last().unwrap_or(&0) + u64::from(delta_us);
                batch.push_action(tape.actions.len() as u64, Action(bits), at_us);
                tape.actions.push(Action(bits));
                tape.action_us.push(at_us);
            }
            Event::Outcome(picture, state_sum, delta_us) => {
                if tape.outcomes.len() == tape.actions.len() {
                    continue;
                }
                let at_us = tape.outcome_us.last().unwrap_or(&0) + u64::from(delta_us);
                let outcome = Outcome { picture: Digest(picture), state_sum };
                batch.push_outcome(tape.outcomes.len() as u64, outcome, at_us);
                tape.outcomes.push(outcome);
                tape.outcome_us.push(at_us);
            }
            Event::Seal => encoder.seal_frames(&mut batch).expect("a vector"),
            Event::Note(frame, text) => {
                tape.notes.push(Note { frame, text });
                encoder.note(&tape.notes[tape.notes.len() - 1]).expect("a vector");
            }
            Event::Checkpoint(frame, state) => {
                let checkpoint = Checkpoint { frame, state_digest: Digest([1; 32]), state };
                tape.checkpoints.push(checkpoint.clone());
                encoder.checkpoint(checkpoint).expect("a vector");
            }
            Event::Machine(threads) if tape.machines.len() < limits::MACHINES_MAX as usize => {
                tape.machines.push(Machine { threads, ..machine() });
                encoder.machine(&tape.machines[tape.machines.len() - 1]).expect("a vector");
            }
            Event::Machine(_) => {}
        }
        if batch.is_full() {
            encoder.seal_frames(&mut batch).expect("a vector");
        }
    }
    encoder.seal_frames(&mut batch).expect("a vector");
    tape.play_root = encoder.play_root();
    encoder.finish().expect("a vector");
    (bytes, tape)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_recorded_reads_back(events in events(), cut in any::<prop::sample::Index>()) {
        let (bytes, expected) = record(&events);
        let tape = read(&bytes);
        prop_assert_eq!(Tape::verify_chain(&bytes), Ok(tape.blocks.len() as u64));
        let expected = Tape { blocks: tape.blocks.clone(), ..expected };
        prop_assert_eq!(&tape, &expected);
        let end = cut.index(bytes.len());
        if let Ok(front) = Tape::read(&bytes[..end]) {
            assert_front(&front, &tape, "cut");
            prop_assert_eq!(front.outcomes.len() as u64, whole_blocks(&tape, end).1);
        }
    }

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
