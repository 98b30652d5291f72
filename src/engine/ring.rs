//! Where frames lie in the ring that temporal attention reads.

/// Slots that hold frames, oldest first, after `remembered` frames went into a ring of `window` slots.
pub fn slots_oldest_first(remembered: u64, window: usize) -> impl ExactSizeIterator<Item = usize> {
    let held = remembered.min(window as u64) as usize;
    let oldest = (remembered % window as u64) as usize + window - held;
    (0..held).map(move |i| (oldest + i) % window)
}

/// The slot that the next frame takes.
pub fn newest_slot(remembered: u64, window: usize) -> usize {
    (remembered % window as u64) as usize
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
