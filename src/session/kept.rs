//! Counts what a reader keeps beside the frames, so that writer and reader share one set of limits.

use super::error::{SessionError, at_most};
use super::limits::{CHECKPOINTS_MAX, KEPT_BYTES_MAX, MACHINES_MAX, NOTES_MAX, RESUMES_MAX};
use super::records::Kind;

/// What there is so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Kept {
    machines: u64,
    resumes: u64,
    checkpoints: u64,
    notes: u64,
    bytes: u64,
}

impl Kept {
    /// Counts one more record of `kind` with `bytes` of text or state, if its limits allow it.
    pub(super) fn add(&mut self, kind: Kind, bytes: u64) -> Result<(), SessionError> {
        let (what, count, max) = match kind {
            Kind::Machine => ("MACHINE count", &mut self.machines, MACHINES_MAX),
            Kind::Resume => ("RESUME count", &mut self.resumes, RESUMES_MAX),
            Kind::Checkpoint => ("CHECKPOINT count", &mut self.checkpoints, CHECKPOINTS_MAX),
            Kind::Note => ("NOTE count", &mut self.notes, NOTES_MAX),
            _ => return Ok(()),
        };
        at_most(what, *count + 1, max)?;
        at_most("bytes of notes and states", self.bytes + bytes, KEPT_BYTES_MAX)?;
        *count += 1;
        self.bytes += bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_record_is_not_counted() {
        let mut kept = Kept::default();
        assert_eq!(kept.add(Kind::Checkpoint, KEPT_BYTES_MAX), Ok(()));
        assert!(kept.add(Kind::Note, 1).is_err());
        assert_eq!(kept.add(Kind::Note, 0), Ok(()));
    }
}
