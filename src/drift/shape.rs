//! The shapes of what ops write, as their definitions speak of rows and columns.

use crate::program::{Op, RANK};

/// Sizes of output `output` of an op, the outermost first; their product is its elements. Of a
/// [`Op::Remember`] the one slot that it fills.
pub(super) fn shape(op: &Op, output: usize) -> Vec<usize> {
    match *op {
        Op::Noise { count, .. }
        | Op::Buttons { count }
        | Op::TimeEmbedding { features: count, .. }
        | Op::Add { count }
        | Op::Silu { count }
        | Op::Gelu { count }
        | Op::Remember { count, .. }
        | Op::Euler { count, .. }
        | Op::MixNoise { count, .. }
        | Op::ToPicture { count } => vec![count],
        Op::BitSum { .. } | Op::TotalSum { .. } => vec![1],
        Op::Permute { shape, axes } => permuted(shape, axes),
        Op::Quantise { rows, .. } if output == 1 => vec![rows],
        Op::Linear { rows, outputs: columns, .. }
        | Op::Quantise { rows, columns }
        | Op::LayerNorm { rows, columns, .. }
        | Op::Modulate { rows, columns }
        | Op::GatedAdd { rows, columns }
        | Op::PixelNorm { rows, columns, .. }
        | Op::ScaleShift { rows, columns } => vec![rows, columns],
        Op::Convolution { height, width, outputs, .. } => vec![height, width, outputs],
        Op::SplitHeads { rows, heads, head_width, .. }
        | Op::Attention { tokens: rows, heads, head_width, .. }
        | Op::TemporalAttention { tokens: rows, heads, head_width, .. } => {
            vec![rows, heads, head_width]
        }
    }
}

/// The permuted axes without those of size 1.
fn permuted(shape: [usize; RANK], axes: [usize; RANK]) -> Vec<usize> {
    let sizes = axes.into_iter().map(|axis| shape[axis]).filter(|size| *size != 1);
    let sizes: Vec<usize> = sizes.collect();
    if sizes.is_empty() { vec![1] } else { sizes }
}

/// Where element `index` lies in that shape.
pub(super) fn coordinates(shape: &[usize], index: usize) -> Vec<usize> {
    let mut rest = index;
    let mut places: Vec<usize> = shape
        .iter()
        .rev()
        .map(|size| {
            let place = rest % size.max(&1);
            rest /= size.max(&1);
            place
        })
        .collect();
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_have_as_many_elements_as_ops_write() {
        let window = 5;
        for op in [
            Op::Quantise { rows: 3, columns: 7 },
            Op::SplitHeads { rows: 4, heads: 2, head_width: 8, length: 8.0 },
            Op::Convolution { height: 3, width: 5, inputs: 2, outputs: 4, kernel: 3 },
            Op::Permute { shape: [2, 1, 3, 1, 4, 1], axes: [4, 1, 0, 3, 2, 5] },
            Op::Remember { count: 6, window },
            Op::TotalSum { count: 9 },
        ] {
            for (output, (_, count)) in op.signature().writes.into_iter().enumerate() {
                let slots = if op.kind() == "remember" { window } else { 1 };
                let shape = shape(&op, output);
                assert_eq!(shape.iter().product::<usize>() * slots, count, "{op:?}");
            }
        }
        let turned = Op::Permute { shape: [2, 1, 3, 1, 4, 1], axes: [4, 1, 0, 3, 2, 5] };
        assert_eq!(shape(&turned, 0), [4, 2, 3]);
    }

    #[test]
    fn every_element_has_a_place_of_its_own() {
        let shape = [2, 3, 4];
        let places: Vec<_> = (0..24).map(|index| coordinates(&shape, index)).collect();
        assert!(places.is_sorted() && places.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!((&places[0], &places[23]), (&vec![0, 0, 0], &vec![1, 2, 3]));
    }
}
