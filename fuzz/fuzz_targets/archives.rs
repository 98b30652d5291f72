//! Any bytes as the archive of any kind: the checked access of its type alone, then a tape whose
//! last block holds it, every length and CRC right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkyv::rancor::Error;
use rkyv::util::AlignedVec;
use rkyv::{Archived, access};
use worldtape::session::{Encoder, HeaderInfo, Machine, Tape, v1};
use worldtape_fuzz::config;

fuzz_target!(|bytes: &[u8]| {
    let [kind, frame_count, archive @ ..] = bytes else {
        return;
    };
    touch(*kind, archive);
    let _ = Tape::read(&tape((*kind).into(), (*frame_count).into(), archive));
});

/// Checks `archive` as its type, and reads it to the end where it passes.
fn touch(kind: u8, archive: &[u8]) {
    let mut aligned = AlignedVec::<16>::new();
    aligned.extend_from_slice(archive);
    macro_rules! touch {
        ($record:ident) => {
            access::<Archived<v1::$record>, Error>(&aligned).ok()
        };
    }
    match kind {
        1 => drop(touch!(Config).map(|config| {
            let names = config.action_names.iter().map(|name| sum(name)).sum::<u64>();
            names + sum(&config.world_name) + sum(&config.arithmetic)
        })),
        2 => drop(touch!(Machine).map(|machine| {
            let entries = machine.entries.iter();
            entries.map(|entry| sum(&entry.key) + sum(&entry.value)).sum::<u64>()
        })),
        3 => drop(touch!(Frames).map(|frames| {
            let digests = frames.picture_digests.iter().map(|digest| sum(digest));
            let sums = frames.state_sums.iter().map(|sum| sum.to_native() & 1);
            digests.chain(sums).sum::<u64>()
        })),
        4 => drop(touch!(Resume).map(|resume| sum(&resume.source_root))),
        5 => drop(touch!(Checkpoint).map(|checkpoint| sum(&checkpoint.state))),
        6 => drop(touch!(Note).map(|note| sum(&note.text))),
        7 => drop(touch!(Index).map(|index| {
            let entries = index.entries.iter();
            entries.map(|entry| u64::from(entry.kind.to_native())).sum::<u64>()
        })),
        8 => drop(touch!(End).map(|end| sum(&end.play_root))),
        _ => {}
    }
}

/// Looks at every byte.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}

/// A tape of header, CONFIG twice, MACHINE and a block with this archive.
fn tape(kind: u16, frame_count: u32, archive: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let info = HeaderInfo { uuid: [0; 16] };
    let encoder = Encoder::new(&mut bytes, info, &config(), &Machine::default());
    drop(encoder.expect("a vector takes everything"));
    let payload = zstd::bulk::compress(archive, 1).expect("it compresses");
    let mut header = Vec::new();
    header.extend(0x184D_2A57_u32.to_le_bytes());
    header.extend(76_u32.to_le_bytes());
    header.extend(b"WBLK");
    header.extend(kind.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(3_u64.to_le_bytes());
    header.extend(0_u64.to_le_bytes());
    header.extend(frame_count.to_le_bytes());
    header.extend((payload.len() as u32).to_le_bytes());
    header.extend((archive.len() as u32).to_le_bytes());
    header.extend([0; 32]);
    header.extend(crc32c::crc32c(&payload).to_le_bytes());
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    bytes.extend(header);
    bytes.extend(payload);
    bytes
}
