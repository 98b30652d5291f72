//! What `explain` came to: an object for programs, some lines for people, an exit code.

use super::parts::{OpReport, StopReport};
use super::{Found, again, heat};
use crate::cli::{Explain, FrameWord};
use crate::cmd::Exit;
use crate::cmd::output::{self, plain};
use crate::cmd::sides::Played;
use crate::drift::{
    Cause, Explanation, Inputs, OpFound, OpsCompared, PictureDifference, Stop, Stopped, Walk, Who,
};
use crate::event::Outcome;
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;

/// What is named where only digests are known.
const TAPE: &str = "the tape";

/// A finding, as `--json` prints it.
#[derive(Serialize)]
pub(in crate::cmd) struct Report {
    tape: String,
    frames: u64,
    verdict: Verdict,
    ours: SideReport,
    theirs: SideReport,
    /// First frame whose state sum differs; null where it was not looked for.
    first_state: Option<u64>,
    /// First frame whose picture differs.
    first_picture: Option<u64>,
    /// With a range of frames.
    walk: Option<Walk>,
    /// The frame that is explained.
    frame: Option<u64>,
    /// The frame in which the difference came in.
    entered: Option<u64>,
    cause: Option<Cause>,
    memory_was_same: Option<bool>,
    op: Option<OpReport>,
    /// The op that fills the memory that differs.
    memory_of: Option<String>,
    ops: Option<OpsCompared>,
    /// The pictures of `frame`.
    picture: Option<PictureDifference>,
    /// The side that cannot make `frame`.
    stopped: Option<StopReport>,
    heat_map: Option<heat::Drawn>,
    /// The command that shows it again.
    reproduce: Option<String>,
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// Nothing differs.
    Same,
    /// State sum or picture of a frame differ.
    Drift,
    /// Something differs that state sum and picture of the frame do not show.
    Masked,
}

/// One side.
#[derive(Serialize)]
struct SideReport {
    name: String,
    /// Frames from 0 on that are the tape's, as far as it was looked; null where it was not.
    same_as_tape: Option<u64>,
}

impl Report {
    /// A report of this tape without a finding.
    fn new(played: &Played, names: [String; 2]) -> Report {
        let [ours, theirs] = names.map(|name| SideReport { name, same_as_tape: None });
        Report {
            tape: played.path.display().to_string(),
            frames: played.frames(),
            verdict: Verdict::Same,
            ours,
            theirs,
            first_state: None,
            first_picture: None,
            walk: None,
            frame: None,
            entered: None,
            cause: None,
            memory_was_same: None,
            op: None,
            memory_of: None,
            ops: None,
            picture: None,
            stopped: None,
            heat_map: None,
            reproduce: None,
        }
    }

    /// This engine against what the tape says.
    pub(super) fn of_tape(
        options: &Explain,
        played: &Played,
        name: String,
        [state, picture]: [Option<u64>; 2],
    ) -> Report {
        let mut report = Report::new(played, [name, TAPE.to_owned()]);
        let first = [state, picture].into_iter().flatten().min();
        (report.first_state, report.first_picture, report.frame) = (state, picture, first);
        if let Some(first) = first {
            report.verdict = Verdict::Drift;
            report.reproduce =
                Some(again::explain(options, FrameWord::Number(first), None, "BUILD"));
        }
        report
    }

    /// Two sides against each other.
    pub(super) fn of_sides(options: &Explain, played: &Played, found: Found<'_>) -> Report {
        let Found { search, walk, explanation, names, program, heat } = found;
        let mut report = Report::new(played, names);
        (report.heat_map, report.walk) = (heat, walk);
        if let Some(search) = &search {
            report.first_state = search.divergence.first_state;
            report.first_picture = search.divergence.first_picture;
            let same = |made: &[Outcome]| same_as_tape(made, &played.tape.outcomes);
            report.ours.same_as_tape = Some(same(&search.ours));
            report.theirs.same_as_tape = Some(same(&search.theirs));
        }
        // Two builds that do not stay have no command.
        let is_to_be_had = options.settings || options.against.is_some();
        let against = options.against.as_deref().unwrap_or_default();
        let again = |frame| is_to_be_had.then(|| again::explain(options, frame, program, against));
        if let Some(stopped) = search.and_then(|search| search.stopped) {
            report.stop(stopped);
            report.reproduce = again(FrameWord::First);
        }
        let Some(explanation) = explanation else { return report };
        let is_masked = explanation.is_masked() && report.first_state.is_none();
        report.verdict = match (explanation.cause, is_masked) {
            (Cause::Nothing, _) => Verdict::Same,
            (_, true) => Verdict::Masked,
            (_, false) => Verdict::Drift,
        };
        if report.verdict != Verdict::Same {
            report.reproduce = again(FrameWord::Number(at(&explanation)));
        }
        report.explain(explanation);
        report
    }

    /// This engine stops in a frame that the tape has.
    pub(super) fn stopped_here(
        options: &Explain,
        played: &Played,
        name: String,
        stop: Stop,
    ) -> Report {
        let mut report = Report::new(played, [name, TAPE.to_owned()]);
        report.verdict = Verdict::Drift;
        report.frame = Some(stop.frame);
        report.cause = Some(Cause::NotFinite);
        report.stopped = Some(StopReport::new(Who::Ours, stop));
        report.reproduce = Some(again::explain(options, FrameWord::First, None, "BUILD"));
        report
    }

    /// One side stops in a frame that the other makes.
    fn stop(&mut self, stopped: Stopped) {
        let Stopped { who, stop, ops, first } = stopped;
        self.verdict = Verdict::Drift;
        (self.frame, self.entered) = (Some(stop.frame), Some(stop.frame));
        self.cause = Some(Cause::NotFinite);
        self.op = first.map(|([ours, theirs], inputs)| {
            OpReport::new(OpFound { ours, theirs, inputs, difference: None })
        });
        self.ops = Some(ops);
        self.stopped = Some(StopReport::new(who, stop));
    }

    fn explain(&mut self, explanation: Explanation) {
        self.frame = Some(explanation.frame);
        self.entered = Some(explanation.entered);
        self.cause = Some(explanation.cause);
        self.memory_was_same = Some(explanation.memory_was_same);
        self.op = explanation.op.map(OpReport::new);
        self.memory_of = explanation.memory_of;
        self.ops = Some(explanation.ops);
        self.picture = Some(explanation.picture);
    }

    pub(super) fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Same => Exit::Ok,
            Verdict::Drift | Verdict::Masked => Exit::Drift,
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        if json { output::json(self) } else { output::text(&self.text()?) }
    }

    /// For people.
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        writeln!(out, "tape     {}: {} frames", plain(&self.tape), self.frames)?;
        self.write(&mut out, "")?;
        Ok(out)
    }

    /// All but the tape, for people; `blame` goes on with the verdict.
    pub(in crate::cmd) fn write(&self, out: &mut String, blame: &str) -> std::fmt::Result {
        self.finding(out)?;
        writeln!(out, "verdict  {}{blame}", self.line())?;
        match (&self.reproduce, &*self.theirs.name) {
            (Some(command), TAPE) => writeln!(
                out,
                "next     {}\n         names the op, where BUILD is a worldtape or engine that \
                    makes the tape's frames",
                plain(command)
            )?,
            (Some(command), _) => writeln!(out, "again    {}", plain(command))?,
            (None, _) => (),
        }
        Ok(())
    }

    /// The sides and what is between them.
    pub(super) fn finding(&self, out: &mut String) -> std::fmt::Result {
        for (word, side) in [("ours", &self.ours), ("theirs", &self.theirs)] {
            writeln!(out, "{word:<9}{}", side.line())?;
        }
        self.where_it_is(out)?;
        if let Some(op) = &self.op {
            op.write(out)?;
        }
        self.strangers(out)?;
        self.pictures(out)?;
        let Some(stopped) = &self.stopped else { return Ok(()) };
        writeln!(out, "stopped  {}", stopped.line())
    }

    /// Frames and ops.
    fn where_it_is(&self, out: &mut String) -> std::fmt::Result {
        let named = |frame: Option<u64>| frame.map_or("none".to_owned(), |f| format!("frame {f}"));
        if self.first_state.is_some() || self.first_picture.is_some() {
            let (state, picture) = (named(self.first_state), named(self.first_picture));
            writeln!(out, "drift    first other state {state}, first other picture {picture}")?;
        }
        if let Some(Walk { first, frames, outputs }) = self.walk {
            let same = format!("{frames} frames with {outputs} outputs of ops the same");
            writeln!(out, "walked   from frame {first}: {same}")?;
        }
        let (Some(entered), Some(ops)) = (self.entered, &self.ops) else { return Ok(()) };
        if let (Some(false), Some(frame)) = (self.memory_was_same, self.frame) {
            writeln!(out, "memory   before frame {frame} differs already")?;
        }
        let OpsCompared { compared, differing, .. } = ops;
        writeln!(out, "frame    {entered}: {differing} of {compared} outputs of ops differ")
    }

    /// Ops that one side alone has.
    fn strangers(&self, out: &mut String) -> std::fmt::Result {
        let Some(ops) = &self.ops else { return Ok(()) };
        for (word, names) in [("ours", &ops.only_ours), ("theirs", &ops.only_theirs)] {
            if let Some(first) = names.first() {
                let (count, first) = (names.len(), plain(first));
                writeln!(out, "only     {word}: {count} outputs of ops, the first {first}")?;
            }
        }
        Ok(())
    }

    fn pictures(&self, out: &mut String) -> std::fmt::Result {
        if let (Some(frame), Some(picture)) = (self.frame, &self.picture) {
            writeln!(out, "picture  of frame {frame}: {}", apart(picture))?;
        }
        let Some(heat) = &self.heat_map else { return Ok(()) };
        let (frame, apart) = (heat.frame, apart(&heat.difference));
        writeln!(out, "heat     {}: of frame {frame}, {apart}", heat.name())
    }

    /// The verdict in a line.
    fn line(&self) -> String {
        let Some(fault) = self.fault() else {
            return match self.verdict {
                Verdict::Same => "the same: every state and picture".to_owned(),
                _ => "DRIFT; which op is not known: a tape has no ops".to_owned(),
            };
        };
        match self.verdict {
            Verdict::Same => fault,
            Verdict::Drift => format!("DRIFT: {fault}"),
            Verdict::Masked => {
                format!("MASKED: {fault}; the frame's state and picture are the same")
            }
        }
    }

    /// The command that shows it again.
    pub(super) fn reproduce(&self) -> Option<&str> {
        self.reproduce.as_deref()
    }

    /// What is at fault, where it is known.
    pub(super) fn fault(&self) -> Option<String> {
        let entered = self.entered.unwrap_or_default();
        let op = self.op.as_ref().map_or_else(String::new, |op| plain(&op.name));
        Some(match (self.cause?, self.op.as_ref().map(|op| op.inputs)) {
            (Cause::Nothing, _) => match self.walk {
                Some(Walk { first, .. }) => format!(
                    "the same: every op of frames {first} to {entered}, their memories, states \
                        and pictures"
                ),
                None => {
                    format!("the same: every op of frame {entered}, its memory, state and picture")
                }
            },
            (Cause::Op, Some(Inputs::Unknown)) => {
                format!("the first op that differs is {op} in frame {entered}")
            }
            (Cause::Op, _) => format!("op {op} in frame {entered}, its inputs are the same"),
            (Cause::OpInPrompt, _) => format!(
                "op {op}: the prompt's memory differs already, and from the same memory frame \
                    {entered} differs in that op first"
            ),
            (Cause::Prompt, _) => "the memory that was filled from the prompt differs; from the \
                same memory, frames do not"
                .to_owned(),
            (Cause::Carried, _) => "the memory before the frame differs; from the same memory, \
                the frame does not: ask for --frame first"
                .to_owned(),
            (Cause::Memory, _) => {
                let of = self.memory_of.as_deref().unwrap_or("an op that is not known");
                format!("the memory of {} after frame {entered}: no op wrote it", plain(of))
            }
            (Cause::NotFinite, _) => {
                let line = self.stopped.as_ref().map_or_else(String::new, StopReport::line);
                format!("in frame {} {line}", self.frame.unwrap_or_default())
            }
            (Cause::Outcome, _) => {
                format!("what is hashed of frame {entered}, not what its ops wrote")
            }
        })
    }
}

/// The frame at which to look again.
fn at(explanation: &Explanation) -> u64 {
    match explanation.cause {
        Cause::Prompt | Cause::Carried | Cause::Nothing => explanation.frame,
        Cause::Op | Cause::OpInPrompt | Cause::Memory | Cause::Outcome | Cause::NotFinite => {
            explanation.entered
        }
    }
}

/// Frames from 0 on that are the tape's.
fn same_as_tape(made: &[Outcome], expected: &[Outcome]) -> u64 {
    made.iter().zip(expected).take_while(|(made, expected)| made == expected).count() as u64
}

/// How far two pictures are apart, for people.
fn apart(difference: &PictureDifference) -> String {
    match difference.psnr_db {
        None => "the same".to_owned(),
        Some(psnr_db) => format!(
            "{} pixels differ, the largest difference {}, PSNR {psnr_db:.1} dB",
            difference.pixels, difference.largest
        ),
    }
}

impl SideReport {
    fn line(&self) -> String {
        let name = plain(&self.name);
        match self.same_as_tape {
            None => name,
            Some(0) => format!("{name}: not the tape's from frame 0 on"),
            Some(frames) => format!("{name}: the tape's through frame {}", frames - 1),
        }
    }
}
