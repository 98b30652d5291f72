//! The screen of one play: the terminal on loan, a thread that draws and one that reads keys.

use super::draw::View;
use super::{Drawn, Facts, Latest, Lease, Modes, Output, Palette, Shown, Slot, keys};
use crate::clock::{Clock, KEYS_END};
use crate::input::Controls;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
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

/// An open screen. Dropping it gives the terminal back and ends its threads.
pub struct Stage {
    lease: Lease<Stdout>,
    slot: Arc<Slot>,
    stop: Arc<AtomicBool>,
    drawer: Option<JoinHandle<io::Result<u64>>>,
    reader: Option<Reader>,
}

/// The thread that reads keys, and what falls silent when it ends.
struct Reader {
    thread: JoinHandle<io::Result<()>>,
    ended: Receiver<()>,
}

impl Stage {
    /// Takes the terminal of standard output; `releases` says whether it tells of them.
    ///
    /// # Errors
    /// [`ScreenError`]; the terminal is then as it was.
    pub fn open(
        facts: Facts,
        palette: Palette,
        releases: bool,
        controls: Controls,
        clock: impl Clock + 'static,
    ) -> Result<Stage, ScreenError> {
        let output = Output::new(io::stdout());
        let backend = CrosstermBackend::new(output.clone());
        let terminal = Terminal::new(backend).map_err(ScreenError::Take)?;
        let lease =
            Lease::take(output, Modes { raw: true, releases }).map_err(ScreenError::Take)?;
        lease.restore_on_panic();
        let (slot, stop) = (Arc::new(Slot::default()), Arc::new(AtomicBool::new(false)));
        let mut stage = Stage { lease, slot, stop, drawer: None, reader: None };
        let (slot, stop) = (Arc::clone(&stage.slot), Arc::clone(&stage.stop));
        stage.drawer = Some(spawn("pictures", move || draw(terminal, &slot, &facts, palette))?);
        let (alive, ended) = sync_channel(0);
        let read = move || {
            let _alive = alive;
            keys::read(&controls, &clock, &stop)
        };
        stage.reader = Some(Reader { thread: spawn("keys", read)?, ended });
        Ok(stage)
    }

    /// A sink that shows frames here.
    pub fn sink(&self) -> Latest {
        Latest::new(Arc::clone(&self.slot))
    }

    /// Gives the terminal back at once, from any thread.
    pub fn restorer(&self) -> impl Fn() + Send + Sync + use<> {
        self.lease.restorer()
    }

    /// Draws what is left and gives the terminal back.
    ///
    /// # Errors
    /// What ended the screen early.
    pub fn close(mut self) -> Result<Drawn, ScreenError> {
        let (frames, read) = self.end();
        drop(self);
        read?;
        frames.map(|frames| Drawn { frames })
    }

    /// Ends both threads; says how many frames were drawn and how reading went.
    fn end(&mut self) -> (Result<u64, ScreenError>, Result<(), ScreenError>) {
        self.stop.store(true, Ordering::Release);
        self.slot.close();
        // crossterm never comes back from a terminal that went away: then nobody waits for it.
        let reader = self
            .reader
            .take()
            .filter(|reader| reader.ended.recv_timeout(KEYS_END) != Err(RecvTimeoutError::Timeout));
        let reader = reader.map(|reader| reader.thread);
        (ended("pictures", self.drawer.take()), ended("keys", reader))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Only errors of a play that already failed get lost here.
        let _ = self.end();
    }
}

pub(super) fn spawn<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, ScreenError> {
    let thread = thread::Builder::new().name(what.to_owned()).spawn(work);
    thread.map_err(|source| ScreenError::Thread { what, source })
}

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

/// Draws the newest frame until the slot closes; where it cannot go on, the slot closes too.
fn draw(
    mut terminal: Terminal<CrosstermBackend<Output<Stdout>>>,
    slot: &Slot,
    facts: &Facts,
    palette: Palette,
) -> io::Result<u64> {
    let _ended = CloseOnDrop(slot);
    let mut shown = Shown::default();
    let mut frames = 0;
    while slot.take(&mut shown) {
        let view = View { facts, shown: &shown, palette };
        terminal.draw(|frame| frame.render_widget(view, frame.area()))?;
        frames += 1;
    }
    Ok(frames)
}

struct CloseOnDrop<'a>(&'a Slot);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
