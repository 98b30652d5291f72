//! Writes the records of a tape as a new tape.

use super::batch::FramesBatch;
use super::encoder::Encoder;
use super::error::{SessionError, exactly};
use super::footer::Footer;
use super::header::HeaderInfo;
use super::records::{Checkpoint, CheckpointAt};
use super::tape::Tape;
use std::io::Write;

/// Writes a closed tape of `tape`'s records, altered or not, and gives its footer and the sink.
///
/// Machines and resumes go first, then frames in full blocks, then checkpoints and notes: the order
/// between kinds is not kept, for no reader depends on it. Of a checkpoint the digest is written,
/// the state is not on a [`Tape`]. `blocks`, `play_root`, `version` and
/// `ending` of `tape` are not used. Any alteration gives a tape that is right in itself; only a
/// replay can tell.
///
/// # Errors
/// If there is no MACHINE, a record is outside its limits, the lengths of the columns do not fit or
/// the sink refuses bytes.
pub fn rewrite<W: Write>(tape: &Tape, sink: W) -> Result<(Footer, W), SessionError> {
    let (actions, outcomes) = (tape.actions.len() as u64, tape.outcomes.len() as u64);
    exactly("action time count", 0, actions, tape.action_us.len() as u64)?;
    exactly("outcome time count", 0, outcomes, tape.outcome_us.len() as u64)?;
    if outcomes > actions {
        return Err(SessionError::OutcomesAhead { offset: 0, actions, outcomes });
    }
    let Some((machine, further)) = tape.machines.split_first() else {
        return Err(SessionError::NoMachine { frames: outcomes });
    };
    let mut encoder = Encoder::new(sink, HeaderInfo { uuid: tape.uuid }, &tape.config, machine)?;
    further.iter().try_for_each(|machine| encoder.machine(machine))?;
    tape.resumes.iter().try_for_each(|resume| encoder.resume(resume))?;
    write_frames(tape, &mut encoder)?;
    for &CheckpointAt { frame, state_digest, .. } in &tape.checkpoints {
        encoder.checkpoint(Checkpoint { frame, state_digest, state: Vec::new() })?;
    }
    tape.notes.iter().try_for_each(|note| encoder.note(note))?;
    encoder.finish()
}

/// Writes actions and outcomes in blocks of 64.
fn write_frames<W: Write>(tape: &Tape, encoder: &mut Encoder<W>) -> Result<(), SessionError> {
    let mut batch = FramesBatch::new();
    for (frame, &action) in tape.actions.iter().enumerate() {
        batch.push_action(frame as u64, action, tape.action_us[frame]);
        if let Some(&outcome) = tape.outcomes.get(frame) {
            batch.push_outcome(frame as u64, outcome, tape.outcome_us[frame]);
        }
        if batch.is_full() {
            encoder.seal_frames(&mut batch)?;
        }
    }
    encoder.seal_frames(&mut batch)
}
