//! What builds of worldtape tell each other of a frame: the objects that `taps --json` prints.

use crate::cmd::output::plain;
use crate::drift::{Stop, Tap, Tapped};
use crate::event::{Digest, Outcome};
use crate::program::{Dtype, NODES_MAX, OPERANDS_MAX};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Version of these objects: another number is another meaning.
const FORMAT: u32 = 1;

/// One frame with its ops.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cmd) struct FrameTold {
    format: u32,
    worldtape_version: String,
    build_commit: String,
    pub(super) engine: String,
    frame: u64,
    picture: String,
    state_sum: String,
    state_before: String,
    pub(super) state_after: String,
    pub(super) ops: Vec<OpTold>,
}

/// What one op wrote.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpTold {
    pub(super) name: String,
    pub(super) op: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    pub(super) digest: String,
}

/// What each frame came to, from frame 0.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cmd) struct OutcomesTold {
    format: u32,
    worldtape_version: String,
    build_commit: String,
    engine: String,
    outcomes: Vec<OutcomeTold>,
    /// The frame after them, where a value in it is not finite; builds that do not tell end with
    /// an error there.
    #[serde(default)]
    stopped: Option<StopTold>,
}

/// A frame that cannot be finished.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StopTold {
    frame: u64,
    met: String,
    made: Option<String>,
    element: Option<u64>,
    state_before: String,
    ops: Vec<OpTold>,
}

/// What one frame came to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OutcomeTold {
    picture: String,
    state_sum: String,
    /// Digest of the state before it, where that was asked for.
    state: Option<String>,
}

fn version() -> (u32, String, String) {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), env!("WORLDTAPE_BUILD_COMMIT"));
    (FORMAT, version.to_owned(), commit.to_owned())
}

/// An engine and its build in a line.
pub(in crate::cmd) fn teller(engine: &str, version: &str, commit: &str) -> String {
    let commit: String = commit.chars().take(8).collect();
    plain(&format!("{engine}; worldtape {version} {commit}"))
}

/// Refuses what this build does not understand.
fn check_format(format: u32) -> Result<()> {
    if format != FORMAT {
        bail!("it answers in format {format}; this build reads {FORMAT}");
    }
    Ok(())
}

/// Refuses more ops than a program has.
fn check_ops(ops: &[OpTold]) -> Result<()> {
    if ops.len() > NODES_MAX * OPERANDS_MAX {
        bail!("it tells of {} ops; a program has at most {NODES_MAX}", ops.len());
    }
    Ok(())
}

fn hexadecimal(sum: u64) -> String {
    format!("{sum:#018x}")
}

/// A state sum from its text.
fn sum(text: &str) -> Result<u64> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 16);
    let sum = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    sum.with_context(|| format!("{text:?} is no state sum"))
}

/// A digest from its text.
fn digest(text: &str) -> Result<Digest> {
    let mut bytes = [0; 32];
    let is_right = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_right {
        bail!("{text:?} is no digest");
    }
    for (byte, place) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[place..place + 2], 16)?;
    }
    Ok(Digest(bytes))
}

fn dtype(text: &str) -> Result<Dtype> {
    let known = [Dtype::F32, Dtype::I8, Dtype::U8, Dtype::U64];
    let found = known.into_iter().find(|dtype| dtype.name() == text);
    found.with_context(|| format!("{text:?} is no type of elements"))
}

impl FrameTold {
    pub(super) fn new(tapped: &Tapped, engine: String) -> FrameTold {
        let (format, worldtape_version, build_commit) = version();
        FrameTold {
            format,
            worldtape_version,
            build_commit,
            engine,
            frame: tapped.frame,
            picture: tapped.outcome.picture.to_string(),
            state_sum: hexadecimal(tapped.outcome.state_sum),
            state_before: tapped.state_before.to_string(),
            state_after: tapped.state_after.to_string(),
            ops: tapped.taps.iter().map(OpTold::new).collect(),
        }
    }

    /// Who told it: engine and build.
    pub(in crate::cmd) fn teller(&self) -> String {
        teller(&self.engine, &self.worldtape_version, &self.build_commit)
    }

    /// What another build told, as if it had been tapped here; nothing of it is kept.
    pub(in crate::cmd) fn tapped(&self) -> Result<Tapped> {
        check_format(self.format)?;
        check_ops(&self.ops)?;
        let outcome = outcome(&self.picture, &self.state_sum)?;
        Ok(Tapped {
            frame: self.frame,
            outcome,
            state_before: digest(&self.state_before)?,
            state_after: digest(&self.state_after)?,
            taps: self.ops.iter().map(OpTold::tap).collect::<Result<_>>()?,
            kept: BTreeMap::new(),
        })
    }
}

fn outcome(picture: &str, state_sum: &str) -> Result<Outcome> {
    Ok(Outcome { picture: digest(picture)?, state_sum: sum(state_sum)? })
}

impl OpTold {
    fn new(tap: &Tap) -> OpTold {
        OpTold {
            name: tap.name.clone(),
            op: tap.op.clone(),
            dtype: tap.dtype.name().to_owned(),
            shape: tap.shape.clone(),
            digest: tap.digest.to_string(),
        }
    }

    fn tap(&self) -> Result<Tap> {
        let OpTold { name, op, dtype: kind, shape, digest: text } = self;
        let (name, op, shape) = (name.clone(), op.clone(), shape.clone());
        Ok(Tap { name, op, dtype: dtype(kind)?, shape, digest: digest(text)? })
    }
}

impl OutcomesTold {
    pub(super) fn new(engine: String) -> OutcomesTold {
        let (format, worldtape_version, build_commit) = version();
        let (outcomes, stopped) = (Vec::new(), None);
        OutcomesTold { format, worldtape_version, build_commit, engine, outcomes, stopped }
    }

    pub(super) fn add(&mut self, outcome: &Outcome, state: Option<Digest>) {
        self.outcomes.push(OutcomeTold {
            picture: outcome.picture.to_string(),
            state_sum: hexadecimal(outcome.state_sum),
            state: state.map(|digest| digest.to_string()),
        });
    }

    /// The frame after those that were added cannot be made.
    pub(super) fn stop(&mut self, stop: &Stop) {
        let (made, element) = stop.made.clone().unzip();
        self.stopped = Some(StopTold {
            frame: stop.frame,
            met: stop.met.clone(),
            made,
            element,
            state_before: stop.state_before.to_string(),
            ops: stop.taps.iter().map(OpTold::new).collect(),
        });
    }

    /// Where another build stopped.
    pub(in crate::cmd) fn stopped(&self) -> Result<Option<Stop>> {
        let Some(told) = &self.stopped else { return Ok(None) };
        if told.frame != self.outcomes.len() as u64 {
            bail!("it stops at frame {} after {} frames", told.frame, self.outcomes.len());
        }
        check_ops(&told.ops)?;
        Ok(Some(Stop {
            frame: told.frame,
            met: told.met.clone(),
            made: told.made.clone().zip(told.element),
            state_before: digest(&told.state_before)?,
            taps: told.ops.iter().map(OpTold::tap).collect::<Result<_>>()?,
        }))
    }

    /// Who told it: engine and build.
    pub(in crate::cmd) fn teller(&self) -> String {
        teller(&self.engine, &self.worldtape_version, &self.build_commit)
    }

    /// What another build told: outcomes, and digests of states where they were asked for.
    pub(in crate::cmd) fn read(&self) -> Result<Vec<(Outcome, Option<Digest>)>> {
        check_format(self.format)?;
        let one = |told: &OutcomeTold| {
            let state = told.state.as_deref().map(digest).transpose()?;
            Ok((outcome(&told.picture, &told.state_sum)?, state))
        };
        self.outcomes.iter().map(one).collect()
    }

    /// For people.
    pub(super) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        writeln!(out, "{:>7}  {:<18}  {:<8}", "frame", "state sum", "picture")?;
        for (frame, told) in self.outcomes.iter().enumerate() {
            let OutcomeTold { picture, state_sum, state } = told;
            write!(out, "{frame:>7}  {state_sum}  {}", &picture[..8])?;
            if let Some(state) = state {
                write!(out, "  memory before it {}", &state[..16])?;
            }
            writeln!(out)?;
        }
        if let Some(StopTold { frame, met, .. }) = &self.stopped {
            writeln!(out, "{frame:>7}  stops: op {met} met a value that is not finite")?;
        }
        Ok(out)
    }
}
