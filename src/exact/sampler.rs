//! Steps of the sampler: the time embedding, noise mixed in, one Euler step.

/// `ln(10000)` rounded to float32, the period of the slowest time feature.
const LN_10000: f32 = 9.210_340_5;

/// Time is multiplied by this before it meets the frequencies.
const TIME_SCALE: f32 = 1000.0;

/// Time `time` in 0..=1 as `half` cosines, then `half` sines. For `i` in `0..half`:
/// 1. `c = -(LN_10000 / half)`  2. `f = exp(c * i)`  3. `a = (1000 * time) * f`  4. `cos(a)`,
///    `sin(a)`.
pub fn time_embedding(time: f32, features: &mut [f32]) {
    let half = features.len() / 2;
    assert_eq!(features.len(), 2 * half, "time features come in pairs");
    let slope = -(LN_10000 / half as f32);
    let phase = TIME_SCALE * time;
    for i in 0..half {
        let (sine, cosine) = super::sin_cos(phase * super::exp(slope * i as f32));
        features[i] = cosine;
        features[half + i] = sine;
    }
}

/// A clean value at noise level `time`: `fma(time, noise, (1 - time) * clean)`.
#[inline(always)]
pub fn mix_noise(clean: f32, noise: f32, time: f32) -> f32 {
    time.mul_add(noise, (1.0 - time) * clean)
}

/// One Euler step of width `step` (`t[k+1] - t[k]`, one float32 subtraction): `fma(step, velocity,
/// x)`.
#[inline(always)]
pub fn euler(x: f32, velocity: f32, step: f32) -> f32 {
    step.mul_add(velocity, x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zero_is_all_cosines_one_and_sines_zero() {
        let mut features = [9.0f32; 8];
        time_embedding(0.0, &mut features);
        assert_eq!(features, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_ends_of_the_noise_scale_are_the_clean_value_and_the_noise() {
        assert_eq!(mix_noise(3.0, 5.0, 0.0), 3.0);
        assert_eq!(mix_noise(3.0, 5.0, 1.0), 5.0);
        assert_eq!(euler(1.0, 4.0, -0.25), 0.0);
    }
}
