//! The session file ("tape"): bytes to records and back, over slices and `Write`.
//!
//! `formats/session.md` is the specification. Read the modules in this order: [`limits`], records,
//! [`v1`] (the frozen archives), header, block, archive, encoder, reader.

mod archive;
mod batch;
mod block;
mod config_copies;
mod convert;
mod copy;
mod encoder;
mod error;
mod footer;
mod frames;
mod header;
mod index;
mod kept;
mod le;
pub mod limits;
mod losses;
mod mend;
mod play_root;
mod reader;
mod records;
mod rewrite;
mod salvage;
mod scan;
mod seek;
mod tape;
mod totals;
pub mod v1;

pub use batch::FramesBatch;
pub use block::{BLOCK_HEADER_BYTES, BlockHeader};
pub use encoder::Encoder;
pub use error::{Part, SessionError};
pub use footer::{FOOTER_BYTES, Footer};
pub use header::{HEADER_BYTES, HeaderInfo, TAPE_MAGIC, Version};
pub use losses::{Loss, Losses, LostFrames, Why};
pub use play_root::PlayRoot;
pub use records::{Checkpoint, CheckpointAt, Config, Kind, Machine, Note, Resume};
pub use rewrite::rewrite;
pub use salvage::{Salvage, State};
pub use scan::find_block;
pub use seek::{FrameAt, Seeker};
pub use tape::{BlockInfo, Ending, Tape};

/// Magic of the skippable frames of a tape, one of the sixteen zstd leaves to applications.
///
/// Why 0x57: it is the letter `W`; 0x50 is pzstd's and 0x5E is the seekable format's.
const SKIPPABLE_MAGIC: u32 = 0x184D_2A57;
