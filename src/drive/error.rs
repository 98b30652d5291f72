//! What can end a session before its source does.

use crate::engine::EngineError;
use crate::session::SessionError;
use thiserror::Error;

/// Why a session ended early.
#[derive(Debug, Error)]
pub enum DriveError {
    /// The engine stopped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The tape could not be written; it stays readable through `durable_frames`.
    #[error("the tape cannot be written further; {durable_frames} frames of it are safe on disk")]
    Tape {
        /// What the writer met.
        source: SessionError,
        /// Frames whose outcomes are durable.
        durable_frames: u64,
    },
    /// The disk took the bytes but could not make them durable.
    #[error(
        "the disk refused to make the tape durable ({what}); {durable_frames} frames of it are safe"
    )]
    Sync {
        /// What the system said.
        what: String,
        /// Frames whose outcomes are durable.
        durable_frames: u64,
    },
    /// The tape's thread could not be started or died.
    #[error("the thread that writes the tape is gone: {what}")]
    Thread {
        /// What is known.
        what: String,
    },
}
