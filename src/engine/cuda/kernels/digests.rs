//! Digests of what ops wrote: a blake3 tree for each output, all trees level by level.

use super::{Launch, Planner};
use bytemuck::{Pod, Zeroable};

/// Bytes of a leaf of blake3's tree.
const CHUNK_BYTES: usize = 1024;

/// Bytes of the value of a node, and of a digest.
pub(in super::super) const VALUE_BYTES: usize = 32;

/// The struct of that name in digests.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(in super::super) struct Span {
    pub(in super::super) start: u64,
    pub(in super::super) bytes: u64,
}

/// The struct of that name in digests.cu.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Level {
    spans: u64,
    firsts_below: u64,
    firsts: u64,
    below: u64,
    values: u64,
    digests: u64,
    trees: u32,
    nodes: u32,
}

/// Addresses of what the kernels read and write.
pub(in super::super) struct Places {
    /// A [`Span`] for each tree.
    pub(in super::super) spans: u64,
    /// [`Trees::firsts`], one level after the other.
    pub(in super::super) firsts: u64,
    /// Room for the values of two levels, each of [`Trees::values_bytes`].
    pub(in super::super) values: [u64; 2],
    /// A digest for each tree.
    pub(in super::super) digests: u64,
}

/// The trees of outputs of so many bytes: which nodes of which tree come where, level by level.
pub(in super::super) struct Trees {
    count: usize,
    /// Of each level: the number of the first node of each tree, and of all nodes.
    levels: Vec<Vec<u32>>,
}

impl Trees {
    /// Of outputs of these sizes, each one byte at least.
    pub(in super::super) fn new(bytes: &[usize]) -> Trees {
        let mut counts: Vec<usize> =
            bytes.iter().map(|bytes| bytes.div_ceil(CHUNK_BYTES)).collect();
        let mut levels = Vec::new();
        while counts.iter().any(|&count| count > 0) {
            let mut firsts = vec![0];
            for count in &counts {
                firsts.push(firsts.last().expect("a first") + *count as u32);
            }
            levels.push(firsts);
            // A tree ends at its root.
            let above = |count: &usize| if *count > 1 { count.div_ceil(2) } else { 0 };
            counts = counts.iter().map(above).collect();
        }
        Trees { count: bytes.len(), levels }
    }

    /// What kernels need to know of all levels, one after the other.
    pub(in super::super) fn firsts(&self) -> Vec<u32> {
        self.levels.concat()
    }

    /// Bytes of the values of the largest level.
    pub(in super::super) fn values_bytes(&self) -> usize {
        self.levels.first().map_or(0, |chunks| chunks[self.count] as usize * VALUE_BYTES)
    }

    /// The launches that make all digests.
    pub(in super::super) fn launches(&self, planner: &Planner<'_>, places: &Places) -> Vec<Launch> {
        let firsts =
            |level: usize| places.firsts + (level * (self.count + 1) * size_of::<u32>()) as u64;
        let launch = |(level, nodes): (usize, &Vec<u32>)| {
            let parameter = Level {
                spans: places.spans,
                firsts_below: firsts(level.saturating_sub(1)),
                firsts: firsts(level),
                below: places.values[(level + 1) % 2],
                values: places.values[level % 2],
                digests: places.digests,
                trees: self.count as u32,
                nodes: nodes[self.count],
            };
            let kernel = if level == 0 { "digest_chunks" } else { "digest_parents" };
            planner.launch_items(kernel, parameter.nodes as usize, &parameter)
        };
        self.levels.iter().enumerate().map(launch).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_shrink_by_half_and_end_at_their_roots() {
        // 1 chunk, 5 chunks, 2 chunks.
        let trees = Trees::new(&[1, 4097, 2048]);
        let levels: [&[u32]; 4] = [&[0, 1, 6, 8], &[0, 0, 3, 4], &[0, 0, 2, 2], &[0, 0, 1, 1]];
        assert_eq!(trees.levels, levels);
        assert_eq!(trees.values_bytes(), 8 * VALUE_BYTES);
        assert_eq!(trees.firsts().len(), 16);
    }
}
