//! Copies the whole blocks of a tape to a new one, payload by payload, to go on from there.

use super::batch::FramesBatch;
use super::config_copies::CONFIG_COPIES;
use super::encoder::Encoder;
use super::error::SessionError;
use super::header::{self, HeaderInfo};
use super::records::Machine;
use super::salvage::Salvage;
use super::scan::{Stop, scan_block};
use std::io::Write;

/// The entry of the MACHINE that stands where the real one is lost.
const LOST_MACHINE: (&str, &str) = ("recovered", "the record of the machine is lost");

impl Salvage<'_> {
    /// Writes the header and every whole block to `sink`, and gives what further frames go through.
    /// The tape keeps its uuid, or takes this one.
    ///
    /// Payloads are copied as they are. Headers are written anew, with the same bytes where every
    /// block is where it was and the uuid is kept.
    ///
    /// # Errors
    /// If the tape has no room to be closed in or the sink refuses bytes.
    pub fn copy<W: Write>(
        &self,
        sink: W,
        uuid: Option<[u8; 16]>,
    ) -> Result<(Encoder<W>, FramesBatch), SessionError> {
        let tape = self.tape();
        let header = match uuid {
            None => self.header,
            Some(uuid) => header::encode_as(tape.version, HeaderInfo { uuid }),
        };
        let mut encoder = Encoder::begin(sink, &header, &tape.config)?;
        let is_machine_cut = self.pieces.len() as u64 == CONFIG_COPIES;
        for piece in self.pieces.iter().chain(is_machine_cut.then_some(&None)) {
            let Some(offset) = *piece else {
                let (key, value) = LOST_MACHINE;
                let entries = vec![(key.to_owned(), value.to_owned())];
                encoder.machine(&Machine { entries, ..Machine::default() })?;
                continue;
            };
            let block = scan_block(self.bytes, offset).map_err(|stop| match stop {
                Stop::Damaged(error) => error,
                Stop::Cut => unreachable!("a block that was read is whole"),
            })?;
            encoder.copy_block(&block.header, block.payload)?;
        }
        let (actions, outcomes) = (tape.actions.len() as u64, tape.outcomes.len() as u64);
        let waiting = &tape.actions[tape.outcomes.len()..];
        encoder.go_on(actions, waiting, tape.play_root, self.kept);
        let last_us = |times: &[u64]| times.last().copied().unwrap_or(0);
        let (action_us, outcome_us) = (last_us(&tape.action_us), last_us(&tape.outcome_us));
        let batch = FramesBatch::after((actions, action_us), (outcomes, outcome_us));
        Ok((encoder, batch))
    }
}
