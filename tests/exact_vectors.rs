//! `exact` on numbers that hurt, as bits in `tests/data/exact-vectors.json`: what any other
//! implementation of exact-1 is held against, `docs/arithmetic/independent.py` first.

mod common;

use serde::{Deserialize, Serialize};
use worldtape::exact;

/// The list of vectors.
const VECTORS: &str = "tests/data/exact-vectors.json";
/// What the pseudo-random inputs are made from.
const SEED: u64 = 7;

/// One call of a function. Each float is 8 hexadecimal digits; every NaN is written as 7fc00000.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Vector {
    function: String,
    inputs: Vec<String>,
    output: String,
}

fn hexadecimal(values: &[f32]) -> String {
    let bits = |x: &f32| if x.is_nan() { 0x7fc0_0000 } else { x.to_bits() };
    values.iter().map(|x| format!("{:08x}", bits(x))).collect()
}

fn vector(function: &str, inputs: &[&[f32]], output: &[f32]) -> Vector {
    Vector {
        function: function.to_owned(),
        inputs: inputs.iter().map(|x| hexadecimal(x)).collect(),
        output: hexadecimal(output),
    }
}

/// Zeros, units, ends of the ranges, neighbours of thresholds, infinities, a NaN.
fn hurting() -> Vec<f32> {
    let bits = [
        0,
        1,
        0x007f_ffff,
        0x0080_0000,
        0x0f7f_ffff,
        0x0f80_0000,
        0x3380_0000,
        0x3f00_0000,
        0x3f7f_ffff,
        0x3f80_0000,
        0x3f80_0001,
        0x3f80_0800,
        0x4020_0000,
        0x42ae_ac4f,
        0x42ae_ac50,
        0x42b1_7217,
        0x42b1_7218,
        0x4b7f_ffff,
        0x4b80_0000,
        0x5f00_0000,
        0x7f00_0000,
        0x7f7f_ffff,
        0x7f80_0000,
        0x7fc0_0000,
    ];
    let signed = bits.iter().flat_map(|&b| [b, b | 0x8000_0000]);
    signed.map(f32::from_bits).collect()
}

/// Normal deviates times 2^`exponent`.
fn deviates(draw: u32, count: usize, exponent: i32) -> Vec<f32> {
    let scale = f32::from_bits(((127 + exponent) as u32) << 23);
    let of_four = |i: usize| exact::normal_deviates(SEED, draw, 0, (i / 4) as u32)[i % 4];
    (0..count).map(|i| of_four(i) * scale).collect()
}

/// Deviates whose exponents wander over `spread` binades, so that sums round at every step.
fn wandering(draw: u32, count: usize, spread: i32) -> Vec<f32> {
    let values = deviates(draw, count, 0).into_iter().enumerate();
    let scaled = values.map(|(i, x)| {
        let exponent = (i as i32 * 7) % (2 * spread + 1) - spread;
        x * f32::from_bits(((127 + exponent) as u32) << 23)
    });
    scaled.collect()
}

fn finite(values: Vec<f32>) -> Vec<f32> {
    values.into_iter().filter(|x| x.is_finite()).collect()
}

fn each(x: &[f32], function: impl Fn(f32) -> f32) -> Vec<f32> {
    x.iter().map(|&x| function(x)).collect()
}

fn elementary(list: &mut Vec<Vector>) {
    let x = [hurting(), wandering(1, 150, 8)].concat();
    list.push(vector("exp", &[&x], &each(&x, exact::exp)));
    list.push(vector("silu", &[&x], &each(&x, exact::silu)));
    list.push(vector("gelu", &[&x], &each(&x, exact::gelu_tanh)));
    let positive: Vec<f32> = finite(x.clone()).into_iter().filter(|x| *x > 0.0).collect();
    list.push(vector("ln", &[&positive], &each(&positive, exact::ln)));
    let x: Vec<f32> = x.into_iter().filter(|x| x.abs() <= 8192.0).collect();
    let pairs: Vec<(f32, f32)> = x.iter().map(|&x| exact::sin_cos(x)).collect();
    list.push(vector("sin_cos", &[&x], &unzipped(pairs)));
    let turns: Vec<f32> = (0..100).map(|i| i as f32 * 0.01).chain([0.125, 0.375, 0.75]).collect();
    let pairs: Vec<(f32, f32)> = turns.iter().map(|&x| exact::sin_cos_turns(x)).collect();
    list.push(vector("sin_cos_turns", &[&turns], &unzipped(pairs)));
    for (time, features) in [(0.0, 2), (0.65, 22), (0.15, 256), (1.0, 100)] {
        let mut y = vec![0.0; features];
        exact::time_embedding(time, &mut y);
        list.push(vector("time_embedding", &[&[time], &[features as f32]], &y));
    }
}

fn unzipped(pairs: Vec<(f32, f32)>) -> Vec<f32> {
    let (first, second): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
    [first, second].concat()
}

/// Each three: all hurting pairs with a third that wanders, then wandering ones, then a sum that
/// lies so close above a tie that float64 loses it.
fn fused(list: &mut Vec<Vector>) {
    let hurt = hurting();
    let count = hurt.len();
    let pairs = (0..count).flat_map(|i| (0..4).map(move |j| (i, (i * 5 + j * 11) % count)));
    let (mut a, mut b): (Vec<f32>, Vec<f32>) = pairs.map(|(i, j)| (hurt[i], hurt[j])).unzip();
    let mut c: Vec<f32> = (0..a.len()).map(|i| hurt[i * 13 % count]).collect();
    for exponent in [0, -60, 60, -75] {
        a.extend(deviates(2, 40, exponent));
        b.extend(deviates(3, 40, exponent));
        c.extend(wandering(4, 40, 20));
    }
    for c_bits in [0x1780_0000, 0x9780_0000, 0, 0x8000_0000, 1, 0x8000_0001] {
        for (a_bits, b_bits) in [(0x3f80_0800, 0x3f80_0800), (0x3f80_1800, 0xbf80_0800)] {
            a.push(f32::from_bits(a_bits));
            b.push(f32::from_bits(b_bits));
            c.push(f32::from_bits(c_bits));
        }
    }
    let three = |function: fn(f32, f32, f32) -> f32| -> Vec<f32> {
        (0..a.len()).map(|i| function(a[i], b[i], c[i])).collect()
    };
    list.push(vector("fma", &[&a, &b, &c], &three(exact::logit)));
    list.push(vector("modulate", &[&a, &b, &c], &three(exact::modulate)));
    let mixed: Vec<f32> = a.iter().zip(&b).map(|(&a, &b)| exact::mix_noise(a, b, 0.15)).collect();
    list.push(vector("mix_noise", &[&a, &b, &[0.15]], &mixed));
}

/// Rows of every kind: small enough for an epsilon to matter, squares that underflow or overflow.
fn rows() -> Vec<Vec<f32>> {
    let mut rows = vec![vec![0.0, -0.0, 0.0], vec![-0.0; 40], vec![3.0; 33], vec![-1e-30, 1e-30]];
    for (draw, count) in (10..).zip([1, 2, 7, 31, 32, 33, 42, 64, 100]) {
        rows.push(deviates(draw, count, 0));
        rows.push(deviates(draw, count, -9));
        rows.push(deviates(draw, count, -70));
        rows.push(deviates(draw, count, 70));
        rows.push(wandering(draw, count, 12));
    }
    rows
}

fn by_rows(list: &mut Vec<Vector>) {
    for (x, draw) in rows().iter().zip(100..) {
        let mut y = x.clone();
        list.push(vector("sum", &[x], &[exact::sum(x.len(), |i| x[i])]));
        exact::layer_norm(x, 1e-5, &mut y);
        list.push(vector("layer_norm", &[x], &y));
        let gain = deviates(draw, x.len(), 0);
        exact::pixel_norm(x, &gain, 1e-6, &mut y);
        list.push(vector("pixel_norm", &[x, &gain], &y));
        exact::to_length(x, 8.0, &mut y);
        list.push(vector("to_length", &[x], &y));
        list.push(vector("chain", &[x, &gain], &[exact::chain(x, &gain)]));
        list.push(quantised(x));
    }
    for most in [0x0f7f_ffff, 0x0f80_0000, 0x0f80_0001, 0x0000_0001, 0x7f7f_ffff, 0x42fe_0000] {
        let most = f32::from_bits(most);
        list.push(quantised(&[most, -most, most / 2.0, most / 254.0, 0.0, -0.0, most * 0.3]));
    }
    let ties: Vec<f32> = (-127..127).map(|i| i as f32 + 0.5).chain([127.0]).collect();
    list.push(quantised(&ties));
}

/// The values, then the scale.
fn quantised(x: &[f32]) -> Vector {
    let mut q = vec![0i8; x.len()];
    let scale = exact::quantise(x, &mut q).expect("finite");
    let values = q.iter().map(|&q| f32::from(q)).chain([scale]);
    vector("quantise", &[x], &values.collect::<Vec<f32>>())
}

fn attention(list: &mut Vec<Vector>) {
    for (draw, (width, count, exponent)) in
        (200..).zip([(1, 1, 0), (14, 6, 0), (64, 48, 2), (8, 40, 5)])
    {
        let query = deviates(draw, width, exponent);
        let keys = deviates(draw + 10, width * count, exponent);
        let values = wandering(draw + 20, width * count, 6);
        let bias = deviates(draw + 30, count, 0);
        let (mut logits, mut y) = (vec![0.0; count], vec![0.0; width]);
        exact::attend(
            &query,
            |j| &keys[j * width..(j + 1) * width],
            |j| &values[j * width..(j + 1) * width],
            |j| bias[j],
            0.125,
            &mut logits,
            &mut y,
        );
        list.push(vector("attend", &[&query, &keys, &values, &bias], &y));
    }
}

fn colours(list: &mut Vec<Vector>) {
    let steps = (0..=255).map(|i| (i as f32 + 0.5) / 127.5 - 1.0);
    let x: Vec<f32> = finite(hurting()).into_iter().chain(steps).collect();
    let y = each(&x, |x| f32::from(exact::to_u8(x)));
    list.push(vector("to_picture", &[&x], &y));
}

/// Digests over many inputs: bits from `first`, `step` apart, up to `last`, of both signs.
fn walks(list: &mut Vec<Vector>) {
    type Function = fn(f32) -> [f32; 2];
    let walks: [(&str, Function, u32, u32, u32); 9] = [
        ("exp", |x| [exact::exp(x), 0.0], 0x3c00_0000, 0x42b1_8000, 307),
        ("exp", |x| [exact::exp(x), 0.0], 0x3e80_0000, 0x3eb2_0000, 3),
        ("silu", |x| [exact::silu(x), 0.0], 0x3c00_0000, 0x42b1_8000, 307),
        ("gelu", |x| [exact::gelu_tanh(x), 0.0], 0x3c00_0000, 0x4180_0000, 307),
        ("ln", |x| [exact::ln(x), 0.0], 0x3200_0000, 0x4080_0000, 307),
        ("ln", |x| [exact::ln(x), 0.0], 0x3f28_0000, 0x3fc0_0000, 7),
        ("sin_cos", |x| exact::sin_cos(x).into(), 0x3c00_0000, 0x4600_0000, 307),
        ("sin_cos", |x| exact::sin_cos(x).into(), 0x3f20_0000, 0x3f4a_0000, 3),
        ("sin_cos_turns", |x| exact::sin_cos_turns(x).into(), 0x3380_0000, 0x3f80_0000, 307),
    ];
    for (name, function, first, last, step) in walks {
        for sign in [0, 0x8000_0000] {
            if sign != 0 && ["ln", "sin_cos_turns"].contains(&name) {
                continue;
            }
            let inputs = (first..last).step_by(step as usize);
            let made: Vec<[f32; 2]> = inputs.map(|x| function(f32::from_bits(x | sign))).collect();
            let outputs = if name.starts_with("sin_cos") { 2 } else { 1 };
            let values = (0..outputs).flat_map(|i| made.iter().map(move |y| y[i]));
            let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
            let count = made.len() as u32;
            list.push(Vector {
                function: format!("walk {name}"),
                inputs: [first | sign, count, step].map(|x| format!("{x:08x}")).to_vec(),
                output: blake3::hash(&bytes).to_string(),
            });
        }
    }
}

fn vectors() -> Vec<Vector> {
    let mut list = Vec::new();
    walks(&mut list);
    elementary(&mut list);
    fused(&mut list);
    by_rows(&mut list);
    attention(&mut list);
    colours(&mut list);
    list
}

#[test]
fn exact_meets_every_vector() {
    let json = std::fs::read_to_string(common::path(VECTORS)).expect("the list is there");
    let kept: Vec<Vector> = serde_json::from_str(&json).expect("a list of vectors");
    let made = vectors();
    assert_eq!(made.len(), kept.len());
    for (made, kept) in made.iter().zip(&kept) {
        assert_eq!(made, kept);
    }
}

/// Writes the list; for new vectors, never because a bit has changed.
#[test]
#[ignore = "writes tests/data/exact-vectors.json"]
fn write_the_vectors() {
    let lines: Vec<String> =
        vectors().iter().map(|vector| serde_json::to_string(vector).expect("plain data")).collect();
    let json = format!("[\n{}\n]\n", lines.join(",\n"));
    std::fs::write(common::path(VECTORS), json).expect("written");
}
