//! Held-out data, format 1: what the real game showed, for play that training never saw.

use super::HeldOutError as Error;
use crate::event::Action;
use crate::world::{HEADER_BYTES_MAX, Manifest};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::ops::Range;

/// Largest held-out file that is read, in bytes.
pub const DATA_BYTES_MAX: u64 = 2 << 30;

/// The metadata key of the description.
pub const METADATA_KEY: &str = "worldtape";

/// What `format` of the description must be.
pub const FORMAT: &str = "held-out-1";

/// Most episodes, or circles.
const EPISODES_MAX: usize = 1024;
/// Most frames of one.
const FRAMES_MAX: usize = 4096;
/// Most buttons: an action is one byte.
const BUTTONS_MAX: usize = 8;
/// What is wrong with an action of other bits.
const NO_BUTTON: &str = "has a bit that is none of the world's buttons";
/// Colours of a pixel.
const COLOURS: usize = 3;

/// Held-out data, checked whole against a world. It borrows the bytes of its file.
#[derive(Clone, Copy, Debug)]
pub struct HeldOut<'a> {
    /// Play by a policy.
    pub episodes: Plays<'a>,
    /// Full circles on the spot, where the file has some: the first and the last picture of each
    /// show the same view.
    pub circles: Option<Plays<'a>>,
    /// Pixels in a row of a picture.
    pub width: usize,
}

/// Plays of one length: pictures, actions and latents.
#[derive(Clone, Copy, Debug)]
pub struct Plays<'a> {
    /// How many.
    pub count: usize,
    /// Frames of each.
    pub frames: usize,
    /// First frames of each that have a latent.
    pub latents: usize,
    /// Bytes of a picture.
    picture_bytes: usize,
    /// Values of a latent.
    latent_len: usize,
    pictures_data: &'a [u8],
    actions_data: &'a [u8],
    latents_data: &'a [u8],
}

/// The fields of the description that decide anything; others are ignored.
#[derive(Deserialize)]
struct Description {
    format: String,
    frames_per_second: u32,
    actions: Vec<String>,
}

impl<'a> HeldOut<'a> {
    /// Reads held-out data for a world.
    ///
    /// # Errors
    /// [`Error`]: what is wrong, where, and what would be right.
    pub fn read(bytes: &'a [u8], world: &Manifest) -> Result<HeldOut<'a>, Error> {
        check_size(bytes)?;
        let torn = |error: safetensors::SafeTensorError| Error::NotSafetensors {
            what: error.to_string(),
            bytes: bytes.len() as u64,
        };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(torn)?;
        let file = SafeTensors::deserialize(bytes).map_err(torn)?;
        let text = metadata.metadata().as_ref().and_then(|map| map.get(METADATA_KEY));
        let text = text.ok_or(Error::NoDescription { key: METADATA_KEY })?;
        check_description(text, world)?;
        let episodes = plays(&file, "episodes", world, true)?;
        let has_circles = file.names().iter().any(|name| name.starts_with("circle."));
        let circles = has_circles.then(|| plays(&file, "circle", world, false)).transpose()?;
        Ok(HeldOut { episodes, circles, width: world.picture.width })
    }
}

impl<'a> Plays<'a> {
    /// RGB u8 rows that the game showed in a frame.
    pub fn picture(&self, play: usize, frame: usize) -> &'a [u8] {
        let start = (play * self.frames + frame) * self.picture_bytes;
        &self.pictures_data[start..start + self.picture_bytes]
    }

    /// The action that led to a frame.
    pub fn action(&self, play: usize, frame: usize) -> Action {
        Action(u16::from(self.actions_data[play * self.frames + frame]))
    }

    /// The actions that led to some frames.
    pub fn actions(&self, play: usize, frames: Range<usize>) -> Vec<Action> {
        frames.map(|frame| self.action(play, frame)).collect()
    }

    /// The latents of some frames below [`Plays::latents`], one after the other.
    pub fn latents(&self, play: usize, frames: Range<usize>) -> Vec<f32> {
        let bytes = 4 * self.latent_len;
        let start = (play * self.latents + frames.start) * bytes;
        floats(&self.latents_data[start..start + frames.len() * bytes]).collect()
    }

    /// At most `count` places (play, frame) with `frame` in the range, spread evenly over all.
    pub fn spread(&self, frames: Range<usize>, count: usize) -> Vec<(usize, usize)> {
        let all = self.count * frames.len();
        let count = count.min(all);
        let place = |i: usize| (2 * i + 1) * all / (2 * count);
        let split = |at: usize| (at / frames.len(), frames.start + at % frames.len());
        (0..count).map(place).map(split).collect()
    }
}

fn check_size(bytes: &[u8]) -> Result<(), Error> {
    let found = bytes.len() as u64;
    if found > DATA_BYTES_MAX {
        return Err(Error::TooLarge { found, limit: DATA_BYTES_MAX });
    }
    let Some(head) = bytes.first_chunk::<8>() else {
        return Err(Error::NotSafetensors { what: "no header".to_owned(), bytes: found });
    };
    let header = u64::from_le_bytes(*head);
    if header > HEADER_BYTES_MAX {
        let what = format!("a header of {header} bytes, at most {HEADER_BYTES_MAX} are read");
        return Err(Error::NotSafetensors { what, bytes: found });
    }
    Ok(())
}

/// Is it data of this format, of the world's buttons and rate?
fn check_description(text: &str, world: &Manifest) -> Result<(), Error> {
    let read = serde_json::from_str(text);
    let Description { format, frames_per_second, actions } =
        read.map_err(|error| Error::Description { what: error.to_string() })?;
    let same = |field, found: String, expected: String| {
        if found == expected { Ok(()) } else { Err(Error::Field { field, found, expected }) }
    };
    same("format", format, FORMAT.to_owned())?;
    let rate = world.frames_per_second;
    same("frames_per_second", frames_per_second.to_string(), rate.to_string())?;
    same("actions", actions.join(", "), world.action_names().join(", "))?;
    if actions.len() > BUTTONS_MAX {
        let (field, found) = ("number of actions", actions.len().to_string());
        return Err(Error::Field { field, found, expected: format!("at most {BUTTONS_MAX}") });
    }
    Ok(())
}

/// The three tensors of `GROUP`, checked against each other and against the world.
fn plays<'a>(
    file: &SafeTensors<'a>,
    group: &str,
    world: &Manifest,
    every_latent: bool,
) -> Result<Plays<'a>, Error> {
    let size = [world.picture.height, world.picture.width, COLOURS];
    let shape = &world.shape;
    let latent = [shape.latent_channels, shape.latent_height, shape.latent_width];
    let (leading, pictures_data) = tensor(file, group, "pictures", Dtype::U8, &size)?;
    let [count, frames] = leading;
    limited(group, leading)?;
    let (found, actions_data) = tensor(file, group, "actions", Dtype::U8, &[])?;
    same_leading(group, "actions", found, leading)?;
    let (found, latents_data) = tensor(file, group, "latents", Dtype::F32, &latent)?;
    let latents = if every_latent { frames } else { found[1].clamp(1, frames) };
    same_leading(group, "latents", found, [count, latents])?;
    let buttons = world.actions.len();
    if let Some(index) = actions_data.iter().position(|&bits| u32::from(bits) >> buttons != 0) {
        let (name, found) = (format!("{group}.actions"), actions_data[index].to_string());
        return Err(Error::Value { name, index, found, allowed: NO_BUTTON });
    }
    if let Some(index) = floats(latents_data).position(|x| !x.is_finite()) {
        let found = floats(latents_data).nth(index).unwrap_or_default().to_string();
        let name = format!("{group}.latents");
        return Err(Error::Value { name, index, found, allowed: "must be finite" });
    }
    let (picture_bytes, latent_len) = (size.iter().product(), shape.latent_len());
    Ok(Plays {
        count,
        frames,
        latents,
        picture_bytes,
        latent_len,
        pictures_data,
        actions_data,
        latents_data,
    })
}

/// The first two sides of a tensor whose other sides are `rest`, and its bytes.
fn tensor<'a>(
    file: &SafeTensors<'a>,
    group: &str,
    part: &str,
    dtype: Dtype,
    rest: &[usize],
) -> Result<([usize; 2], &'a [u8]), Error> {
    let name = format!("{group}.{part}");
    let view = file.tensor(&name).map_err(|_| Error::Missing { name: name.clone() })?;
    let (found_dtype, shape) = (view.dtype(), view.shape());
    match shape {
        [first, second, others @ ..] if found_dtype == dtype && others == rest => {
            Ok(([*first, *second], view.data()))
        }
        _ => {
            let sides = rest.iter().map(|side| format!(", {side}")).collect::<String>();
            let (found, expected) =
                (format!("{found_dtype:?} {shape:?}"), format!("{dtype:?} [E, F{sides}]"));
            Err(Error::Shape { name, found, expected })
        }
    }
}

fn limited(group: &str, [count, frames]: [usize; 2]) -> Result<(), Error> {
    if (1..=EPISODES_MAX).contains(&count) && (1..=FRAMES_MAX).contains(&frames) {
        return Ok(());
    }
    Err(Error::Shape {
        name: format!("{group}.pictures"),
        found: format!("of {count} plays of {frames} frames"),
        expected: format!("1 to {EPISODES_MAX} plays of 1 to {FRAMES_MAX} frames"),
    })
}

fn same_leading(
    group: &str,
    part: &str,
    found: [usize; 2],
    expected: [usize; 2],
) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let told = |[count, frames]: [usize; 2]| format!("of {count} plays of {frames} frames");
    let name = format!("{group}.{part}");
    Err(Error::Shape { name, found: told(found), expected: told(expected) })
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four))
}
