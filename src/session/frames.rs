//! Reads FRAMES: columns that must fit each other, their header and the blocks before.

use super::block::BlockHeader;
use super::error::{SessionError, at_most, exactly};
use super::limits::{FRAMES_MAX, FRAMES_PER_BLOCK_MAX};
use super::tape::Tape;
use super::v1::ArchivedFrames;
use crate::event::{Action, Digest, Outcome};

/// Adds the frames of the block at byte `offset` to `tape`: all of them, or none.
pub(super) fn append(
    tape: &mut Tape,
    header: &BlockHeader,
    frames: &ArchivedFrames,
    offset: u64,
) -> Result<(), SessionError> {
    check(tape, header, frames, offset)?;
    let mut time_us = tape.action_us.last().copied().unwrap_or(0);
    for (bits, delta_us) in frames.actions.iter().zip(frames.action_delta_us.iter()) {
        time_us += u64::from(delta_us.to_native());
        tape.actions.push(Action(bits.to_native()));
        tape.action_us.push(time_us);
    }
    time_us = tape.outcome_us.last().copied().unwrap_or(0);
    let sums = frames.state_sums.iter().zip(frames.outcome_delta_us.iter());
    for (picture, (state_sum, delta_us)) in frames.picture_digests.iter().zip(sums) {
        time_us += u64::from(delta_us.to_native());
        let outcome = Outcome { picture: Digest(*picture), state_sum: state_sum.to_native() };
        tape.play_root.fold(tape.actions[tape.outcomes.len()], &outcome);
        tape.outcomes.push(outcome);
        tape.outcome_us.push(time_us);
    }
    Ok(())
}

/// Every rule of FRAMES.
fn check(
    tape: &Tape,
    header: &BlockHeader,
    frames: &ArchivedFrames,
    offset: u64,
) -> Result<(), SessionError> {
    let actions = frames.actions.len() as u64;
    let outcomes = frames.picture_digests.len() as u64;
    at_most("actions of a block", actions, FRAMES_PER_BLOCK_MAX as u64)?;
    at_most("outcomes of a block", outcomes, FRAMES_PER_BLOCK_MAX as u64)?;
    exactly("action time count", offset, actions, frames.action_delta_us.len() as u64)?;
    exactly("state sum count", offset, outcomes, frames.state_sums.len() as u64)?;
    exactly("outcome time count", offset, outcomes, frames.outcome_delta_us.len() as u64)?;
    exactly("frame count", offset, outcomes, header.frame_count.into())?;
    let actions_before = tape.actions.len() as u64;
    let outcomes_before = tape.outcomes.len() as u64;
    exactly("first action", offset, actions_before, frames.first_action_frame.to_native())?;
    exactly("first outcome", offset, outcomes_before, frames.first_outcome_frame.to_native())?;
    let (actions, outcomes) = (actions_before + actions, outcomes_before + outcomes);
    at_most("actions", actions, FRAMES_MAX)?;
    if outcomes > actions {
        return Err(SessionError::OutcomesAhead { offset, actions, outcomes });
    }
    Ok(())
}
