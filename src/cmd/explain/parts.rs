//! Parts of what `explain` came to: the op that differs, the side that stops.

use crate::cmd::output::plain;
use crate::drift::{ElementDifference, Inputs, OpFound, Stop, ValueDifference, Who};
use serde::Serialize;
use std::fmt::Write;

/// The op.
#[derive(Serialize)]
pub(super) struct OpReport {
    pub(super) name: String,
    op: String,
    dtype: &'static str,
    shape: Vec<usize>,
    pub(super) inputs: Inputs,
    /// The other side's type and shape, where they are others.
    theirs: Option<String>,
    elements: Option<ValueDifference>,
}

/// A side that cannot make a frame.
#[derive(Serialize)]
pub(super) struct StopReport {
    side: Who,
    /// The op that refused to go on.
    met: String,
    /// The first op of the frame whose output is not finite.
    made: Option<String>,
    /// The first such element of that output.
    element: Option<u64>,
}

impl StopReport {
    pub(super) fn new(side: Who, stop: Stop) -> StopReport {
        let (made, element) = stop.made.unzip();
        StopReport { side, met: stop.met, made, element }
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        let side = match self.side {
            Who::Ours => "ours stops",
            Who::Theirs => "theirs stops",
        };
        let met = plain(&self.met);
        match (&self.made, self.element) {
            (Some(made), Some(element)) => format!(
                "{side}: op {} made a value that is not finite (element {element}), op {met} met \
                    it",
                plain(made)
            ),
            _ => format!("{side}: op {met} met a value that is not finite, which no op of it made"),
        }
    }
}

impl OpReport {
    pub(super) fn new(found: OpFound) -> OpReport {
        let OpFound { ours, theirs, inputs, difference } = found;
        let is_other = ours.dtype != theirs.dtype || ours.shape != theirs.shape;
        let theirs = is_other.then(|| format!("{} {}", theirs.dtype.name(), sizes(&theirs.shape)));
        OpReport {
            name: ours.name,
            op: ours.op,
            dtype: ours.dtype.name(),
            shape: ours.shape,
            inputs,
            theirs,
            elements: difference,
        }
    }

    pub(super) fn write(&self, out: &mut String) -> std::fmt::Result {
        let OpReport { name, op, dtype, shape, .. } = self;
        let (name, op, shape) = (plain(name), plain(op), sizes(shape));
        let inputs = match self.inputs {
            Inputs::Equal => "its inputs are the same",
            Inputs::Differ => "its inputs differ",
            Inputs::Unknown => "its inputs are made by an op that one side lacks",
        };
        writeln!(out, "op       {name} ({op}, {dtype} {shape}); {inputs}")?;
        if let Some(theirs) = &self.theirs {
            writeln!(out, "         there it is {}", plain(theirs))?;
        }
        let Some(ValueDifference { elements, differing, first, worst }) = &self.elements else {
            return Ok(());
        };
        writeln!(out, "         {differing} of {elements} elements differ")?;
        for (word, element) in [("first", first), ("worst", worst)] {
            let ElementDifference { at, ours, theirs, ours_bits, theirs_bits, ulps, .. } = element;
            writeln!(
                out,
                "         {word} {at:?}: ours {ours} ({ours_bits}), theirs {theirs} \
                    ({theirs_bits}), {ulps} ulp"
            )?;
        }
        Ok(())
    }
}

fn sizes(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}
