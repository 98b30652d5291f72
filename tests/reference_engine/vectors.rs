//! Vectors that PyTorch made from the float weights, and how near an engine comes to them.

use crate::worlds::{read, start};
use safetensors::SafeTensors;
use std::fmt;
use worldtape::engine::{Engine, Observer};
use worldtape::event::Action;
use worldtape::program::Node;
use worldtape::world::World;

/// Prompt 0, three passes: what goes in and what comes out.
pub struct Vectors {
    prompt_noise: Vec<f32>,
    noise: Vec<Vec<f32>>,
    actions: Vec<Action>,
    /// One a frame and pass.
    velocities: Vec<Vec<f32>>,
    frames: Vec<Vec<u8>>,
}

impl Vectors {
    /// Reads the file.
    pub fn load() -> Vectors {
        let bytes = read("tests/data/doom-reference.safetensors");
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let data = |name: &str| file.tensor(name).expect("it is there").data().to_vec();
        let floats = |name: &str| -> Vec<f32> {
            let data = data(name);
            let fours = data.as_chunks::<4>().0.iter();
            fours.map(|four| f32::from_le_bytes(*four)).collect()
        };
        let latent = floats("noise").len() / 4;
        let rows = |name: &str| floats(name).chunks(latent).map(<[f32]>::to_vec).collect();
        let held = |row: &[f32]| {
            let held = (0..row.len()).filter(|&button| row[button] == 1.0);
            held.fold(Action::NONE, Action::with)
        };
        Vectors {
            prompt_noise: floats("prompt.noise"),
            noise: rows("noise"),
            actions: floats("actions").chunks(5).map(held).collect(),
            velocities: rows("velocity"),
            frames: data("frames").chunks(96 * 128 * 3).map(<[u8]>::to_vec).collect(),
        }
    }
}

/// How near an engine came.
pub struct Agreement {
    /// Of each pass of each frame: length of the difference by length of the vector.
    velocity_errors: Vec<f64>,
    picture_psnr_db: Vec<f64>,
}

impl Agreement {
    /// The worst pass.
    pub fn velocity_error_max(&self) -> f64 {
        self.velocity_errors.iter().copied().fold(0.0, f64::max)
    }

    /// The worst picture.
    pub fn picture_psnr_db_min(&self) -> f64 {
        let all = self.picture_psnr_db.iter().copied();
        all.fold(f64::INFINITY, f64::min)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passes = self.velocity_errors.len() / self.picture_psnr_db.len();
        let frames = self.velocity_errors.chunks(passes).zip(&self.picture_psnr_db);
        for (frame, (errors, psnr_db)) in frames.enumerate() {
            write!(out, "frame {frame}: velocity error")?;
            errors.iter().try_for_each(|error| write!(out, " {error:.3e}"))?;
            writeln!(out, ", picture {psnr_db:.2} dB")?;
        }
        Ok(())
    }
}

/// Keeps the velocity of every pass.
#[derive(Default)]
struct Velocities(Vec<Vec<f32>>);

impl Observer for Velocities {
    fn after(&mut self, _index: usize, node: &Node, writes: &mut [&mut [u8]]) {
        if node.name.ends_with(".velocity") {
            let fours = writes[0].as_chunks::<4>().0.iter();
            self.0.push(fours.map(|four| f32::from_le_bytes(*four)).collect());
        }
    }
}

/// Plays the vectors' frames.
pub fn compare<E: Engine>(
    engine: &mut E,
    give_noise: impl Fn(&mut E, &[f32]),
    world: &World,
    vectors: &Vectors,
) -> Agreement {
    let mut start = start(world, 0, 0);
    start.noise = Some(vectors.prompt_noise.clone());
    engine.reset(&start).expect("finite");
    let (mut seen, mut picture_psnr_db) = (Velocities::default(), Vec::new());
    for (frame, noise) in vectors.noise.iter().enumerate() {
        give_noise(engine, noise);
        let made = engine.step_observed(frame as u64, vectors.actions[frame], &mut seen);
        let picture = made.expect("finite").picture;
        picture_psnr_db.push(psnr_db(picture, &vectors.frames[frame]));
    }
    assert_eq!(seen.0.len(), vectors.velocities.len());
    let pairs = seen.0.iter().zip(&vectors.velocities);
    Agreement {
        velocity_errors: pairs.map(|(found, right)| relative_error(found, right)).collect(),
        picture_psnr_db,
    }
}

fn relative_error(found: &[f32], right: &[f32]) -> f64 {
    assert_eq!(found.len(), right.len());
    let pairs = found.iter().zip(right);
    let square = |x: f64| x * x;
    let wrong: f64 = pairs.map(|(&a, &b)| square(f64::from(a) - f64::from(b))).sum();
    let whole: f64 = right.iter().map(|&b| square(f64::from(b))).sum();
    (wrong / whole).sqrt()
}

/// Peak signal to noise ratio of two pictures, in dB.
pub fn psnr_db(found: &[u8], right: &[u8]) -> f64 {
    assert_eq!(found.len(), right.len());
    let differences = found.iter().zip(right).map(|(&a, &b)| a.abs_diff(b));
    let squares: f64 = differences.map(|d| f64::from(d) * f64::from(d)).sum();
    let mean = squares / found.len() as f64;
    10.0 * libm::log10(255.0 * 255.0 / mean)
}
