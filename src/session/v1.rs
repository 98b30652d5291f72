//! Schema 1 of every archive. FROZEN: tapes out there have these bytes; a change makes schema 2.
//!
//! Only plain integers, arrays and `Vec`; text is UTF-8 in `Vec<u8>`. `tests/session_format.rs`
//! pins the size, alignment and place of every field and the bytes of an archive of every type.

use rkyv::{Archive, Serialize};

/// The number of these schemas in a block header.
pub const SCHEMA: u16 = 1;

/// CONFIG: what is played.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Config {
    /// Digest of the world's file.
    pub world_digest: [u8; 32],
    /// Name of the world.
    pub world_name: Vec<u8>,
    /// Id of the number rules.
    pub arithmetic: Vec<u8>,
    /// Key of the noise.
    pub seed: u64,
    /// Which start is played.
    pub prompt: u32,
    /// Denoise passes per frame.
    pub passes: u32,
    /// float32 bits, `passes + 1` of them.
    pub noise_levels: Vec<u32>,
    /// Pixels.
    pub picture_width: u32,
    /// Pixels.
    pub picture_height: u32,
    /// Thousandths of frames per second.
    pub frames_per_second_milli: u32,
    /// Names of the buttons, bit 0 first.
    pub action_names: Vec<Vec<u8>>,
}

/// MACHINE: what it is played on, and when.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Machine {
    /// Milliseconds since 1970-01-01 UTC.
    pub started_unix_ms: u64,
    /// Engine.
    pub engine: Vec<u8>,
    /// Version of the writer.
    pub worldtape_version: Vec<u8>,
    /// Commit of the writer.
    pub build_commit: Vec<u8>,
    /// Digest of the engine's kernels.
    pub kernel_digest: [u8; 32],
    /// Threads of the engine.
    pub threads: u32,
    /// Free form.
    pub entries: Vec<Entry>,
}

/// One line of what else describes a machine.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Entry {
    /// What is described.
    pub key: Vec<u8>,
    /// Its description.
    pub value: Vec<u8>,
}

/// FRAMES: actions and outcomes, in columns.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Frames {
    /// Frame of the first action.
    pub first_action_frame: u64,
    /// Bits of buttons held.
    pub actions: Vec<u16>,
    /// Microseconds since the action before.
    pub action_delta_us: Vec<u32>,
    /// Frame of the first outcome.
    pub first_outcome_frame: u64,
    /// Digests of the pictures.
    pub picture_digests: Vec<[u8; 32]>,
    /// Sums of the states.
    pub state_sums: Vec<u64>,
    /// Microseconds since the outcome before.
    pub outcome_delta_us: Vec<u32>,
}

/// RESUME: where the first frames come from.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Resume {
    /// uuid of the source.
    pub source_uuid: [u8; 16],
    /// Frames copied.
    pub source_frame: u64,
    /// Play root after them.
    pub source_root: [u8; 32],
}

/// CHECKPOINT: the state between two frames.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Checkpoint {
    /// The frame that would run next.
    pub frame: u64,
    /// Digest of the state.
    pub state_digest: [u8; 32],
    /// The state, or nothing.
    pub state: Vec<u8>,
}

/// NOTE: a remark.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Note {
    /// The frame it is about.
    pub frame: u64,
    /// The remark.
    pub text: Vec<u8>,
}

/// INDEX: where blocks are.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct Index {
    /// In file order.
    pub entries: Vec<IndexEntry>,
}

/// One block of an index: the numbers of its header, and its place.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct IndexEntry {
    /// Byte of the tape where the block begins.
    pub offset: u64,
    /// Sequence of the block.
    pub sequence: u64,
    /// First frame of the block.
    pub first_frame: u64,
    /// Outcomes of the block.
    pub frame_count: u32,
    /// Kind of the block.
    pub kind: u16,
    /// Schema of the block.
    pub schema: u16,
}

/// END: the totals.
#[derive(Archive, Serialize, Clone, Debug, Default)]
pub struct End {
    /// Outcomes of the tape.
    pub frames: u64,
    /// Actions of the tape.
    pub actions: u64,
    /// Play root after the last outcome.
    pub play_root: [u8; 32],
    /// Blocks before this one.
    pub blocks: u64,
}
