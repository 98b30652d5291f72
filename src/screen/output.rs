//! Where a drawing goes: gathered, then written whole, and never after the terminal was given back.

use crate::clock::Clock;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A terminal shows what comes between these two at once; those that do not know them ignore them.
const TOGETHER: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

/// The terminal and whether it is ours.
struct Shared<W> {
    out: W,
    is_open: bool,
    /// Did a drawing fail? Those after it are dropped: the first error says everything.
    has_failed: bool,
    /// What gives it back.
    farewell: Vec<u8>,
    /// When the newest drawing was ready to be written, and when it was.
    written_us: (u64, u64),
}

/// A writer that all who draw or restore share.
pub struct Output<W> {
    shared: Arc<Mutex<Shared<W>>>,
    drawing: Vec<u8>,
    clock: Option<Arc<dyn Clock>>,
}

impl<W> Clone for Output<W> {
    fn clone(&self) -> Output<W> {
        let (shared, clock) = (Arc::clone(&self.shared), self.clock.clone());
        Output { shared, drawing: Vec::new(), clock }
    }
}

impl<W: Write> Output<W> {
    /// Nothing is written before [`Output::open`].
    pub fn new(out: W) -> Output<W> {
        let (farewell, written_us) = (Vec::new(), (0, 0));
        let shared = Shared { out, is_open: false, has_failed: false, farewell, written_us };
        Output { shared: Arc::new(Mutex::new(shared)), drawing: Vec::new(), clock: None }
    }

    /// The same, and `clock` tells when drawings are written.
    pub fn timed(out: W, clock: Arc<dyn Clock>) -> Output<W> {
        Output { clock: Some(clock), ..Output::new(out) }
    }

    /// When the newest drawing was ready to be written, and when it had been, in microseconds.
    pub fn written_us(&self) -> (u64, u64) {
        self.shared().written_us
    }

    /// Takes the terminal with one sequence; `farewell` will give it back, even where this fails
    /// half way.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn open(&self, greeting: &[u8], farewell: Vec<u8>) -> io::Result<()> {
        let mut shared = self.shared();
        (shared.is_open, shared.farewell) = (true, farewell);
        shared.out.write_all(greeting)?;
        shared.out.flush()
    }

    /// Gives the terminal back, once; says whether it was ours until now.
    pub fn close(&self) -> bool {
        let mut shared = self.shared();
        if !std::mem::take(&mut shared.is_open) {
            return false;
        }
        let farewell = std::mem::take(&mut shared.farewell);
        // Where the terminal is gone there is nothing to restore, and nobody to tell.
        let _ = shared.out.write_all(&farewell).and_then(|()| shared.out.flush());
        true
    }

    fn shared(&self) -> MutexGuard<'_, Shared<W>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.drawing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.drawing.is_empty() {
            return Ok(());
        }
        let drawing = std::mem::take(&mut self.drawing);
        let now_us = || self.clock.as_ref().map_or(0, |clock| clock.now_us());
        let ready_us = now_us();
        let mut shared = self.shared();
        let written = if shared.is_open && !shared.has_failed {
            let mut parts = [TOGETHER[0], &drawing, TOGETHER[1]].into_iter();
            parts.try_for_each(|part| shared.out.write_all(part)).and_then(|()| shared.out.flush())
        } else {
            Ok(())
        };
        shared.has_failed |= written.is_err();
        shared.written_us = (ready_us, now_us());
        drop(shared);
        self.drawing = drawing;
        self.drawing.clear();
        written
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Bytes that a test can look at while others write.
    #[derive(Clone, Default)]
    pub(in crate::screen) struct Tray(Arc<Mutex<Vec<u8>>>);

    impl Tray {
        pub(in crate::screen) fn bytes(&self) -> Vec<u8> {
            self.0.lock().expect("no panic while held").clone()
        }
    }

    impl Write for Tray {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic while held").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Takes `left` writes, then fails.
    struct Failing {
        left: usize,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_failure_is_told_and_those_after_it_are_not() {
        let mut output = Output::new(Failing { left: 1 });
        output.open(b"<", b">".to_vec()).expect("opened");
        let mut draw = || output.write_all(b"one").and_then(|()| output.flush());
        assert!(draw().is_err());
        assert!(draw().is_ok());
        assert!(output.close());
    }

    #[test]
    fn drawings_go_out_whole_and_only_while_it_is_open() {
        let tray = Tray::default();
        let mut output = Output::new(tray.clone());
        let mut draw = |bytes: &[u8]| {
            output.write_all(bytes).expect("gathered");
            output.flush().expect("written");
        };
        draw(b"before");
        let other = output.clone();
        other.open(b"<", b">".to_vec()).expect("opened");
        let mut draw = |bytes: &[u8]| {
            output.write_all(bytes).expect("gathered");
            output.flush().expect("written");
        };
        draw(b"one");
        assert!(other.close());
        draw(b"after");
        assert!(!other.close());
        assert_eq!(tray.bytes(), b"<\x1b[?2026hone\x1b[?2026l>");
    }
}
