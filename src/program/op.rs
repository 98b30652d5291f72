//! The list of ops. Each names its definition in `exact` and the length of what it reads and writes.

use super::buffer::Dtype;

/// Most dimensions of a [`Op::Permute`].
pub const RANK: usize = 6;

/// One op. Fields are sizes and constants; the arrays are the node's operands, in the order that
/// [`Op::signature`] lists. Rows are contiguous; pictures are rows of pixels of channels.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant's line names its sizes and constants")]
pub enum Op {
    /// `-> x[count]`: normal deviates of (seed, draw, frame), `exact::normal_deviates`.
    Noise { draw: u32, count: usize },
    /// `-> x[count]`: 1.0 for each held button, 0.0 for the others.
    Buttons { count: usize },
    /// `-> x[features]`: `exact::time_embedding` of a constant.
    TimeEmbedding { time: f32, features: usize },
    /// `a, b -> a + b`.
    Add { count: usize },
    /// `x -> exact::silu(x)`.
    Silu { count: usize },
    /// `x -> exact::gelu_tanh(x)`.
    Gelu { count: usize },
    /// `x[shape] -> y`, whose axis `i` is axis `axes[i]` of `x`. Unused axes have size 1.
    Permute { shape: [usize; RANK], axes: [usize; RANK] },
    /// `x -> q, scale[rows]`: `exact::quantise` of each row.
    Quantise { rows: usize, columns: usize },
    /// `q[rows*inputs], scale[rows], w[outputs*inputs], w_scale, bias -> y[rows*outputs]`.
    Linear { rows: usize, inputs: usize, outputs: usize },
    /// `q[height*width*inputs], scale[1], w[outputs*kernel*kernel*inputs], w_scale, bias -> y`;
    /// stride 1, zero padding `kernel / 2`, kernel odd.
    Convolution { height: usize, width: usize, inputs: usize, outputs: usize, kernel: usize },
    /// `x -> exact::layer_norm` of each row.
    LayerNorm { rows: usize, columns: usize, epsilon: f32 },
    /// `x, shift[columns], scale[columns] -> exact::modulate`.
    Modulate { rows: usize, columns: usize },
    /// `h, y, gate[columns] -> fma(gate, y, h)`.
    GatedAdd { rows: usize, columns: usize },
    /// `x, gain[columns] -> exact::pixel_norm` of each row.
    PixelNorm { rows: usize, columns: usize, epsilon: f32 },
    /// `qkv[rows*3*width] -> q, k, v` with each head of q and k brought to `length` by
    /// `exact::to_length`; `width = heads * head_width`.
    SplitHeads { rows: usize, heads: usize, head_width: usize, length: f32 },
    /// `q, k, v -> y`: `exact::attend` of each token's heads over all tokens, bias 0.
    Attention { tokens: usize, heads: usize, head_width: usize, scale: f32 },
    /// `q, k, v, past_k, past_v, bias[heads*(window+1)] -> y`: `exact::attend` of each token's heads
    /// over the same token of remembered frames, oldest first, this frame last; bias by age.
    TemporalAttention { tokens: usize, heads: usize, head_width: usize, window: usize, scale: f32 },
    /// `x[count] -> past[window*count]`: this frame's slot of a ring that [`Op::TemporalAttention`]
    /// reads.
    Remember { count: usize, window: usize },
    /// `x, v -> exact::euler`.
    Euler { count: usize, step: f32 },
    /// `clean, noise -> exact::mix_noise`.
    MixNoise { count: usize, time: f32 },
    /// `x, scale[columns], shift[columns] -> fma(x, scale, shift)`.
    ScaleShift { rows: usize, columns: usize },
    /// `x -> exact::to_u8(x)`.
    ToPicture { count: usize },
    /// `x -> exact::bit_sum(first_index, x)`.
    BitSum { count: usize, first_index: u32 },
    /// `x[count] -> wrapping sum`.
    TotalSum { count: usize },
}

/// Type and length of each operand of an op, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What it reads.
    pub reads: Vec<(Dtype, usize)>,
    /// What it writes.
    pub writes: Vec<(Dtype, usize)>,
}

impl Op {
    /// Type and length of each operand, in the order the variants document.
    pub fn signature(&self) -> Signature {
        use Dtype::{F32, I8, U8, U64};
        let (reads, writes): (Vec<(Dtype, usize)>, Vec<(Dtype, usize)>) = match *self {
            Op::Noise { count, .. } | Op::Buttons { count } => (vec![], vec![(F32, count)]),
            Op::TimeEmbedding { features, .. } => (vec![], vec![(F32, features)]),
            Op::Add { count } | Op::Euler { count, .. } | Op::MixNoise { count, .. } => {
                (vec![(F32, count); 2], vec![(F32, count)])
            }
            Op::Silu { count } | Op::Gelu { count } => (vec![(F32, count)], vec![(F32, count)]),
            Op::Permute { shape, .. } => {
                let count = shape.iter().product();
                (vec![(F32, count)], vec![(F32, count)])
            }
            Op::Quantise { rows, columns } => {
                (vec![(F32, rows * columns)], vec![(I8, rows * columns), (F32, rows)])
            }
            Op::Linear { rows, inputs, outputs } => {
                let weights = [(I8, outputs * inputs), (F32, outputs), (F32, outputs)];
                let reads = [&[(I8, rows * inputs), (F32, rows)], &weights[..]].concat();
                (reads, vec![(F32, rows * outputs)])
            }
            Op::Convolution { height, width, inputs, outputs, kernel } => {
                let weights =
                    [(I8, outputs * kernel * kernel * inputs), (F32, outputs), (F32, outputs)];
                let reads = [&[(I8, height * width * inputs), (F32, 1)], &weights[..]].concat();
                (reads, vec![(F32, height * width * outputs)])
            }
            Op::LayerNorm { rows, columns, .. } => {
                (vec![(F32, rows * columns)], vec![(F32, rows * columns)])
            }
            Op::Modulate { rows, columns } | Op::ScaleShift { rows, columns } => (
                vec![(F32, rows * columns), (F32, columns), (F32, columns)],
                vec![(F32, rows * columns)],
            ),
            Op::GatedAdd { rows, columns } => (
                vec![(F32, rows * columns), (F32, rows * columns), (F32, columns)],
                vec![(F32, rows * columns)],
            ),
            Op::PixelNorm { rows, columns, .. } => {
                (vec![(F32, rows * columns), (F32, columns)], vec![(F32, rows * columns)])
            }
            Op::SplitHeads { rows, heads, head_width, .. } => {
                let count = rows * heads * head_width;
                (vec![(F32, 3 * count)], vec![(F32, count); 3])
            }
            Op::Attention { tokens, heads, head_width, .. } => {
                let count = tokens * heads * head_width;
                (vec![(F32, count); 3], vec![(F32, count)])
            }
            Op::TemporalAttention { tokens, heads, head_width, window, .. } => {
                let count = tokens * heads * head_width;
                let past = [(F32, window * count), (F32, window * count)];
                let reads = [&[(F32, count); 3], &past[..], &[(F32, heads * (window + 1))]];
                (reads.concat(), vec![(F32, count)])
            }
            Op::Remember { count, window } => (vec![(F32, count)], vec![(F32, window * count)]),
            Op::ToPicture { count } => (vec![(F32, count)], vec![(U8, count)]),
            Op::BitSum { count, .. } => (vec![(F32, count)], vec![(U64, 1)]),
            Op::TotalSum { count } => (vec![(U64, count)], vec![(U64, 1)]),
        };
        Signature { reads, writes }
    }

    /// The op's kind, as listings and digests of ops name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Op::Noise { .. } => "noise",
            Op::Buttons { .. } => "buttons",
            Op::TimeEmbedding { .. } => "time_embedding",
            Op::Add { .. } => "add",
            Op::Silu { .. } => "silu",
            Op::Gelu { .. } => "gelu",
            Op::Permute { .. } => "permute",
            Op::Quantise { .. } => "quantise",
            Op::Linear { .. } => "linear",
            Op::Convolution { .. } => "convolution",
            Op::LayerNorm { .. } => "layer_norm",
            Op::Modulate { .. } => "modulate",
            Op::GatedAdd { .. } => "gated_add",
            Op::PixelNorm { .. } => "pixel_norm",
            Op::SplitHeads { .. } => "split_heads",
            Op::Attention { .. } => "attention",
            Op::TemporalAttention { .. } => "temporal_attention",
            Op::Remember { .. } => "remember",
            Op::Euler { .. } => "euler",
            Op::MixNoise { .. } => "mix_noise",
            Op::ScaleShift { .. } => "scale_shift",
            Op::ToPicture { .. } => "to_picture",
            Op::BitSum { .. } => "bit_sum",
            Op::TotalSum { .. } => "total_sum",
        }
    }
}
