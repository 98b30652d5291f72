//! The elementary functions of exact-1: their errors, their edges, and their bits.

mod functions;
mod walk;

use functions::functions;
use std::f64::consts::TAU;
use walk::{digested_bits, walk, walk_everything};
use worldtape::exact;

/// The distance between the inputs of a sample; a prime, so that all mantissa bits vary.
const STRIDE: u64 = 4093;
const NORMAL_DIGEST: &str = "f2d7eefdc1e5a8dc373348b25adee97b3ff1d7503e69d4c95a9983996e1b394d";
const SOURCES: [&str; 5] = [
    include_str!("../../src/exact/exponential.rs"),
    include_str!("../../src/exact/logarithm.rs"),
    include_str!("../../src/exact/trigonometry.rs"),
    include_str!("../../src/exact/activation.rs"),
    include_str!("../../src/exact/normal.rs"),
];
#[test]
fn errors_and_bits_hold_on_a_strided_sample() {
    for function in functions() {
        let mut digests = Vec::new();
        for span in function.spans {
            let (found, digest) = walk(&function, span.first.into(), span.last.into(), STRIDE);
            assert!(found.largest_error <= function.bound, "{}: {found:?}", function.name);
            digests.extend_from_slice(digest.as_bytes());
        }
        let digest = blake3::hash(&digests).to_hex();
        assert_eq!(
            digest.as_str(),
            function.sample_digest,
            "the bits of {} changed",
            function.name
        );
    }
}

#[test]
fn exp_meets_its_edges() {
    let (overflow, underflow) = (f32::from_bits(0x42b1_7217), f32::from_bits(0xc2ae_ac4f));
    for x in [0.0, -0.0, f32::from_bits(1), f32::from_bits(0x8000_0001)] {
        same_bits(exact::exp(x), 1.0);
    }
    assert!(exact::exp(overflow).is_finite());
    same_bits(exact::exp(overflow.next_up()), f32::INFINITY);
    same_bits(exact::exp(f32::INFINITY), f32::INFINITY);
    assert!(exact::exp(underflow).is_normal());
    same_bits(exact::exp(underflow.next_down()), 0.0);
    same_bits(exact::exp(f32::MIN), 0.0);
    same_bits(exact::exp(f32::NEG_INFINITY), 0.0);
    same_bits(exact::exp(f32::NAN), f32::NAN);
}

#[test]
fn ln_meets_its_edges() {
    same_bits(exact::ln(1.0), 0.0);
    same_bits(exact::ln(0.0), f32::NEG_INFINITY);
    same_bits(exact::ln(-0.0), f32::NEG_INFINITY);
    same_bits(exact::ln(f32::INFINITY), f32::INFINITY);
    same_bits(exact::ln(f32::from_bits(1)), -103.278_93);
    for x in [-f32::from_bits(1), -1.0, f32::NEG_INFINITY, f32::NAN] {
        same_bits(exact::ln(x), f32::NAN);
    }
}

#[test]
fn sine_and_cosine_meet_their_edges() {
    for x in [0.0, -0.0] {
        same_bits(exact::sin_cos(x).0, 0.0);
        same_bits(exact::sin_cos(x).1, 1.0);
    }
    for x in [8192.0_f32.next_up(), -8192.0_f32.next_up(), f32::INFINITY, f32::NAN] {
        same_bits(exact::sin_cos(x).0, f32::NAN);
        same_bits(exact::sin_cos(x).1, f32::NAN);
    }
    let quarters =
        [(0.0, (0.0, 1.0)), (0.25, (1.0, -0.0)), (0.5, (-0.0, -1.0)), (0.75, (-1.0, 0.0))];
    for (turns, (sine, cosine)) in quarters {
        same_bits(exact::sin_cos_turns(turns).0, sine);
        same_bits(exact::sin_cos_turns(turns).1, cosine);
    }
}

#[test]
fn activations_meet_their_edges() {
    let largest = f32::MAX;
    for function in [exact::silu, exact::gelu_tanh] {
        same_bits(function(0.0), 0.0);
        same_bits(function(-0.0), -0.0);
        same_bits(function(largest), largest);
        same_bits(function(-largest), -0.0);
        same_bits(function(f32::INFINITY), f32::INFINITY);
        assert!(function(f32::NEG_INFINITY).is_nan() && function(f32::NAN).is_nan());
    }
    same_bits(exact::sigmoid(0.0), 0.5);
    same_bits(exact::sigmoid(f32::INFINITY), 1.0);
    same_bits(exact::sigmoid(f32::NEG_INFINITY), 0.0);
    assert!(exact::sigmoid(f32::NAN).is_nan());
    same_bits(exact::reciprocal_sqrt(0.25), 2.0);
    same_bits(exact::reciprocal_sqrt(0.0), f32::INFINITY);
    same_bits(exact::reciprocal_sqrt(f32::INFINITY), 0.0);
    assert!(exact::reciprocal_sqrt(-1.0).is_nan());
}

#[test]
fn rint_ties_go_to_the_even_integer() {
    for (x, nearest) in
        [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, 0.0), (-1.5, -2.0), (-2.5, -2.0)]
    {
        same_bits(exact::rint(x), nearest);
        assert_eq!(exact::rint_to_i32(x), nearest as i32);
    }
    same_bits(exact::rint(-0.0), 0.0);
}

#[test]
fn rising_functions_rise() {
    let rising: [fn(f32) -> f32; 3] = [exact::exp, exact::sigmoid, exact::ln];
    for function in rising {
        let positive = (0..=0x7f80_0000_u32).step_by(STRIDE as usize).map(f32::from_bits);
        let sorted: Vec<f32> = positive.map(function).collect();
        assert!(sorted.is_sorted());
    }
    for function in &rising[..2] {
        let negative = (0..=0x7f80_0000_u32).step_by(STRIDE as usize).map(|x| -f32::from_bits(x));
        let sorted: Vec<f32> = negative.map(|x| -function(x)).collect();
        assert!(sorted.is_sorted());
    }
}

/// The three vectors published with Random123, in its file kat_vectors.
#[test]
fn philox_gives_its_known_answers() {
    let pi_counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    let pi_answer = [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1];
    let zero_answer = [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8];
    let ones_answer = [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd];
    assert_eq!(exact::philox4x32_10([0; 4], [0; 2]), zero_answer);
    assert_eq!(exact::philox4x32_10([u32::MAX; 4], [u32::MAX; 2]), ones_answer);
    assert_eq!(exact::philox4x32_10(pi_counter, [0xa409_3822, 0x299f_31d0]), pi_answer);
}

#[test]
fn normal_deviates_are_box_muller_of_the_right_words() {
    let deviates = exact::normal_deviates(
        0x299f_31d0_a409_3822,
        0x85a3_08d3,
        0x0370_7344_1319_8a2e,
        0x243f_6a88,
    );
    let words: [u32; 4] = [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1];
    for pair in 0..2 {
        let uniform = (f64::from(words[2 * pair] >> 8) + 0.5) / 16_777_216.0;
        let radius = libm::sqrt(-2.0 * libm::log(uniform));
        let angle = TAU * f64::from(words[2 * pair + 1] >> 8) / 16_777_216.0;
        assert!((f64::from(deviates[2 * pair]) - radius * libm::cos(angle)).abs() < 2e-6);
        assert!((f64::from(deviates[2 * pair + 1]) - radius * libm::sin(angle)).abs() < 2e-6);
    }
}

#[test]
fn normal_deviates_have_normal_moments() {
    let groups = 1 << 18;
    let mut sums = [0.0_f64; 4];
    let mut hasher = blake3::Hasher::new();
    for index in 0..groups {
        for deviate in
            exact::normal_deviates(0x0123_4567_89ab_cdef, index & 3, 5_000_000_007, index)
        {
            assert!(deviate.abs() <= 5.8871);
            hasher.update(&deviate.to_bits().to_le_bytes());
            let value = f64::from(deviate);
            let powers =
                [value, value * value, value * value * value, value * value * value * value];
            for (sum, power) in sums.iter_mut().zip(powers) {
                *sum += power;
            }
        }
    }
    // Six standard errors of each moment's mean: sqrt of 1, 2, 15 and 96, over 2^10.
    let count = 4.0 * f64::from(groups);
    let allowed = [0.0059, 0.0083, 0.0227, 0.0575];
    for ((sum, expected), allowed) in sums.iter().zip([0.0, 1.0, 0.0, 3.0]).zip(allowed) {
        assert!((sum / count - expected).abs() < allowed, "{sums:?}");
    }
    assert_eq!(hasher.finalize().to_hex().as_str(), NORMAL_DIGEST, "the bits of the noise changed");
}

/// Every constant given as bits in the sources equals the hex float in the comment above it, and
/// the page that states the law has the same pair.
#[test]
fn constants_equal_their_hex_floats() {
    let law = include_str!("../../docs/arithmetic/elementary.md");
    let mut constants = 0;
    for source in SOURCES {
        let mut stated = "";
        for line in source.lines() {
            let mut words = line.split([' ', '`', ',', ':', ';', '(', ')']);
            if line.starts_with("///") {
                let float = words.rfind(|word| word.contains("0x") && word.contains('p'));
                stated = float.map_or(stated, |float| float.trim_end_matches('.'));
            } else if line.starts_with("const") && line.contains("from_bits(0x") {
                let bits = words.find(|word| word.starts_with("0x"));
                let bits = bits.expect("a constant has bits").replace('_', "");
                let stated_bits = hexadecimal_float(stated).to_bits();
                assert_eq!(bits, format!("{stated_bits:#010x}"), "{line}");
                assert!(law.contains(&format!("`{stated}` | `{bits}`")), "{line}");
                constants += 1;
            }
        }
    }
    assert_eq!(constants, 37);
}

/// Reads a C99 hexadecimal float such as -0x1.8p-3.
fn hexadecimal_float(text: &str) -> f32 {
    let unsigned = text.trim_start_matches('-').trim_start_matches("0x");
    let (digits, exponent) = unsigned.split_once('p').expect("an exponent");
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mantissa = u32::from_str_radix(&format!("{whole}{fraction}"), 16).expect("digits");
    let exponent: i32 = exponent.parse().expect("a number");
    let magnitude = libm::ldexp(f64::from(mantissa), exponent - 4 * fraction.len() as i32) as f32;
    if text.starts_with('-') { -magnitude } else { magnitude }
}

fn same_bits(result: f32, expected: f32) {
    assert_eq!(digested_bits(result), digested_bits(expected), "{result:e}, not {expected:e}");
}

#[test]
#[ignore = "goes over every float, for minutes"]
fn every_input_is_measured() {
    for function in functions() {
        let (found, digest) = walk_everything(&function);
        let at = f32::from_bits(found.largest_at);
        println!("{}", function.name);
        println!("  inputs {}, measured {}", found.inputs, found.measured);
        println!(
            "  largest error {:.4} ulp at {at:e} ({:#010x})",
            found.largest_error, found.largest_at
        );
        println!("  not correctly rounded {}", found.misrounded);
        println!("  digest {digest}");
        assert!(found.largest_error <= function.bound, "{}", function.name);
    }
}
