//! The gates: names, units, limits, and what was measured.

use serde::Serialize;

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The world file.
    File,
    /// The decoder alone.
    Reconstruction,
    /// One frame ahead.
    NextFrame,
    /// Eight and sixteen frames ahead.
    FreeRunning,
    /// Detail of long play.
    Sharpness,
    /// Long play of every kind from every prompt.
    Stability,
    /// Does a button do what it says?
    Obedience,
    /// Once round on the spot.
    Circle,
}

/// A gate: its value must lie within the limits that it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Unique.
    pub name: &'static str,
    /// Of the value and the limits.
    pub unit: &'static str,
    /// Smallest value that passes.
    pub low: Option<f64>,
    /// Largest value that passes.
    pub high: Option<f64>,
}

/// What a gate came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// Its name.
    pub name: &'static str,
    /// Unit of value, limits and `real`.
    pub unit: &'static str,
    /// What was measured; none where nothing was.
    pub value: Option<f64>,
    /// Smallest value that passes.
    pub limit_low: Option<f64>,
    /// Largest value that passes.
    pub limit_high: Option<f64>,
    /// Within the limits? None where nothing was measured or there is no limit.
    pub passed: Option<bool>,
    /// Measurements behind the value.
    pub count: u64,
    /// What the same measure gives of the real game.
    pub real: Option<f64>,
    /// Measurements behind `real`.
    pub real_count: Option<u64>,
    /// Why nothing was measured, or what else there is to know.
    pub why: Option<String>,
}

const fn spec(name: &'static str, unit: &'static str, low: Option<f64>, high: Option<f64>) -> Spec {
    Spec { name, unit, low, high }
}

// The limits are the aims of the project for the world that it ships.
const FILE: [Spec; 1] = [spec("file_bytes", "bytes", None, Some(25e6))];
const RECONSTRUCTION: [Spec; 1] = [spec("reconstruction", "dB", Some(34.0), None)];
const NEXT_FRAME: [Spec; 1] = [spec("next_frame", "dB", Some(29.0), None)];
const FREE_RUNNING: [Spec; 2] = [
    spec("free_running_8", "dB", Some(21.5), None),
    spec("free_running_16", "dB", Some(19.0), None),
];
const SHARPNESS: [Spec; 1] = [spec("sharpness", "ratio", Some(0.85), Some(1.15))];
const STABILITY: [Spec; 5] = [
    spec("stability_latent_spread_least", "ratio", Some(0.6), None),
    spec("stability_latent_spread_most", "ratio", None, Some(1.4)),
    spec("stability_gradient_energy_most", "ratio", None, Some(3.0)),
    // Its limit comes from the data: the real game's share, and a hundredth more.
    spec("stability_flat_frames", "share", None, None),
    spec("stability_plays_stopped", "plays", None, Some(0.0)),
];
const OBEDIENCE: [Spec; 5] = [
    spec("obeys_left", "share", Some(0.97), None),
    spec("obeys_right", "share", Some(0.97), None),
    spec("obeys_forward", "share", Some(0.9), None),
    spec("obeys_backward", "share", Some(0.9), None),
    spec("obeys_attack", "share", Some(0.95), None),
];
const CIRCLE: [Spec; 2] =
    [spec("circle_psnr", "dB", None, None), spec("circle_correlation", "ratio", None, None)];

/// Gates that are measured elsewhere, and where.
pub const ELSEWHERE: [(Spec, &str); 2] = [
    (
        spec("int8_against_float", "dB", None, Some(0.2)),
        "needs the float world: training/evaluate compares its next_frame with this one",
    ),
    (spec("frames_per_second", "frames/s", Some(35.0), None), "worldtape bench measures it"),
];

impl Group {
    /// All, in the order in which they are measured.
    pub const ALL: [Group; 8] = [
        Group::File,
        Group::Reconstruction,
        Group::NextFrame,
        Group::FreeRunning,
        Group::Sharpness,
        Group::Stability,
        Group::Obedience,
        Group::Circle,
    ];

    /// Its gates.
    pub fn specs(self) -> &'static [Spec] {
        match self {
            Group::File => &FILE,
            Group::Reconstruction => &RECONSTRUCTION,
            Group::NextFrame => &NEXT_FRAME,
            Group::FreeRunning => &FREE_RUNNING,
            Group::Sharpness => &SHARPNESS,
            Group::Stability => &STABILITY,
            Group::Obedience => &OBEDIENCE,
            Group::Circle => &CIRCLE,
        }
    }

    /// Its gates, none of them measured.
    pub fn unmeasured(self, why: &str) -> Vec<Gate> {
        self.specs().iter().map(|spec| spec.unmeasured(why)).collect()
    }

    /// Its gates, all of them failed because the world stopped.
    pub fn failed(self, why: &str) -> Vec<Gate> {
        let failed = |spec: &Spec| Gate { passed: Some(false), ..spec.unmeasured(why) };
        self.specs().iter().map(failed).collect()
    }
}

impl Spec {
    /// The gate, not measured.
    pub fn unmeasured(&self, why: &str) -> Gate {
        Gate {
            name: self.name,
            unit: self.unit,
            value: None,
            limit_low: self.low,
            limit_high: self.high,
            passed: None,
            count: 0,
            real: None,
            real_count: None,
            why: Some(why.to_owned()),
        }
    }

    /// The gate with its value, which came from `count` measurements, at least one.
    pub fn measured(&self, value: f64, count: u64) -> Gate {
        let has_limit = self.low.is_some() || self.high.is_some();
        let low = self.low.is_none_or(|low| value >= low);
        let high = self.high.is_none_or(|high| value <= high);
        let passed = has_limit.then_some(low && high);
        Gate { value: Some(value), passed, count, why: None, ..self.unmeasured("") }
    }
}

impl Gate {
    /// The gate with what the real game gives.
    #[must_use]
    pub fn beside(self, real: f64, count: u64) -> Gate {
        Gate { real: Some(real), real_count: Some(count), ..self }
    }

    /// The gate with a remark.
    #[must_use]
    pub fn noting(self, note: String) -> Gate {
        Gate { why: Some(note), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_passes_within_its_limits_and_no_limit_passes_nothing() {
        let both = spec("both", "ratio", Some(0.85), Some(1.15));
        let passed = |spec: Spec, value| spec.measured(value, 1).passed;
        assert_eq!(passed(both, 0.849), Some(false));
        assert_eq!(passed(both, 0.85), Some(true));
        assert_eq!(passed(both, 1.16), Some(false));
        assert_eq!(passed(both, f64::NAN), Some(false));
        assert_eq!(passed(spec("none", "ratio", None, None), 1.0), None);
        assert_eq!(both.unmeasured("why").passed, None);
    }

    #[test]
    fn names_are_unique() {
        let specs = Group::ALL.into_iter().flat_map(Group::specs);
        let names: Vec<&str> = specs.map(|spec| spec.name).collect();
        let distinct: std::collections::BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), distinct.len());
    }
}
