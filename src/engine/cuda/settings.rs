//! How a GPU is to be used: choices that may change how long a frame takes, never a bit of it.

use super::super::EngineError;
use std::fmt;

/// How sums of int8 products are made. All give the same integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Tensor cores, int8 to int32 (`mma.sync`); compute capability 8.0 and later.
    Mma,
    /// Four products an instruction, without tensor cores.
    Dp4a,
    /// Tensor cores, float16 to float32, drained before a sum can round.
    Half,
}

impl Lane {
    /// The lane's name, as tapes and options have it.
    pub fn name(self) -> &'static str {
        match self {
            Lane::Mma => "mma",
            Lane::Dp4a => "dp4a",
            Lane::Half => "f16",
        }
    }

    /// The lanes of a GPU of that compute capability, the one to use first.
    ///
    /// Chips with weak int8 tensor cores, or (before 8.0) none of the shape used here, take
    /// float16 first.
    pub fn available(capability: (u32, u32)) -> Vec<Lane> {
        match capability {
            (7, _) => vec![Lane::Half, Lane::Dp4a],
            (10, 3) => vec![Lane::Half, Lane::Mma, Lane::Dp4a],
            _ => vec![Lane::Mma, Lane::Half, Lane::Dp4a],
        }
    }

    /// The lane of that name, if a GPU of that compute capability has it.
    ///
    /// # Errors
    /// [`EngineError::Lane`].
    pub fn named(name: &str, capability: (u32, u32)) -> Result<Lane, EngineError> {
        let lanes = Lane::available(capability);
        lanes.iter().find(|lane| lane.name() == name).copied().ok_or_else(|| {
            let offered: Vec<&str> = lanes.iter().map(|lane| lane.name()).collect();
            EngineError::Lane { found: name.to_owned(), offered: offered.join(", ") }
        })
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who makes the machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// NVRTC, for this chip.
    Cubin,
    /// The driver, from NVRTC's PTX.
    Ptx,
}

impl Code {
    /// The name, as tapes have it.
    pub fn name(self) -> &'static str {
        match self {
            Code::Cubin => "cubin",
            Code::Ptx => "ptx",
        }
    }
}

/// How one engine uses its GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How integer products are made.
    pub lane: Lane,
    /// Most blocks of one launch, as a GPU of so few multiprocessors would run at once; `None`
    /// leaves it to the size of the work.
    pub blocks_max: Option<u32>,
    /// One graph a frame, or launch by launch. Profilers see the ranges of passes and launches
    /// (feature `nvtx`) in the second alone: a graph is one call.
    pub graph: bool,
}

impl Settings {
    /// What is used where nothing else is asked for.
    pub fn usual(capability: (u32, u32)) -> Settings {
        let lane = Lane::available(capability)[0];
        Settings { lane, blocks_max: None, graph: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gpu_that_is_new_enough_has_two_lanes_and_refuses_others_by_name() {
        assert_eq!(Lane::available((9, 0))[0], Lane::Mma);
        assert_eq!(Lane::available((8, 6))[0], Lane::Mma);
        assert_eq!(Lane::available((10, 3))[0], Lane::Half);
        assert_eq!(Lane::named("f16", (7, 5)), Ok(Lane::Half));
        let refused = Lane::named("mma", (7, 5)).expect_err("Turing lacks that shape");
        assert_eq!(refused.to_string(), "lane mma is not to be had here; there is f16, dp4a");
    }
}
