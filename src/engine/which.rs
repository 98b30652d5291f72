//! Which of a model's two programs an engine runs.

use crate::program::{Model, Program};

/// Which of a model's programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Fills the memory with one prompt frame.
    Prompt,
    /// Makes one frame.
    Frame,
}

impl Which {
    /// The program.
    pub(super) fn program(self, model: &Model) -> &Program {
        match self {
            Which::Prompt => &model.prompt,
            Which::Frame => &model.frame,
        }
    }
}
