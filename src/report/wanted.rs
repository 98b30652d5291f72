//! Which frames a page has pictures of.

use crate::drift::Divergence;
use std::collections::BTreeSet;

/// Most pictures of the film.
pub const FILM_FRAMES_MAX: u64 = 48;

/// Seconds between pictures of the film, in tenths: the first that gives few enough is taken.
const INTERVALS_DS: [u64; 12] = [5, 10, 20, 50, 100, 150, 300, 600, 1200, 3000, 6000, 18_000];

/// Frames before and after the first drift that are shown.
const AROUND: [i64; 7] = [-1, 0, 1, 2, 5, 17, 35];

/// The frames of a film of `frames`: one every half second, or less often, so that there are at
/// most [`FILM_FRAMES_MAX`].
pub fn film_frames(frames: u64, frames_per_second_milli: u32) -> Vec<u64> {
    let in_frames = |ds: u64| (ds * u64::from(frames_per_second_milli) / 10_000).max(1);
    let fits = |interval: &u64| frames.div_ceil(*interval) <= FILM_FRAMES_MAX;
    let interval = INTERVALS_DS.into_iter().map(in_frames).find(fits);
    let interval = interval.unwrap_or_else(|| frames.div_ceil(FILM_FRAMES_MAX));
    (0..frames).step_by(interval as usize).collect()
}

/// The frames of `frames` that show a drift: around the first that differs, and around the first
/// whose picture does, which can come much later.
pub fn drift_frames(found: &Divergence, frames: u64) -> Vec<u64> {
    let first = [found.first_action, found.first_drift()].into_iter().flatten().min();
    let mut wanted = BTreeSet::new();
    for (at, around) in [(first, &AROUND[..3]), (found.first_picture.or(first), &AROUND[..])] {
        let frames_around = around.iter().filter_map(|offset| at?.checked_add_signed(*offset));
        wanted.extend(frames_around.filter(|frame| *frame < frames));
    }
    wanted.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_begins_at_the_first_frame_and_is_never_too_long() {
        assert!(film_frames(0, 35_000).is_empty());
        assert_eq!(film_frames(40, 35_000), [0, 17, 34]);
        for frames in [1, 48, 816, 817, 310, 100_000, 1_260_000, 100_000_000] {
            for rate in [0, 1, 35_000, u32::MAX] {
                let film = film_frames(frames, rate);
                assert!((1..=FILM_FRAMES_MAX as usize).contains(&film.len()), "{frames} {rate}");
                assert_eq!(film[0], 0);
            }
        }
    }

    #[test]
    fn both_first_drifts_are_shown_within_the_tape() {
        let found =
            Divergence { first_state: Some(4), first_picture: Some(60), ..Default::default() };
        assert_eq!(drift_frames(&found, 80), [3, 4, 5, 59, 60, 61, 62, 65, 77]);
        let at_once = Divergence { first_state: Some(0), ..Default::default() };
        assert_eq!(drift_frames(&at_once, 4), [0, 1, 2]);
        assert!(drift_frames(&Divergence::default(), 80).is_empty());
    }
}
