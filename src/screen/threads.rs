//! The threads of a screen, and why it cannot be had or ends early.

use std::io;
use std::thread::{self, JoinHandle};
use thiserror::Error;

/// Why the screen cannot be had or ended before the play.
#[derive(Debug, Error)]
pub enum ScreenError {
    /// The terminal would not be taken.
    #[error("cannot take the terminal")]
    Take(#[source] io::Error),
    /// A thread of ours could not be had.
    #[error("cannot start the thread for the {what}")]
    Thread {
        /// What it does.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The terminal stopped taking pictures or giving keys.
    #[error("the terminal failed while it was asked for {what}")]
    Failed {
        /// Pictures or keys.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A thread of ours panicked: a bug.
    #[error("the thread for the {what} panicked")]
    Panicked {
        /// What it did.
        what: &'static str,
    },
}

/// A thread of ours that does `what`.
pub(super) fn spawn<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, ScreenError> {
    let thread = thread::Builder::new().name(what.to_owned()).spawn(work);
    thread.map_err(|source| ScreenError::Thread { what, source })
}

/// What a thread came to that did `what`, where there was one.
pub(super) fn ended<T: Default>(
    what: &'static str,
    thread: Option<JoinHandle<io::Result<T>>>,
) -> Result<T, ScreenError> {
    let Some(thread) = thread else {
        return Ok(T::default());
    };
    let done = thread.join().map_err(|_| ScreenError::Panicked { what })?;
    done.map_err(|source| ScreenError::Failed { what, source })
}
