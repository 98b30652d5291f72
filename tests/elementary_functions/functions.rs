//! The functions under test: what each should be, and what has been promised of it.

use std::f64::consts::{PI, TAU};
use worldtape::exact;

/// A range of float32 bit patterns, both ends taken.
pub struct Span {
    pub first: u32,
    pub last: u32,
}

/// One function of one float, what it should be, and what has been promised of it.
pub struct Function {
    pub name: &'static str,
    pub evaluate: fn(f32) -> f32,
    /// The true value; none where the law gives a special value and no error is measured.
    pub reference: fn(f32) -> Option<f64>,
    pub spans: &'static [Span],
    /// No error may be larger, in ulp.
    pub bound: f64,
    /// blake3 of the digests of the spans, each of which is blake3 of the output bits over the
    /// strided sample, little-endian, NaN taken as 0x7fc00000.
    pub sample_digest: &'static str,
}

/// Every float32 bit pattern.
const EVERY: &[Span] = &[Span { first: 0, last: u32::MAX }];
/// The bit patterns of |x| <= 2^22.
const UP_TO_2_22: &[Span] =
    &[Span { first: 0, last: 0x4a80_0000 }, Span { first: 0x8000_0000, last: 0xca80_0000 }];
/// The bit patterns of 0 <= u < 1.
const TURNS: &[Span] = &[Span { first: 0, last: 0x3f7f_ffff }];
/// The bit patterns of 0 <= x <= the largest finite float.
const ABOVE_ZERO: &[Span] = &[Span { first: 0, last: 0x7f7f_ffff }];
/// The bit patterns of -1 <= x <= -0.
const MINUS_ONE_TO_ZERO: &[Span] = &[Span { first: 0x8000_0000, last: 0xbf80_0000 }];
/// The bit patterns of -4 <= x <= -1.
const MINUS_FOUR_TO_MINUS_ONE: &[Span] = &[Span { first: 0xbf80_0000, last: 0xc080_0000 }];

fn within(x: f32, low: f32, high: f32) -> Option<f64> {
    (x >= low && x <= high).then_some(f64::from(x))
}

fn true_silu(x: f64) -> f64 {
    x / (1.0 + libm::exp(-x))
}

fn true_gelu(x: f64) -> f64 {
    x / (1.0 + libm::exp(-2.0 * libm::sqrt(2.0 / PI) * (x + 0.044715 * x * x * x)))
}

/// The sine of u turns plus a number of quarter turns, without the rounding of 2pi*u.
fn true_sine_of_turns(u: f32, quarters: i64) -> f64 {
    let nearest = libm::rint(4.0 * f64::from(u));
    let angle = (f64::from(u) - 0.25 * nearest) * TAU;
    match (nearest as i64 + quarters) & 3 {
        0 => libm::sin(angle),
        1 => libm::cos(angle),
        2 => -libm::sin(angle),
        _ => -libm::cos(angle),
    }
}

pub fn functions() -> Vec<Function> {
    elementary().into_iter().chain(turns()).chain(composites()).collect()
}

fn elementary() -> Vec<Function> {
    vec![
        Function {
            name: "rint",
            evaluate: exact::rint,
            reference: |x| Some(libm::rint(f64::from(x))),
            spans: UP_TO_2_22,
            bound: 0.0,
            sample_digest: "3567f2d7f64d87a1005c3a52261ae6f4aa9aef1852b903f496c108d213af6a3e",
        },
        Function {
            name: "rint_to_i32",
            evaluate: |x| exact::rint_to_i32(x) as f32,
            reference: |x| Some(libm::rint(f64::from(x))),
            spans: UP_TO_2_22,
            bound: 0.0,
            sample_digest: "3567f2d7f64d87a1005c3a52261ae6f4aa9aef1852b903f496c108d213af6a3e",
        },
        Function {
            name: "exp",
            evaluate: exact::exp,
            reference: |x| within(x, -87.336_54, 88.722_83).map(libm::exp),
            spans: EVERY,
            bound: 0.8914,
            sample_digest: "198d293faed82f89cf2c8a55b26f0d8fb94f1b97828e899fc529624243b8f212",
        },
        Function {
            name: "ln",
            evaluate: exact::ln,
            reference: |x| within(x, f32::from_bits(1), f32::MAX).map(libm::log),
            spans: EVERY,
            bound: 0.8241,
            sample_digest: "31b27b7eee4a6d729f15a8c923250c0293b42df7e1d671c5e3d5a7c149dff9ab",
        },
        Function {
            name: "sin_cos, sine",
            evaluate: |x| exact::sin_cos(x).0,
            reference: |x| within(x, -8192.0, 8192.0).map(libm::sin),
            spans: EVERY,
            bound: 1.4863,
            sample_digest: "a88ccbfdcba77b20031d5b179a989ef0dfc115c590ee61a2442c44e6ff828e66",
        },
        Function {
            name: "sin_cos, cosine",
            evaluate: |x| exact::sin_cos(x).1,
            reference: |x| within(x, -8192.0, 8192.0).map(libm::cos),
            spans: EVERY,
            bound: 1.4857,
            sample_digest: "f52e02cdf363aa5f78778412d86eb14834ffb86efb93dee570d467ed5ec3716b",
        },
    ]
}

fn turns() -> Vec<Function> {
    vec![
        Function {
            name: "sin_cos_turns, sine",
            evaluate: |u| exact::sin_cos_turns(u).0,
            reference: |u| Some(true_sine_of_turns(u, 0)),
            spans: TURNS,
            bound: 2.1315,
            sample_digest: "296d2b93b2f344e72324e81c67ea33b61b12be8b1046f1a731a047cbb7f8ea86",
        },
        Function {
            name: "sin_cos_turns, cosine",
            evaluate: |u| exact::sin_cos_turns(u).1,
            reference: |u| Some(true_sine_of_turns(u, 1)),
            spans: TURNS,
            bound: 1.9403,
            sample_digest: "65376c698a1288073f2cea99fe2ec021ee0c90afd6fe4a34a73dc4e636a4844a",
        },
    ]
}

fn composites() -> Vec<Function> {
    vec![
        Function {
            name: "sigmoid",
            evaluate: exact::sigmoid,
            reference: |x| within(x, -88.722_83, f32::MAX).map(|x| 1.0 / (1.0 + libm::exp(-x))),
            spans: EVERY,
            bound: 2.4808,
            sample_digest: "352a4ee3914723770419f980e4885654481a8286de5c42e3f02cab4beab1920c",
        },
        Function {
            name: "silu",
            evaluate: exact::silu,
            reference: |x| within(x, -88.722_83, f32::MAX).map(true_silu),
            spans: EVERY,
            bound: 2.394,
            sample_digest: "ce9fde17d4313b0e37a1e051d9583dc5492e2365ddd1910b2d8a8697c2ce909d",
        },
        Function {
            name: "gelu_tanh",
            evaluate: exact::gelu_tanh,
            reference: |x| within(x, -10.0, f32::MAX).map(true_gelu),
            spans: EVERY,
            bound: 210.5742,
            sample_digest: "2a60c0ab5c5b1b9820abb944b1bb2a80d4a4b45ec83c1f920a87b885e27b6ae0",
        },
        Function {
            name: "gelu_tanh, 0 and above",
            evaluate: exact::gelu_tanh,
            reference: |x| Some(true_gelu(f64::from(x))),
            spans: ABOVE_ZERO,
            bound: 1.8806,
            sample_digest: "4bfb6755d482dc922f45197785c29fc7483276593917f1bac71ad4cadf3612ff",
        },
        Function {
            name: "gelu_tanh, -1 to 0",
            evaluate: exact::gelu_tanh,
            reference: |x| Some(true_gelu(f64::from(x))),
            spans: MINUS_ONE_TO_ZERO,
            bound: 2.6006,
            sample_digest: "618de768403de4333506bf4985d23fc82479fb5d9efa646ad1d25d79f6ab7dd7",
        },
        Function {
            name: "gelu_tanh, -4 to -1",
            evaluate: exact::gelu_tanh,
            reference: |x| Some(true_gelu(f64::from(x))),
            spans: MINUS_FOUR_TO_MINUS_ONE,
            bound: 18.1321,
            sample_digest: "6eb80c1e088c17a3576f1638ce213fc89b4012b01520030440e584d76551ff2a",
        },
        Function {
            name: "reciprocal_sqrt",
            evaluate: exact::reciprocal_sqrt,
            reference: |x| within(x, f32::from_bits(1), f32::MAX).map(|x| 1.0 / libm::sqrt(x)),
            spans: EVERY,
            bound: 1.4904,
            sample_digest: "82df4404af8872824869794035653e95d1b94b684403519a5859d2a06e026a41",
        },
    ]
}
