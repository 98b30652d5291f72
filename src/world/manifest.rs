//! The manifest: what a world says of itself, and the limits it must keep.

use super::WorldError;
use crate::event::BUTTONS_MAX;
use crate::exact::{ARITHMETIC, KEYS_MAX, PRODUCTS_MAX};
use serde::{Deserialize, Serialize};

/// Version of the world file that this build reads and writes.
pub const FORMAT: u32 = 1;

/// The one architecture of format 1: a latent diffusion transformer with a convolutional decoder.
pub const ARCHITECTURE: &str = "latent-transformer-1";

/// Most denoise passes a schedule may have.
const PASSES_MAX: usize = 16;
/// Most entries of a list in the manifest: schedules, prompts, decoder stages.
const ENTRIES_MAX: usize = 64;
/// Largest picture side, in pixels.
const SIDE_MAX: usize = 4096;
/// Largest width of a layer.
const WIDTH_MAX: usize = 16_384;
/// Most blocks.
const BLOCKS_MAX: usize = 128;
/// Most prompt frames.
const PROMPT_FRAMES_MAX: usize = 1024;
/// Longest name, in bytes: what a tape takes.
const NAME_BYTES_MAX: usize = 256;
/// Longest text field, in bytes.
const TEXT_BYTES_MAX: usize = 4096;
/// Longest name of a key, in bytes.
const KEY_BYTES_MAX: usize = 32;
/// Most elements of any one buffer of a program.
const ELEMENTS_MAX: usize = 1 << 28;

/// Everything of a world but its numbers. JSON in the file's metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Short name of the world.
    pub name: String,
    /// Which arithmetic the world was made for.
    pub arithmetic: String,
    /// [`ARCHITECTURE`].
    pub architecture: String,
    /// A sentence for people.
    pub about: String,
    /// Licence of the weights and of what they were made from.
    pub licence: String,
    /// Frames a second of the game the world was made from.
    pub frames_per_second: u32,
    /// Size of a picture.
    pub picture: PictureSize,
    /// Buttons, in the order of an action's bits.
    pub actions: Vec<ActionName>,
    /// Sizes of the net.
    pub shape: Shape,
    /// One noise schedule for each number of passes on offer.
    pub schedules: Vec<Schedule>,
    /// The number of passes to use where none is asked for.
    pub default_passes: u32,
    /// Where a session may start.
    pub prompts: Vec<PromptInfo>,
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureSize {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// One button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionName {
    /// The word used in action scripts.
    pub name: String,
    /// Keys that press it by default.
    pub keys: Vec<String>,
}

/// Sizes of the net.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Channels of a latent.
    pub latent_channels: usize,
    /// Rows of a latent.
    pub latent_height: usize,
    /// Columns of a latent.
    pub latent_width: usize,
    /// Side of the square of latent pixels that makes one token.
    pub patch: usize,
    /// Width of a token.
    pub width: usize,
    /// Transformer blocks.
    pub blocks: usize,
    /// Attention heads; they divide `width`.
    pub heads: usize,
    /// Width of the hidden layer of each block.
    pub mlp: usize,
    /// Past frames that temporal attention sees.
    pub window: usize,
    /// Time features, half cosines and half sines.
    pub time_features: usize,
    /// Decoder stages: channels of each; every stage has two residual blocks and doubles both
    /// sides.
    pub decoder: Vec<usize>,
}

/// Noise levels of one way to sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Denoise passes.
    pub passes: u32,
    /// `passes + 1` levels, falling from 1 to 0.
    pub levels: Vec<f32>,
}

/// One place to start from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptInfo {
    /// For people.
    pub name: String,
    /// Latents in the file for it.
    pub frames: usize,
}

impl Shape {
    /// Tokens of one frame.
    pub fn tokens(&self) -> usize {
        self.latent_height / self.patch * (self.latent_width / self.patch)
    }

    /// Values of one token before it enters the net.
    pub fn patch_values(&self) -> usize {
        self.latent_channels * self.patch * self.patch
    }

    /// Values of one latent.
    pub fn latent_len(&self) -> usize {
        self.latent_channels * self.latent_height * self.latent_width
    }

    /// Width of one head.
    pub fn head_width(&self) -> usize {
        self.width / self.heads
    }
}

impl Manifest {
    /// Reads and validates a manifest.
    ///
    /// # Errors
    /// [`WorldError`] naming the field and its range.
    pub fn parse(json: &str) -> Result<Manifest, WorldError> {
        let manifest: Manifest = serde_json::from_str(json)
            .map_err(|error| WorldError::Manifest { what: error.to_string() })?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The words of its buttons, in the order of an action's bits.
    pub fn action_names(&self) -> Vec<String> {
        self.actions.iter().map(|action| action.name.clone()).collect()
    }

    /// The schedule with this number of passes.
    ///
    /// # Errors
    /// [`WorldError::NoSuch`] listing what there is.
    pub fn schedule(&self, passes: u32) -> Result<&Schedule, WorldError> {
        self.schedules.iter().find(|schedule| schedule.passes == passes).ok_or_else(|| {
            let offered: Vec<String> =
                self.schedules.iter().map(|s| s.passes.to_string()).collect();
            WorldError::NoSuch {
                what: "schedule of passes",
                found: passes.to_string(),
                offered: offered.join(", "),
            }
        })
    }

    /// Checks every number before anything is made of it.
    fn validate(&self) -> Result<(), WorldError> {
        if self.arithmetic != ARITHMETIC {
            let found = self.arithmetic.clone();
            return Err(WorldError::Arithmetic { found, expected: ARITHMETIC });
        }
        range("format", self.format as usize, FORMAT as usize, FORMAT as usize)?;
        if self.architecture != ARCHITECTURE {
            return Err(bad("architecture", &self.architecture, ARCHITECTURE));
        }
        for (field, text, most) in [
            ("name", &self.name, NAME_BYTES_MAX),
            ("about", &self.about, TEXT_BYTES_MAX),
            ("licence", &self.licence, TEXT_BYTES_MAX),
        ] {
            range(&format!("length of {field}"), text.len(), 1, most)?;
        }
        range("frames_per_second", self.frames_per_second as usize, 1, 1000)?;
        self.validate_shape()?;
        self.validate_picture()?;
        self.validate_lists()
    }

    fn validate_shape(&self) -> Result<(), WorldError> {
        let shape = &self.shape;
        range("shape.latent_channels", shape.latent_channels, 1, 1024)?;
        range("shape.latent_height", shape.latent_height, 1, SIDE_MAX)?;
        range("shape.latent_width", shape.latent_width, 1, SIDE_MAX)?;
        range("shape.patch", shape.patch, 1, 16)?;
        range("shape.width", shape.width, 1, WIDTH_MAX)?;
        range("shape.blocks", shape.blocks, 1, BLOCKS_MAX)?;
        range("shape.heads", shape.heads, 1, shape.width)?;
        range("shape.mlp", shape.mlp, 1, 4 * WIDTH_MAX)?;
        range("shape.window", shape.window, 1, KEYS_MAX - 1)?;
        range("shape.time_features", shape.time_features, 2, WIDTH_MAX)?;
        multiple("shape.latent_height", shape.latent_height, shape.patch)?;
        multiple("shape.latent_width", shape.latent_width, shape.patch)?;
        multiple("shape.width", shape.width, shape.heads)?;
        multiple("shape.time_features", shape.time_features, 2)?;
        range("tokens", shape.tokens(), 1, KEYS_MAX)?;
        range("values of a token", shape.patch_values(), 1, WIDTH_MAX)?;
        let memory = shape.window * shape.tokens() * shape.width;
        range("values one block remembers", memory, 1, ELEMENTS_MAX)
    }

    fn validate_picture(&self) -> Result<(), WorldError> {
        let shape = &self.shape;
        range("shape.decoder stages", shape.decoder.len(), 1, 5)?;
        for (stage, &channels) in shape.decoder.iter().enumerate() {
            range(&format!("shape.decoder[{stage}]"), channels, 1, PRODUCTS_MAX / 9)?;
            let pixels = (shape.latent_height * shape.latent_width) << (2 * stage);
            range("values of a decoder stage", pixels * channels * 4, 1, ELEMENTS_MAX)?;
        }
        let doublings = shape.decoder.len();
        let PictureSize { width, height } = self.picture;
        let (made_width, made_height) =
            (shape.latent_width << doublings, shape.latent_height << doublings);
        range("picture.width", width, made_width, made_width.min(SIDE_MAX))?;
        range("picture.height", height, made_height, made_height.min(SIDE_MAX))
    }

    fn validate_lists(&self) -> Result<(), WorldError> {
        range("number of actions", self.actions.len(), 1, BUTTONS_MAX)?;
        for (i, action) in self.actions.iter().enumerate() {
            if self.actions[..i].iter().any(|other| other.name == action.name) {
                return Err(bad("an action's name", &action.name, "no other action's name"));
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if action.name.is_empty() || !action.name.chars().all(plain) || action.name == "wait" {
                let allowed = "a word of letters, digits, - and _, other than wait";
                return Err(bad("an action's name", &action.name, allowed));
            }
            range("length of an action's name", action.name.len(), 1, 64)?;
            range("keys of an action", action.keys.len(), 0, ENTRIES_MAX)?;
            for key in &action.keys {
                range("length of a key's name", key.len(), 1, KEY_BYTES_MAX)?;
            }
        }
        range("number of schedules", self.schedules.len(), 1, ENTRIES_MAX)?;
        for schedule in &self.schedules {
            schedule.validate()?;
        }
        self.schedule(self.default_passes)?;
        range("number of prompts", self.prompts.len(), 1, ENTRIES_MAX)?;
        for prompt in &self.prompts {
            range("length of a prompt's name", prompt.name.len(), 1, NAME_BYTES_MAX)?;
            range("frames of a prompt", prompt.frames, 0, PROMPT_FRAMES_MAX)?;
        }
        Ok(())
    }
}

impl Schedule {
    fn validate(&self) -> Result<(), WorldError> {
        let passes = self.passes as usize;
        range("passes of a schedule", passes, 1, PASSES_MAX)?;
        range("levels of a schedule", self.levels.len(), passes + 1, passes + 1)?;
        let falling = self.levels.windows(2).all(|pair| pair[0] > pair[1]);
        if !falling || self.levels[0] != 1.0 || self.levels[passes] != 0.0 {
            let found = format!("{:?}", self.levels);
            return Err(bad("levels of a schedule", &found, "falling from 1 to 0"));
        }
        Ok(())
    }
}

fn bad(field: &str, found: &str, allowed: &str) -> WorldError {
    let (field, found, allowed) = (field.to_owned(), found.to_owned(), allowed.to_owned());
    WorldError::OutOfRange { field, found, allowed }
}

fn range(field: &str, found: usize, least: usize, most: usize) -> Result<(), WorldError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(bad(field, &found.to_string(), &format!("{least} to {most}")))
}

fn multiple(field: &str, found: usize, of: usize) -> Result<(), WorldError> {
    if found.is_multiple_of(of) {
        return Ok(());
    }
    Err(bad(field, &found.to_string(), &format!("a multiple of {of}")))
}
