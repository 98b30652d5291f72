//! Where an export goes: a new file that is whole or gone, or stdout as far as somebody reads.

use crate::cmd::{files, signals};
use crate::export::ExportError;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name that means stdout.
pub(super) const STDOUT: &str = "-";

/// A file to come, or stdout.
pub(super) struct Target {
    path: PathBuf,
    /// The file, once it is there.
    file: Option<File>,
    /// Did the reader of stdout leave?
    is_left: Arc<AtomicBool>,
}

/// Stdout, that remembers a reader who left: encoders tell it in errors of their own.
struct Listened(Arc<AtomicBool>);

impl Listened {
    fn noticed<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe {
                self.0.store(true, Ordering::Release);
            }
        })
    }
}

impl Write for Listened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.noticed(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.noticed(io::stdout().flush())
    }
}

impl Target {
    pub(super) fn new(path: &Path) -> Target {
        Target { path: path.to_path_buf(), file: None, is_left: Arc::default() }
    }

    /// Creates the file and gives it to `work`. An error leaves nothing of it. Until `work` is done
    /// a signal raises `quit` and a second one takes the file away and ends the process; with
    /// stdout a signal does what it always does.
    pub(super) fn with_file<T>(
        &mut self,
        quit: &Arc<AtomicBool>,
        work: impl FnOnce(Box<dyn Write + Send>) -> Result<T>,
    ) -> Result<T> {
        if self.path == Path::new(STDOUT) {
            return work(Box::new(Listened(Arc::clone(&self.is_left))));
        }
        let caught = signals::catch()?;
        let file = files::create(&self.path)?;
        let path = self.path.clone();
        let watch = caught.watch(Arc::clone(quit), move || files::discard(&path));
        let watch = watch.inspect_err(|_| self.discard())?;
        let written = file.try_clone().context("cannot use the new file").and_then(|writer| {
            self.file = Some(file);
            work(Box::new(writer))
        });
        drop(watch);
        let name = self.path.display();
        written
            .inspect_err(|_| self.discard())
            .with_context(|| format!("nothing is left of {name}"))
    }

    /// Takes the file away.
    pub(super) fn discard(&self) {
        if self.path != Path::new(STDOUT) {
            files::discard(&self.path);
        }
    }

    /// Makes the file durable, or takes it away where writing `failed`; says whether the reader
    /// stayed to the end. One that left had what it wanted.
    pub(super) fn settle(&self, failed: Option<ExportError>) -> Result<bool> {
        let synced = match (failed, &self.file) {
            (None, Some(file)) => file.sync_data().map_err(ExportError::Write),
            (None, None) => Listened(Arc::clone(&self.is_left)).flush().map_err(ExportError::Write),
            (Some(error), _) => Err(error),
        };
        if self.is_left.load(Ordering::Acquire) {
            return Ok(false);
        }
        let told = match &self.file {
            Some(_) => format!("cannot write {}; nothing is left of it", self.path.display()),
            None => "cannot write to standard output".to_owned(),
        };
        synced.inspect_err(|_| self.discard()).context(told)?;
        Ok(true)
    }
}
