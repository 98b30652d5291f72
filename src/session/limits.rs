//! Every maximum of the format. A length or count is checked against its maximum before it is used.

use super::records::Kind;
use crate::event::BUTTONS_MAX;

/// Most bytes of a tape (16 GiB): a reader holds it whole.
pub const TAPE_BYTES_MAX: u64 = 1 << 34;
/// Most bytes INDEX, END and footer may take; an encoder keeps them free so that it can close.
pub const CLOSING_BYTES_MAX: u64 = 4 << 20;
/// Most bytes of a header of any version.
pub const HEADER_BYTES_MAX: u64 = 4096;
/// Most blocks of a tape.
pub const BLOCKS_MAX: u64 = 1 << 24;
/// Most frames of a tape: 33 days at 35 frames a second.
pub const FRAMES_MAX: u64 = 100_000_000;
/// Most actions, and most outcomes, of one FRAMES block.
pub const FRAMES_PER_BLOCK_MAX: usize = 64;
/// Most bytes of one archive of any kind. Why 32 MiB: a state of the shipped world has 18, and a
/// reader that opens one stays within 64.
pub const ARCHIVE_BYTES_MAX: u64 = 32 << 20;
/// Most bytes of the model state in one CHECKPOINT.
pub const STATE_BYTES_MAX: u64 = ARCHIVE_BYTES_MAX - 4096;
/// Most bytes of the model states in all CHECKPOINTs together: a reader opens each once.
pub const STATES_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of all notes together: what a reader keeps beside the frames.
pub const NOTES_BYTES_MAX: u64 = 8 << 20;
/// Most bytes of a name, a version or a key.
pub const NAME_BYTES_MAX: u64 = 256;
/// Most bytes of the value of a machine entry.
pub const VALUE_BYTES_MAX: u64 = 1024;
/// Most entries of one MACHINE.
pub const ENTRIES_MAX: u64 = 64;
/// Most bytes of the text of one NOTE.
pub const NOTE_BYTES_MAX: u64 = 32 << 10;
/// Most denoise passes of a frame.
pub const PASSES_MAX: u64 = 1024;
/// Most names of actions: one per button.
pub const ACTION_NAMES_MAX: u64 = BUTTONS_MAX as u64;
/// Longest side of a picture, in pixels.
pub const PICTURE_SIDE_MAX: u64 = 16_384;
/// Most MACHINE blocks of a tape.
pub const MACHINES_MAX: u64 = 64;
/// Most RESUME blocks of a tape.
pub const RESUMES_MAX: u64 = 64;
/// Most NOTE blocks of a tape.
pub const NOTES_MAX: u64 = 100_000;
/// Most CHECKPOINT blocks of a tape.
pub const CHECKPOINTS_MAX: u64 = 4096;
/// Most entries of an INDEX.
pub const INDEX_ENTRIES_MAX: usize = 65_536;

/// Most bytes the archive of a block of `kind` may have.
pub fn archive_bytes_max(kind: Kind) -> u64 {
    match kind {
        Kind::Config | Kind::Machine => 256 << 10,
        Kind::Frames => 4096,
        Kind::Resume | Kind::End => 256,
        Kind::Note => NOTE_BYTES_MAX + 4096,
        Kind::Index => 3 << 20,
        Kind::Checkpoint | Kind::Unknown(_) => ARCHIVE_BYTES_MAX,
    }
}

/// Most bytes the zstd frame of a block of `kind` may have: a little above what zstd may make of
/// the longest archive of that kind.
pub fn compressed_bytes_max(kind: Kind) -> u64 {
    archive_bytes_max(kind) + archive_bytes_max(kind) / 64 + 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use zstd::zstd_safe::compress_bound;

    #[test]
    fn the_longest_archive_of_every_kind_fits_its_zstd_frame() {
        for number in 1..=9 {
            let kind = Kind::from_number(number);
            let bound = compress_bound(archive_bytes_max(kind) as usize) as u64;
            assert!(bound <= compressed_bytes_max(kind), "{kind:?}: {bound}");
        }
    }

    #[test]
    fn the_longest_state_and_the_longest_index_fit_their_archives() {
        assert!(STATE_BYTES_MAX + 48 <= archive_bytes_max(Kind::Checkpoint));
        assert!(INDEX_ENTRIES_MAX as u64 * 32 + 8 <= archive_bytes_max(Kind::Index));
        assert!(compressed_bytes_max(Kind::Index) + 4096 <= CLOSING_BYTES_MAX);
    }
}
