//! `formats/session.md` is what the writer writes: its worked example, its layouts, its limits.

use rkyv::Archived;
use rkyv::rancor::Error;
use std::collections::BTreeMap;
use std::io::Read;
use std::mem::{align_of, offset_of, size_of};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::{
    BLOCK_HEADER_BYTES, Config, Encoder, FOOTER_BYTES, FramesBatch, HEADER_BYTES, HeaderInfo, Kind,
    Machine, PlayRoot, Tape, limits, v1,
};

const SPECIFICATION: &str = include_str!("../formats/session.md");

/// The zstd whose payload bytes the example shows; another one may compress differently.
const EXAMPLE_ZSTD_VERSION: u32 = 10507;

fn config() -> Config {
    Config {
        world_digest: Digest(std::array::from_fn(|i| i as u8)),
        world_name: "doom".to_owned(),
        arithmetic: "exact-1".to_owned(),
        seed: 7,
        prompt: 1,
        passes: 1,
        noise_levels: vec![1.0_f32.to_bits(), 0.0_f32.to_bits()],
        picture_width: 160,
        picture_height: 120,
        frames_per_second_milli: 35_000,
        action_names: vec!["forward".to_owned(), "fire".to_owned()],
    }
}

fn machine() -> Machine {
    Machine {
        started_unix_ms: 1_700_000_000_000,
        engine: "cpu".to_owned(),
        worldtape_version: "0.1.0".to_owned(),
        build_commit: String::new(),
        kernel_digest: Digest([0; 32]),
        threads: 2,
        entries: vec![("isa".to_owned(), "avx2".to_owned())],
    }
}

fn outcome() -> Outcome {
    Outcome { picture: Digest([0xaa; 32]), state_sum: 0x0102_0304_0506_0708 }
}

/// The tape of the worked example: two actions, one outcome.
fn example() -> Vec<u8> {
    let info = HeaderInfo { uuid: std::array::from_fn(|i| 0xf0 | i as u8) };
    let mut encoder = Encoder::new(Vec::new(), info, &config(), &machine()).expect("a vector");
    let mut batch = FramesBatch::new();
    batch.push_action(0, Action(0b01), 1_000);
    batch.push_outcome(0, outcome(), 29_000);
    batch.push_action(1, Action(0b11), 30_000);
    encoder.seal_frames(&mut batch).expect("a vector");
    encoder.finish().expect("a vector").1
}

/// Every part of the example that the specification shows, by the name of its hex block.
fn example_parts() -> BTreeMap<String, Vec<u8>> {
    let bytes = example();
    let mut parts = BTreeMap::new();
    parts.insert("header".to_owned(), bytes[..HEADER_BYTES].to_vec());
    parts.insert("footer".to_owned(), bytes[bytes.len() - FOOTER_BYTES..].to_vec());
    for block in Tape::read(&bytes).expect("a tape").blocks {
        let front = &bytes[block.offset as usize..(block.offset + block.len) as usize];
        let (header, payload) = front.split_at(BLOCK_HEADER_BYTES);
        let name = format!("{:?}-{}", block.kind, block.sequence).to_lowercase();
        parts.insert(format!("{name}-block-header"), header.to_vec());
        let archive = zstd::stream::decode_all(payload).expect("a zstd frame");
        parts.insert(format!("{name}-archive"), archive);
    }
    let mut root = PlayRoot::new(&config());
    parts.insert("root-before".to_owned(), root.digest().0.to_vec());
    root.fold(Action(0b01), &outcome());
    parts.insert("root-after".to_owned(), root.digest().0.to_vec());
    parts.insert("canonical-config".to_owned(), canonical_config());
    parts
}

/// CONFIG as the play root hashes it, written a second time from the specification.
fn canonical_config() -> Vec<u8> {
    let config = config();
    let count = |len: usize| (len as u32).to_le_bytes();
    let text = |text: &str| [&count(text.len())[..], text.as_bytes()].concat();
    let mut bytes = config.world_digest.0.to_vec();
    bytes.extend(text(&config.world_name));
    bytes.extend(text(&config.arithmetic));
    bytes.extend(config.seed.to_le_bytes());
    bytes.extend(config.prompt.to_le_bytes());
    bytes.extend(config.passes.to_le_bytes());
    bytes.extend(count(config.noise_levels.len()));
    bytes.extend(config.noise_levels.iter().flat_map(|level| level.to_le_bytes()));
    bytes.extend(config.picture_width.to_le_bytes());
    bytes.extend(config.picture_height.to_le_bytes());
    bytes.extend(config.frames_per_second_milli.to_le_bytes());
    bytes.extend(count(config.action_names.len()));
    bytes.extend(config.action_names.iter().flat_map(|name| text(name)));
    bytes
}

/// The named hex blocks of the specification: bytes up to a `|` in each line.
fn hex_blocks(text: &str) -> BTreeMap<String, Vec<u8>> {
    let mut blocks = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("```hex ") else {
            continue;
        };
        let body = lines.by_ref().take_while(|line| !line.starts_with("```"));
        let bytes = body.flat_map(|line| hex(line.split('|').next().unwrap_or("")));
        blocks.insert(name.to_owned(), bytes.collect());
    }
    blocks
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.chars().filter(|digit| !digit.is_whitespace()).collect();
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x} ")).collect::<String>();
    bytes.chunks(16).map(|bytes| format!("{}\n", line(bytes).trim_end())).collect()
}

#[test]
fn the_worked_example_is_what_the_writer_writes() {
    let parts = example_parts();
    let shown = hex_blocks(SPECIFICATION);
    let same_zstd = zstd::zstd_safe::version_number() == EXAMPLE_ZSTD_VERSION;
    assert!(shown.len() >= 9, "{:?}", shown.keys());
    for (name, shown) in shown {
        let written = parts.get(&name).unwrap_or_else(|| panic!("{name} in {:?}", parts.keys()));
        let from_zstd = name.ends_with("block-header") || name == "footer";
        if same_zstd || !from_zstd {
            assert_eq!(to_hex(&shown), to_hex(written), "{name}");
        }
    }
}

/// Size, alignment, and the place and name of every field, as the specification puts them.
type Layout = (usize, usize, Vec<(usize, String)>);

macro_rules! layout {
    ($name:literal: $record:ident; $($field:ident)*) => {
        ($name, (
            size_of::<Archived<v1::$record>>(),
            align_of::<Archived<v1::$record>>(),
            vec![$((offset_of!(Archived<v1::$record>, $field), stringify!($field).to_owned())),*],
        ))
    };
}

fn layouts() -> Vec<(&'static str, Layout)> {
    vec![
        layout!("CONFIG": Config;
            world_digest world_name arithmetic seed prompt passes noise_levels
            picture_width picture_height frames_per_second_milli action_names
        ),
        layout!("MACHINE": Machine;
            started_unix_ms engine worldtape_version build_commit kernel_digest threads
            entries
        ),
        layout!("ENTRY": Entry; key value),
        layout!("FRAMES": Frames;
            first_action_frame actions action_delta_us first_outcome_frame
            picture_digests state_sums outcome_delta_us
        ),
        layout!("RESUME": Resume; source_uuid source_frame source_root),
        layout!("CHECKPOINT": Checkpoint; frame state_digest state),
        layout!("NOTE": Note; frame text),
        layout!("INDEX": Index; entries),
        layout!("INDEX ENTRY": IndexEntry; offset sequence first_frame frame_count kind schema),
        layout!("END": End; frames actions play_root blocks),
    ]
}

/// The layouts in the specification: `### NAME (S bytes, alignment A)` and the table below it.
fn shown_layouts() -> BTreeMap<&'static str, Layout> {
    let sections = SPECIFICATION.split("\n### ").skip(1);
    let layout = |section: &'static str| {
        let section = section.split("\n## ").next().expect("a section");
        let (name, rest) = section.split_once(" (").expect("a size");
        let (size, rest) = rest.split_once(" bytes, alignment ").expect("an alignment");
        let (align, rest) = rest.split_once(')').expect("a bracket");
        let fields =
            table(rest).into_iter().map(|row| (number(row[0]) as usize, row[1].to_owned()));
        (name, (number(size) as usize, number(align) as usize, fields.collect()))
    };
    sections.map(layout).collect()
}

/// The rows of all tables in `text` that have a number somewhere: cells, trimmed.
fn table(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|row| row.iter().any(|cell| cell.parse::<u64>().is_ok())).collect()
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn section(heading: &str) -> &'static str {
    let rest = SPECIFICATION.split_once(heading).expect("a heading").1;
    rest.split("\n## ").next().expect("a section")
}

#[test]
fn every_archived_layout_is_pinned_by_the_specification() {
    let shown = shown_layouts();
    assert_eq!(shown.len(), layouts().len());
    for (name, layout) in layouts() {
        assert_eq!(shown.get(name), Some(&layout), "{name}");
    }
}

/// The bytes of archives that the worked example has no room for.
#[test]
fn the_bytes_of_the_other_archives_are_pinned() {
    let resume = v1::Resume { source_uuid: [1; 16], source_frame: 2, source_root: [3; 32] };
    let bytes = rkyv::to_bytes::<Error>(&resume).expect("memory");
    let (uuid, root) = ("01".repeat(16), "03".repeat(32));
    assert_eq!(to_hex(&bytes), to_hex(&hex(&format!("{uuid} 0200000000000000 {root}"))));

    let checkpoint = v1::Checkpoint { frame: 4, state_digest: [5; 32], state: vec![6, 7, 8] };
    let bytes = rkyv::to_bytes::<Error>(&checkpoint).expect("memory");
    let digest = "05".repeat(32);
    let pinned = format!("0607080000000000 0400000000000000 {digest} d0ffffff03000000");
    assert_eq!(to_hex(&bytes), to_hex(&hex(&pinned)));

    let note = v1::Note { frame: 9, text: b"door".to_vec() };
    let bytes = rkyv::to_bytes::<Error>(&note).expect("memory");
    let pinned = "646f6f7200000000 0900000000000000 f0ffffff04000000";
    assert_eq!(to_hex(&bytes), to_hex(&hex(pinned)));

    let entry = v1::IndexEntry {
        offset: 1,
        sequence: 2,
        first_frame: 3,
        frame_count: 4,
        kind: 5,
        schema: 6,
    };
    let bytes = rkyv::to_bytes::<Error>(&v1::Index { entries: vec![entry] }).expect("memory");
    let pinned = "0100000000000000 0200000000000000 0300000000000000 04000000 0500 0600 \
                  e0ffffff01000000";
    assert_eq!(to_hex(&bytes), to_hex(&hex(pinned)));
}

/// RUSTSEC-2026-0233 to 0235: before 0.8.17, bytes that passed the check could be read out of place.
#[test]
fn rkyv_is_one_whose_checked_access_is_sound() {
    for lock in [include_str!("../Cargo.lock"), include_str!("../fuzz/Cargo.lock")] {
        let found = lock.split("name = \"rkyv\"\nversion = \"").nth(1).expect("rkyv is locked");
        let version: Vec<u64> = found
            .split('"')
            .next()
            .into_iter()
            .flat_map(|version| version.split('.').map(number))
            .collect();
        assert!(version >= vec![0, 8, 17], "{version:?}");
    }
}

#[test]
fn the_limits_of_the_specification_are_the_limits() {
    let limits = [
        ("TAPE_BYTES_MAX", limits::TAPE_BYTES_MAX),
        ("CLOSING_BYTES_MAX", limits::CLOSING_BYTES_MAX),
        ("HEADER_BYTES_MAX", limits::HEADER_BYTES_MAX),
        ("BLOCKS_MAX", limits::BLOCKS_MAX),
        ("FRAMES_MAX", limits::FRAMES_MAX),
        ("FRAMES_PER_BLOCK_MAX", limits::FRAMES_PER_BLOCK_MAX as u64),
        ("ARCHIVE_BYTES_MAX", limits::ARCHIVE_BYTES_MAX),
        ("STATE_BYTES_MAX", limits::STATE_BYTES_MAX),
        ("STATES_BYTES_MAX", limits::STATES_BYTES_MAX),
        ("NOTES_BYTES_MAX", limits::NOTES_BYTES_MAX),
        ("NAME_BYTES_MAX", limits::NAME_BYTES_MAX),
        ("VALUE_BYTES_MAX", limits::VALUE_BYTES_MAX),
        ("NOTE_BYTES_MAX", limits::NOTE_BYTES_MAX),
        ("ENTRIES_MAX", limits::ENTRIES_MAX),
        ("PASSES_MAX", limits::PASSES_MAX),
        ("ACTION_NAMES_MAX", limits::ACTION_NAMES_MAX),
        ("PICTURE_SIDE_MAX", limits::PICTURE_SIDE_MAX),
        ("MACHINES_MAX", limits::MACHINES_MAX),
        ("RESUMES_MAX", limits::RESUMES_MAX),
        ("NOTES_MAX", limits::NOTES_MAX),
        ("CHECKPOINTS_MAX", limits::CHECKPOINTS_MAX),
        ("INDEX_ENTRIES_MAX", limits::INDEX_ENTRIES_MAX as u64),
    ];
    let rows = table(section("\n## Limits"));
    let shown: Vec<_> = rows.iter().map(|row| (row[0], number(row[1]))).collect();
    assert_eq!(shown, limits);
}

#[test]
fn the_kinds_of_the_specification_are_the_kinds() {
    let rows = table(section("\n## Kinds"));
    assert_eq!(rows.len(), 8);
    for row in rows {
        let kind = Kind::from_number(number(row[0]) as u16);
        assert_eq!(format!("{kind:?}").to_uppercase(), row[1]);
        assert_eq!(limits::archive_bytes_max(kind), number(row[2]));
    }
}

#[test]
fn zstd_decodes_a_tape_and_each_front_of_whole_blocks() {
    let bytes = example();
    let mut archives = Vec::new();
    for block in Tape::read(&bytes).expect("a tape").blocks {
        let end = (block.offset + block.len) as usize;
        let payload = &bytes[block.offset as usize + BLOCK_HEADER_BYTES..end];
        archives.extend(zstd::stream::decode_all(payload).expect("a zstd frame"));
        assert_eq!(zstd::stream::decode_all(&bytes[..end]).expect("a front"), archives);
    }
    let mut decoded = Vec::new();
    let mut decoder = zstd::stream::Decoder::new(&bytes[..]).expect("a decoder");
    decoder.read_to_end(&mut decoded).expect("zstd frames and skippable frames");
    assert_eq!(decoded, archives);
}
