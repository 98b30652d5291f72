//! What differs between the settings of two tapes: whether they are plays of one game at all.

use super::Fact;
use crate::session::Config;

/// The settings that differ, in the order of CONFIG. Two tapes without one play the same game:
/// equal actions must bring equal frames.
pub fn setting_differences(theirs: &Config, ours: &Config) -> Vec<Fact> {
    let rows = settings(theirs).into_iter().zip(settings(ours));
    let facts =
        rows.map(|((name, theirs), (_, ours))| Fact { name: name.to_owned(), theirs, ours });
    facts.filter(|fact| fact.theirs != fact.ours).collect()
}

/// Every setting, as people read it.
fn settings(config: &Config) -> Vec<(&'static str, String)> {
    // Field by field, so that the compiler names one that is new.
    let Config {
        world_digest,
        world_name,
        arithmetic,
        seed,
        prompt,
        passes,
        noise_levels,
        picture_width,
        picture_height,
        frames_per_second_milli,
        action_names,
    } = config;
    let levels: Vec<f32> = noise_levels.iter().map(|bits| f32::from_bits(*bits)).collect();
    vec![
        ("world", world_name.clone()),
        ("world digest", world_digest.to_string()),
        ("arithmetic", arithmetic.clone()),
        ("seed", seed.to_string()),
        ("prompt", prompt.to_string()),
        ("passes", passes.to_string()),
        ("noise levels", format!("{levels:?}")),
        ("picture", format!("{picture_width}x{picture_height}")),
        ("frames per second", (f64::from(*frames_per_second_milli) / 1000.0).to_string()),
        ("buttons", action_names.join(", ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Digest;

    #[test]
    fn each_setting_that_differs_is_named_and_no_other() {
        let theirs = Config {
            world_digest: Digest([3; 32]),
            world_name: "tiny".to_owned(),
            arithmetic: "exact-1".to_owned(),
            seed: 7,
            prompt: 0,
            passes: 1,
            noise_levels: vec![1.0_f32.to_bits(), 0],
            picture_width: 32,
            picture_height: 16,
            frames_per_second_milli: 35_000,
            action_names: vec!["forward".to_owned()],
        };
        assert_eq!(setting_differences(&theirs, &theirs), []);
        let ours = Config { seed: 8, noise_levels: vec![0.5_f32.to_bits(), 0], ..theirs.clone() };
        let told = setting_differences(&theirs, &ours);
        let told: Vec<_> =
            told.iter().map(|fact| (&*fact.name, &*fact.theirs, &*fact.ours)).collect();
        assert_eq!(told, [("seed", "7", "8"), ("noise levels", "[1.0, 0.0]", "[0.5, 0.0]")]);
    }
}
