//! What can be trusted is copied, what is lost is named, and nothing is made up.

use super::*;
use worldtape::session::{
    BlockInfo, Ending, FOOTER_BYTES, HEADER_BYTES, Kind, LostFrames, Salvage, State, Why, rewrite,
};

const SPARE_UUID: [u8; 16] = [0xcc; 16];

fn salvage(bytes: &[u8]) -> Salvage<'_> {
    Salvage::of(bytes, SPARE_UUID).expect("a tape")
}

/// The bytes of the tape that is made of what can be trusted.
fn copied(salvage: &Salvage<'_>) -> Vec<u8> {
    let (encoder, _) = salvage.copy(Vec::new(), None).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything").1
}

/// A tape of 200 frames: four blocks of them, a remark after the second.
fn long() -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), INFO, &config(), &machine()).expect("a vector");
    let mut batch = FramesBatch::new();
    for frame in 0..200 {
        batch.push_action(frame, Action(frame as u16), frame * 30);
        batch.push_outcome(frame, outcome(frame), frame * 30 + 20);
        if batch.is_full() {
            encoder.seal_frames(&mut batch).expect("a vector");
        }
        if frame == 127 {
            let text = "half way".to_owned();
            encoder.note(&Note { frame, text }).expect("a vector");
        }
    }
    encoder.seal_frames(&mut batch).expect("a vector");
    encoder.finish().expect("a vector").1
}

/// The blocks of this kind.
fn blocks(bytes: &[u8], kind: Kind) -> Vec<BlockInfo> {
    read(bytes).blocks.into_iter().filter(|block| block.kind == kind).collect()
}

fn bytes_of(block: &BlockInfo) -> std::ops::Range<usize> {
    block.offset as usize..(block.offset + block.len) as usize
}

/// The copy is closed, right in itself, and holds a front of `whole` and nothing else.
fn assert_copy(salvage: &Salvage<'_>, whole: &Tape, context: &str) {
    let bytes = copied(salvage);
    let copy = read(&bytes);
    assert_eq!(copy.ending, Ending::Closed, "{context}");
    assert_eq!(Tape::verify_chain(&bytes), Ok(copy.blocks.len() as u64), "{context}");
    assert_eq!(copy.config, whole.config, "{context}");
    assert!(whole.actions.starts_with(&copy.actions), "{context}");
    assert!(whole.outcomes.starts_with(&copy.outcomes), "{context}");
    assert!(whole.action_us.starts_with(&copy.action_us), "{context}");
    let mut root = PlayRoot::new(&whole.config);
    for (action, outcome) in copy.actions.iter().zip(&copy.outcomes) {
        root.fold(*action, outcome);
    }
    assert_eq!(copy.play_root, root, "{context}");
    if salvage.state() != State::Lossy {
        assert!(salvage.losses().frames.is_empty(), "{context}");
    }
    let again = self::salvage(&bytes);
    assert_eq!((again.state(), copied(&again)), (State::Whole, bytes), "{context}");
}

#[test]
fn a_whole_tape_copies_to_the_same_bytes() {
    for bytes in [small(), long()] {
        let whole = salvage(&bytes);
        assert_eq!((whole.state(), whole.losses().list.len()), (State::Whole, 0));
        assert_eq!(copied(&whole), bytes);
    }
}

#[test]
fn a_cut_at_every_byte_gives_the_frames_of_the_whole_blocks_and_their_bytes() {
    let (bytes, whole) = (small(), read(&small()));
    let closing = blocks(&bytes, Kind::Index)[0].offset as usize;
    let is_seam = |end| whole.blocks[2..].iter().any(|block| bytes_of(block).end == end);
    let (first_config, machine) = (bytes_of(&whole.blocks[0]), bytes_of(&whole.blocks[2]));
    for end in first_config.end..bytes.len() {
        let context = format!("cut at {end}");
        let cut = salvage(&bytes[..end]);
        assert_eq!(cut.holds_nothing(), end < bytes_of(&whole.blocks[4]).end && !is_seam(end));
        if end < machine.end {
            continue;
        }
        let (count, frames) = whole_blocks(&whole, end);
        assert_eq!(cut.tape().outcomes.len() as u64, frames, "{context}");
        assert_copy(&cut, &whole, &context);
        let kept = bytes_of(&whole.blocks[count - 1]).end.min(closing);
        assert!(copied(&cut).starts_with(&bytes[..kept]), "{context}");
        if is_seam(end) || end >= closing + 84 && !(bytes_of(&whole.blocks[7]).end..).contains(&end)
        {
            assert_eq!(cut.state(), State::Unclosed, "{context}");
        }
        if end < closing && !is_seam(end) {
            assert_eq!(cut.state(), State::Lossy, "{context}");
        }
    }
}

#[test]
fn a_flip_in_every_byte_loses_what_it_touches_at_most_to_the_end_and_is_named() {
    for bytes in [small(), long()] {
        let whole = read(&bytes);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let context = format!("byte {at}");
            let flipped = salvage(&flipped);
            assert_copy(&flipped, &whole, &context);
            assert!(!flipped.losses().list.is_empty(), "{context}");
            let touched = whole.blocks.iter().find(|block| bytes_of(block).contains(&at));
            match touched.map(|block| block.kind) {
                Some(Kind::Frames) => assert_eq!(flipped.state(), State::Lossy, "{context}"),
                Some(Kind::Config | Kind::Index | Kind::End) | None => {
                    let frames = flipped.tape().outcomes.len();
                    assert_eq!(frames, whole.outcomes.len(), "{context}");
                    let is_uuid = (20..36).contains(&at);
                    let state = if is_uuid { State::Lossy } else { State::Mended };
                    assert_eq!(flipped.state(), state, "{context}");
                    if !is_uuid {
                        assert_eq!(copied(&flipped), bytes, "{context}");
                    }
                }
                Some(_) => {
                    assert_eq!(flipped.state(), State::Lossy, "{context}");
                    let frames = flipped.tape().outcomes.len();
                    assert_eq!(frames, whole.outcomes.len(), "{context}: END proves the frames");
                }
            }
        }
    }
}

#[test]
fn frames_after_damaged_ones_are_listed_as_whole_and_of_no_use() {
    let mut bytes = long();
    let frames = blocks(&bytes, Kind::Frames);
    bytes[bytes_of(&frames[1]).start + 100] ^= 1;
    let damaged = salvage(&bytes);
    let lost = [(64..128, false), (128..200, true)];
    let lost = lost.map(|(frames, are_stranded)| LostFrames { frames, are_stranded });
    assert_eq!(damaged.losses().frames, lost);
    assert!(!damaged.losses().is_end_unknown);
    assert_eq!(damaged.tape().outcomes.len(), 64);
    let kinds: Vec<Kind> =
        damaged.losses().list.iter().filter_map(|loss| Some(loss.block?.kind)).collect();
    use Kind::{End, Frames, Index, Note};
    assert_eq!(kinds, [Frames, Note, Frames, Frames, Index, End]);
    assert!(damaged.losses().list[1..6].iter().all(|loss| loss.why == Why::Stranded));
}

#[test]
fn a_lost_remark_costs_no_frame_where_the_end_proves_it_and_all_after_it_where_not() {
    let mut bytes = long();
    let note = blocks(&bytes, Kind::Note)[0];
    let end = blocks(&bytes, Kind::Index)[0].offset as usize;
    bytes[bytes_of(&note)].fill(0xee);
    let closed = salvage(&bytes);
    assert_eq!((closed.state(), closed.tape().outcomes.len()), (State::Lossy, 200));
    assert!(closed.losses().frames.is_empty());
    assert_copy(&closed, &read(&long()), "closed");
    let open = salvage(&bytes[..end]);
    assert_eq!((open.state(), open.tape().outcomes.len()), (State::Lossy, 128));
    assert_eq!(open.losses().frames, [LostFrames { frames: 128..200, are_stranded: true }]);
}

#[test]
fn frames_of_another_play_of_the_same_shape_are_never_taken_for_this_one() {
    let bytes = long();
    let mut other = read(&bytes);
    other.uuid = [1; 16];
    other.outcomes.iter_mut().for_each(|outcome| outcome.state_sum += 1);
    let (_, other) = rewrite(&other, Vec::new()).expect("a vector");
    let (ours, theirs) = (blocks(&bytes, Kind::Frames), blocks(&other, Kind::Frames));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let taken = &other[bytes_of(theirs)];
        let spliced = [&bytes[..bytes_of(ours).start], taken, &bytes[bytes_of(ours).end..]];
        let spliced = spliced.concat();
        let spliced = salvage(&spliced);
        assert_eq!(spliced.tape().outcomes.len() as u64, ours.first_frame);
        assert_eq!(spliced.state(), State::Lossy);
        assert_copy(&spliced, &read(&bytes), "spliced");
    }
}

#[test]
fn what_was_inserted_or_doubled_between_two_blocks_costs_nothing() {
    let (bytes, whole) = (long(), read(&long()));
    for pair in whole.blocks.windows(2) {
        let seam = bytes_of(&pair[1]).start;
        for inserted in [&b"line noise"[..], &[0; 4096], &bytes[bytes_of(&pair[0])]] {
            let mended = [&bytes[..seam], inserted, &bytes[seam..]].concat();
            let mended = salvage(&mended);
            assert_eq!(mended.state(), State::Mended, "at {seam}");
            assert_eq!(copied(&mended), bytes, "at {seam}");
            let [loss] = &mended.losses().list[..] else { panic!("one place: at {seam}") };
            assert_eq!((loss.offset, loss.bytes), (seam as u64, inserted.len() as u64));
        }
    }
}

#[test]
fn a_sector_of_zeros_or_of_another_place_is_never_silent() {
    let (bytes, whole) = (long(), read(&long()));
    let sectors = (0..bytes.len()).step_by(512);
    for at in sectors.clone() {
        let end = bytes.len().min(at + 512);
        let mut zeroed = bytes.clone();
        zeroed[at..end].fill(0);
        let mut copies = vec![zeroed];
        for from in sectors.clone().filter(|from| *from != at && from + 512 <= bytes.len()) {
            let mut repeated = bytes.clone();
            repeated.splice(at..end, bytes[from..from + (end - at)].iter().copied());
            copies.push(repeated);
        }
        for copy in copies.iter().filter(|copy| **copy != bytes) {
            if let Ok(salvage) = Salvage::of(copy, SPARE_UUID) {
                assert_ne!(salvage.state(), State::Whole, "sector at {at}");
                assert_copy(&salvage, &whole, &format!("sector at {at}"));
            }
        }
    }
}

#[test]
fn a_header_outside_its_uuid_is_made_again_and_a_lost_uuid_is_replaced() {
    let bytes = long();
    let mut damaged = bytes.clone();
    damaged[8..20].fill(0);
    assert_eq!(copied(&salvage(&damaged)), bytes);
    damaged[..HEADER_BYTES].fill(0);
    let renamed = salvage(&damaged);
    assert!(matches!(renamed.losses().list[0].why, Why::Renamed(_)));
    assert_eq!((renamed.state(), renamed.tape().uuid), (State::Lossy, SPARE_UUID));
    assert_copy(&renamed, &read(&bytes), "renamed");
    assert!(Salvage::of(&[0; 4096], SPARE_UUID).is_err());
    assert!(Salvage::of(b"", SPARE_UUID).is_err());
}

#[test]
fn a_footer_that_lies_is_made_again() {
    let bytes = long();
    let mut lying = bytes.clone();
    let footer = bytes.len() - FOOTER_BYTES;
    lying[footer + 12] ^= 1;
    let crc = crc32c::crc32c(&lying[footer..bytes.len() - 4]);
    let at = bytes.len() - 4;
    lying[at..].copy_from_slice(&crc.to_le_bytes());
    let mended = salvage(&lying);
    assert_eq!((mended.state(), copied(&mended)), (State::Mended, bytes));
}
