//! Where frames lie in the ring that temporal attention reads.

use crate::program::Op;
use std::ops::Range;

/// Slots that hold frames, oldest first, after `remembered` frames went into a ring of `window`
/// slots.
pub fn slots_oldest_first(remembered: u64, window: usize) -> impl ExactSizeIterator<Item = usize> {
    let held = remembered.min(window as u64) as usize;
    let oldest = (remembered % window as u64) as usize + window - held;
    (0..held).map(move |i| (oldest + i) % window)
}

/// The slot that the next frame takes.
pub fn newest_slot(remembered: u64, window: usize) -> usize {
    (remembered % window as u64) as usize
}

/// Which of the `bytes` bytes of an output the op itself writes in the frame after `remembered`
/// frames: all; of a ring, which is an operand as a whole, the slot that it fills.
pub fn written(op: &Op, bytes: usize, remembered: u64) -> Range<usize> {
    match *op {
        Op::Remember { window, .. } => {
            let (slot, newest) = (bytes / window, newest_slot(remembered, window));
            newest * slot..(newest + 1) * slot
        }
        _ => 0..bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_in_the_order_of_age_before_and_after_the_ring_is_full() {
        let slots = |remembered| slots_oldest_first(remembered, 3).collect::<Vec<_>>();
        assert_eq!(slots(0), Vec::<usize>::new());
        assert_eq!(slots(2), [0, 1]);
        assert_eq!(slots(3), [0, 1, 2]);
        assert_eq!(slots(4), [1, 2, 0]);
        assert_eq!(slots(3_000_000_002), [2, 0, 1]);
        assert_eq!(newest_slot(4, 3), 1);
    }
}
