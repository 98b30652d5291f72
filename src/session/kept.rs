//! Counts the records beside the frames, so that writer and reader share one set of limits.

use super::error::{SessionError, at_most};
use super::limits::{
    CHECKPOINTS_MAX, MACHINES_MAX, NOTES_BYTES_MAX, NOTES_MAX, RESUMES_MAX, STATES_BYTES_MAX,
};
use super::records::Kind;

/// What there is so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Kept {
    machines: u64,
    resumes: u64,
    checkpoints: u64,
    state_bytes: u64,
    notes: u64,
    note_bytes: u64,
}

impl Kept {
    /// Counts one more record of `kind` with `bytes` of text or state, if its limits allow it.
    pub(super) fn add(&mut self, kind: Kind, bytes: u64) -> Result<(), SessionError> {
        let (what, count, max) = match kind {
            Kind::Machine => ("MACHINE count", &mut self.machines, MACHINES_MAX),
            Kind::Resume => ("RESUME count", &mut self.resumes, RESUMES_MAX),
            Kind::Checkpoint => {
                let sum = self.state_bytes + bytes;
                at_most("bytes of all states", sum, STATES_BYTES_MAX)?;
                ("CHECKPOINT count", &mut self.checkpoints, CHECKPOINTS_MAX)
            }
            Kind::Note => {
                at_most("bytes of all notes", self.note_bytes + bytes, NOTES_BYTES_MAX)?;
                ("NOTE count", &mut self.notes, NOTES_MAX)
            }
            _ => return Ok(()),
        };
        at_most(what, *count + 1, max)?;
        *count += 1;
        match kind {
            Kind::Checkpoint => self.state_bytes += bytes,
            Kind::Note => self.note_bytes += bytes,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_record_is_not_counted() {
        let mut kept = Kept::default();
        for (kind, max) in [(Kind::Checkpoint, STATES_BYTES_MAX), (Kind::Note, NOTES_BYTES_MAX)] {
            assert_eq!(kept.add(kind, max), Ok(()));
            assert!(kept.add(kind, 1).is_err());
            assert_eq!(kept.add(kind, 0), Ok(()));
        }
    }
}
