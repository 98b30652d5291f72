//! The arena planner: buffers that are never alive together share bytes.

/// Every buffer starts at a multiple of this many bytes: a cache line, an AVX-512 register.
pub const ALIGNMENT: usize = 64;

/// When and how large: what the planner needs to know of one buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Bytes.
    pub bytes: usize,
    /// First step that touches it.
    pub first: usize,
    /// Last step that touches it (included).
    pub last: usize,
}

/// Where every buffer lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// First byte of each buffer, in the order given.
    pub offsets: Vec<usize>,
    /// Bytes of the whole arena.
    pub bytes: usize,
}

/// Lays buffers out: the first `residents` side by side at the start, the same for every program
/// that shares them; the others, largest first, each at the lowest place that is free as long as
/// it lives.
pub fn plan(buffers: &[Lifetime], residents: usize) -> Layout {
    let mut offsets = vec![0; buffers.len()];
    let mut floor = 0;
    for (offset, buffer) in offsets.iter_mut().zip(&buffers[..residents]) {
        *offset = floor;
        floor += aligned(buffer.bytes);
    }
    let mut order: Vec<usize> = (residents..buffers.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(buffers[i].bytes), i));
    let mut placed: Vec<usize> = Vec::with_capacity(order.len());
    let mut bytes = floor;
    for i in order {
        offsets[i] = lowest_free(buffers, &offsets, &placed, i, floor);
        bytes = bytes.max(offsets[i] + aligned(buffers[i].bytes));
        let place = placed.partition_point(|&j| offsets[j] <= offsets[i]);
        placed.insert(place, i);
    }
    Layout { offsets, bytes }
}

/// The lowest offset from `floor` on where buffer `i` meets no placed buffer that is alive with it.
/// `placed` is in the order of offsets.
fn lowest_free(
    buffers: &[Lifetime],
    offsets: &[usize],
    placed: &[usize],
    i: usize,
    floor: usize,
) -> usize {
    let need = aligned(buffers[i].bytes);
    let mut start = floor;
    for &j in placed {
        let together = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
        if !together {
            continue;
        }
        if offsets[j] >= start + need {
            break;
        }
        start = start.max(offsets[j] + aligned(buffers[j].bytes));
    }
    start
}

fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn life(bytes: usize, first: usize, last: usize) -> Lifetime {
        Lifetime { bytes, first, last }
    }

    #[test]
    fn buffers_of_a_chain_take_turns_in_two_places() {
        let chain: Vec<Lifetime> = (0..10).map(|i| life(64, i, i + 1)).collect();
        assert_eq!(plan(&chain, 0).bytes, 128);
    }

    #[test]
    fn residents_stay_where_they_are_and_are_never_reused() {
        let buffers = [life(100, 0, 0), life(10, 0, 0), life(500, 3, 4), life(500, 5, 6)];
        assert_eq!(plan(&buffers, 2), Layout { offsets: vec![0, 128, 192, 192], bytes: 704 });
    }

    proptest! {
        #[test]
        fn buffers_alive_together_never_overlap(
            raw in proptest::collection::vec((1usize..5000, 0usize..40, 0usize..10), 1..60),
            residents in 0usize..4,
        ) {
            let buffers: Vec<Lifetime> = raw.iter().map(|&(b, f, d)| life(b, f, f + d)).collect();
            let residents = residents.min(buffers.len());
            let layout = plan(&buffers, residents);
            let end = |i: usize| layout.offsets[i] + buffers[i].bytes;
            for i in 0..buffers.len() {
                prop_assert_eq!(layout.offsets[i] % ALIGNMENT, 0);
                prop_assert!(end(i) <= layout.bytes);
                for j in 0..i {
                    let (a, b) = (&buffers[i], &buffers[j]);
                    let together = j < residents || a.first <= b.last && b.first <= a.last;
                    let apart = end(i) <= layout.offsets[j] || end(j) <= layout.offsets[i];
                    prop_assert!(!together || apart, "{i} and {j} overlap");
                }
            }
        }
    }
}
