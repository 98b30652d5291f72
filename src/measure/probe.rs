//! What the processor can do at best: integer products out of registers, bytes out of memory.

use super::stopwatch::Stopwatch;
use rayon::prelude::*;
use std::hint::black_box;

/// How long one probe runs, in nanoseconds.
const PROBE_NS: u64 = 200_000_000;

/// Rounds of one burst of products between two looks at the clock.
#[cfg(target_arch = "x86_64")]
const ROUNDS: u64 = 100_000;

/// Independent sums: enough to hide the latency of an instruction that can begin twice a cycle.
#[cfg(target_arch = "x86_64")]
const SUMS: usize = 12;

/// Bytes that the memory probe reads again and again: more than the caches of a small machine hold.
const MEMORY_BYTES: usize = 64 << 20;

/// int8 operations per second (two for each multiply-add) of all threads of this rayon pool
/// together, where `isa` has an instruction for four products and their sum; `None` elsewhere.
pub fn int8_peak_operations_per_second(isa: &str) -> Option<f64> {
    #[cfg(target_arch = "x86_64")]
    {
        let (burst, lanes) = burst_of(isa)?;
        let operations_of_burst = (ROUNDS * SUMS as u64 * lanes * 4 * 2) as f64;
        let rates = rayon::broadcast(|_| bursts_per_second(burst) * operations_of_burst);
        Some(rates.into_iter().sum())
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = isa;
        None
    }
}

/// Bytes per second that all threads of this rayon pool together read from memory, in order.
pub fn read_bytes_per_second() -> f64 {
    let words = vec![1u64; MEMORY_BYTES / 8];
    let share = words.len().div_ceil(rayon::current_num_threads());
    let ns = fastest_ns(|| {
        let words = black_box(&words);
        let sums = words.par_chunks(share).map(|words| words.iter().fold(0, |sum, &x| sum ^ x));
        black_box(sums.reduce(|| 0, |a, b| a ^ b));
    });
    MEMORY_BYTES as f64 / ns * 1e9
}

/// The shortest time that `work` takes, of as many as fit into the time of a probe.
fn fastest_ns(mut work: impl FnMut()) -> f64 {
    let watch = Stopwatch::start();
    let (mut last_ns, mut fastest_ns) = (watch.now_ns(), u64::MAX);
    while last_ns < PROBE_NS || fastest_ns == u64::MAX {
        work();
        let now_ns = watch.now_ns();
        fastest_ns = fastest_ns.min(now_ns - last_ns);
        last_ns = now_ns;
    }
    fastest_ns.max(1) as f64
}

#[cfg(target_arch = "x86_64")]
type Burst = fn() -> i32;

/// The burst of an instruction set that this processor has, and the 32-bit lanes of its registers.
#[cfg(target_arch = "x86_64")]
fn burst_of(isa: &str) -> Option<(Burst, u64)> {
    // SAFETY: each of the three is handed out only where the processor has its features.
    let avx512: Burst = || unsafe { burst_avx512() };
    let avxvnni: Burst = || unsafe { burst_avxvnni() };
    let avx2: Burst = || unsafe { burst_avx2() };
    match isa {
        "avx512" if is_x86_feature_detected!("avx512vnni") => Some((avx512, 16)),
        "avxvnni" if is_x86_feature_detected!("avxvnni") => Some((avxvnni, 8)),
        "avx2" if is_x86_feature_detected!("avx2") => Some((avx2, 8)),
        _ => None,
    }
}

/// The rate of the fastest burst: a peak is what nothing else interrupts.
#[cfg(target_arch = "x86_64")]
fn bursts_per_second(burst: Burst) -> f64 {
    1e9 / fastest_ns(|| {
        black_box(burst());
    })
}

// SAFETY: callable where the processor has the features; it touches registers alone.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn burst_avx512() -> i32 {
    use std::arch::x86_64::{_mm512_dpbusd_epi32, _mm512_reduce_add_epi32, _mm512_set1_epi32};
    let (a, b) = (_mm512_set1_epi32(black_box(0x0102_0304)), _mm512_set1_epi32(black_box(0x0101)));
    // Sums that begin differently, or the compiler would make them one.
    let mut sums = [_mm512_set1_epi32(0); SUMS];
    for (start, sum) in sums.iter_mut().enumerate() {
        *sum = _mm512_set1_epi32(black_box(start as i32));
    }
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = _mm512_dpbusd_epi32(*sum, a, b);
        }
    }
    sums.into_iter().fold(0, |total, sum| total ^ _mm512_reduce_add_epi32(sum))
}

// SAFETY: callable where the processor has the features; it touches registers alone.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn burst_avxvnni() -> i32 {
    use std::arch::x86_64::{
        _mm256_dpbusd_avx_epi32, _mm256_extract_epi32, _mm256_set1_epi32, _mm256_xor_si256,
    };
    let (a, b) = (_mm256_set1_epi32(black_box(0x0102_0304)), _mm256_set1_epi32(black_box(0x0101)));
    let mut sums = [_mm256_set1_epi32(0); SUMS];
    for (start, sum) in sums.iter_mut().enumerate() {
        *sum = _mm256_set1_epi32(black_box(start as i32));
    }
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = _mm256_dpbusd_avx_epi32(*sum, a, b);
        }
    }
    let total = sums.into_iter().fold(_mm256_set1_epi32(0), |a, b| _mm256_xor_si256(a, b));
    _mm256_extract_epi32::<0>(total)
}

// SAFETY: callable where the processor has the feature; it touches registers alone.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn burst_avx2() -> i32 {
    use std::arch::x86_64::{
        _mm256_add_epi32, _mm256_extract_epi32, _mm256_madd_epi16, _mm256_maddubs_epi16,
        _mm256_set1_epi16, _mm256_set1_epi32, _mm256_xor_si256,
    };
    let b = _mm256_set1_epi32(black_box(0x0101));
    let ones = _mm256_set1_epi16(black_box(1));
    let mut sums = [_mm256_set1_epi32(0); SUMS];
    for (start, sum) in sums.iter_mut().enumerate() {
        *sum = _mm256_set1_epi32(black_box(start as i32));
    }
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            // The sum is an input of its own product: nothing can be taken out of the loop.
            let pairs = _mm256_maddubs_epi16(*sum, b);
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
        }
    }
    let total = sums.into_iter().fold(_mm256_set1_epi32(0), |a, b| _mm256_xor_si256(a, b));
    _mm256_extract_epi32::<0>(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_set_of_no_name_has_no_peak() {
        assert_eq!(int8_peak_operations_per_second("scalar"), None);
    }

    #[test]
    fn a_peak_is_above_a_billion_operations_where_there_is_one() {
        for isa in ["avx512", "avxvnni", "avx2"] {
            if let Some(peak) = int8_peak_operations_per_second(isa) {
                assert!(peak > 1e9, "{isa}: {peak}");
            }
        }
        assert!(read_bytes_per_second() > 1e8);
    }
}
