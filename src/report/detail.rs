//! Which frames a page holds whole: all of a short play, of a long one those that tell the most.

use std::collections::BTreeSet;

/// Most frames whose actions, digests, sums and times are in the page. Why 6000: three minutes of
/// play, 1.4 MB where two runs differ in every frame.
pub const DETAIL_FRAMES_MAX: usize = 6000;

/// Frames of [`DETAIL_FRAMES_MAX`] that go to the surroundings of a drift, an eighth before it.
const AROUND_FRAMES: usize = DETAIL_FRAMES_MAX / 2;

/// The frames that a page holds whole, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Their numbers.
    pub frames: Vec<u64>,
    /// Frames of the play.
    pub all: u64,
    /// From one to the next away from the surroundings of a drift; 1 where all are here.
    pub every: u64,
}

impl Detail {
    /// Chooses among `frames` of a play that first differs at `drift`.
    pub fn new(frames: usize, drift: Option<u64>) -> Detail {
        let all = frames as u64;
        if frames <= DETAIL_FRAMES_MAX {
            return Detail { frames: (0..all).collect(), all, every: 1 };
        }
        // The last frame is always one more.
        let every = all.div_ceil((DETAIL_FRAMES_MAX - AROUND_FRAMES - 1) as u64);
        let mut chosen: BTreeSet<u64> = (0..all).step_by(every as usize).collect();
        chosen.insert(all - 1);
        let around = AROUND_FRAMES as u64;
        let from = drift.unwrap_or(0).saturating_sub(around / 8).min(all - around);
        chosen.extend(from..from + around);
        Detail { frames: chosen.into_iter().collect(), all, every }
    }

    /// Are all frames here?
    pub fn is_whole(&self) -> bool {
        self.every == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_play_is_here_whole() {
        for frames in [0, 1, DETAIL_FRAMES_MAX] {
            let detail = Detail::new(frames, None);
            assert!(detail.is_whole());
            assert_eq!(detail.frames.len(), frames);
        }
    }

    #[test]
    fn a_long_play_is_here_around_its_drift_and_now_and_then() {
        for frames in [DETAIL_FRAMES_MAX + 1, 100_000, 1_260_000, 100_000_000] {
            let last = frames as u64 - 1;
            for drift in [None, Some(0), Some(70_000.min(last)), Some(last)] {
                let detail = Detail::new(frames, drift);
                assert!(detail.frames.len() <= DETAIL_FRAMES_MAX, "{frames}: {detail:?}");
                assert!(detail.frames.is_sorted());
                assert_eq!((detail.frames[0], detail.frames.last()), (0, Some(&last)));
                let gaps = detail.frames.windows(2).map(|pair| pair[1] - pair[0]);
                assert!(gaps.max() <= Some(detail.every));
                for near in drift.into_iter().flat_map(|at| at.saturating_sub(300)..=at) {
                    assert!(detail.frames.binary_search(&near).is_ok(), "{frames} {near}");
                }
            }
        }
    }
}
