//! Signals in play: the first ends the session as `q` does, later ones end the process.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Exit code of a process that signal `n` ends is this plus `n`, as shells have it.
const SIGNAL_EXIT: i32 = 128;

/// Signals that are kept from ending the process; nobody looks at them yet.
pub(super) struct Caught(Signals);

/// A thread that looks at signals until it is dropped.
pub(super) struct Watch {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// From now on the signals that end a process are caught.
pub(super) fn catch() -> Result<Caught> {
    Ok(Caught(Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot catch signals")?))
}

impl Caught {
    /// Raises `quit` at the first signal, those that came before this included. At the second it
    /// calls `restore` and exits: the tape then ends as after a crash. A third does not wait for
    /// that: a terminal may be stuck.
    pub(super) fn watch(
        mut self,
        quit: Arc<AtomicBool>,
        restore: impl FnOnce() + Send + 'static,
    ) -> Result<Watch> {
        let handle = self.0.handle();
        let look = move || {
            let mut restore = Some(restore);
            for signal in self.0.forever() {
                if !quit.swap(true, Ordering::AcqRel) {
                    continue;
                }
                let exit = move || std::process::exit(SIGNAL_EXIT + signal);
                match restore.take() {
                    Some(restore) => drop(std::thread::spawn(move || {
                        restore();
                        exit();
                    })),
                    None => exit(),
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(look);
        let thread = Some(thread.context("cannot start the thread for signals")?);
        Ok(Watch { handle, thread })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // Nothing in it can panic but starting the thread that ends the process.
            let _ = thread.join();
        }
    }
}
