//! Reads a world from the bytes of its file: every limit, type, shape and value checked first.

use super::WorldError;
use super::manifest::Manifest;
use super::pack::{Kind, TensorSpec, float_tensor, required_tensors};
use crate::event::{Action, Digest};
use crate::program::{Precision, WeightData};
use half::f16;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;

/// Largest world file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 4 << 30;

/// Largest safetensors header, in bytes.
pub const HEADER_BYTES_MAX: u64 = 1 << 20;

/// The metadata key that holds the manifest.
pub const MANIFEST_KEY: &str = "worldtape";

/// A world in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// What it says of itself.
    pub manifest: Manifest,
    /// blake3 of the whole file: the world's id.
    pub digest: Digest,
    /// Quantised, or float for comparison.
    pub precision: Precision,
    /// Tensors by name, in the packed layout (convolutions as output, row, column, input).
    pub tensors: BTreeMap<String, WeightData>,
}

impl World {
    /// Reads a packed world.
    ///
    /// # Errors
    /// [`WorldError`]: what is wrong, where, and what would be right. Nothing is allocated for a
    /// tensor before its size was checked against the file's and the manifest's.
    pub fn from_packed(bytes: &[u8]) -> Result<World, WorldError> {
        let manifest = manifest_in(bytes)?.ok_or(WorldError::NoManifest { key: MANIFEST_KEY })?;
        let manifest = Manifest::parse(&manifest)?;
        let file = open(bytes)?;
        let mut tensors = BTreeMap::new();
        for spec in required_tensors(&manifest) {
            let data = match spec.kind {
                Kind::Quantised => quantised(&file, &spec)?,
                Kind::Scale | Kind::Float | Kind::Prompt => {
                    WeightData::F32(float_tensor(&file, &spec.name, &spec.shape)?)
                }
            };
            if spec.kind == Kind::Scale {
                refuse_negative(&spec.name, &data)?;
            }
            tensors.insert(spec.name, data);
        }
        // The reader's order differs from run to run: the first by name.
        let unknown = file.names().into_iter().filter(|name| !tensors.contains_key(*name));
        if let Some(name) = unknown.min() {
            return Err(WorldError::Unknown { name: name.to_owned() });
        }
        let digest = Digest(*blake3::hash(bytes).as_bytes());
        let world = World { manifest, digest, precision: Precision::Quantised, tensors };
        world.check_prompts()?;
        Ok(world)
    }

    /// Reads the float file that a world is packed from, for the reference engine.
    ///
    /// # Errors
    /// As [`World::from_packed`].
    pub fn from_float(bytes: &[u8], manifest: Manifest) -> Result<World, WorldError> {
        let file = open(bytes)?;
        let mut tensors = BTreeMap::new();
        for spec in required_tensors(&manifest) {
            let data = if spec.kind == Kind::Scale {
                vec![1.0; spec.shape[0]]
            } else {
                super::pack::float_in_packed_layout(&file, &spec)?
            };
            tensors.insert(spec.name, WeightData::F32(data));
        }
        let digest = Digest(*blake3::hash(bytes).as_bytes());
        let world = World { manifest, digest, precision: Precision::Float, tensors };
        world.check_prompts()?;
        Ok(world)
    }

    /// A float tensor that the manifest's shapes promise.
    pub(super) fn floats(&self, name: &str) -> &[f32] {
        match self.tensors.get(name) {
            Some(WeightData::F32(values)) => values,
            other => panic!("tensor {name} was checked at loading, found {other:?}"),
        }
    }

    /// Latents of prompt `index`, one after the other, and the action of each.
    ///
    /// # Errors
    /// [`WorldError::NoSuch`] where the world has no prompt of that number.
    pub fn prompt(&self, index: u32) -> Result<(&[f32], Vec<Action>), WorldError> {
        let count = self.manifest.prompts.len();
        if index as usize >= count {
            let (found, offered) = (index.to_string(), format!("0 to {}", count - 1));
            return Err(WorldError::NoSuch { what: "prompt", found, offered });
        }
        let actions = prompt_actions(self, index)?;
        Ok((self.floats(&format!("prompt.{index}.latents")), actions))
    }

    fn check_prompts(&self) -> Result<(), WorldError> {
        (0..self.manifest.prompts.len()).try_for_each(|i| self.prompt(i as u32).map(|_| ()))
    }
}

/// The actions of prompt `index`: each of its tensor's elements is 0 or 1.
///
/// # Errors
/// [`WorldError::Value`] for any other element.
fn prompt_actions(world: &World, index: u32) -> Result<Vec<Action>, WorldError> {
    let name = format!("prompt.{index}.actions");
    let buttons = world.manifest.actions.len();
    let values = world.floats(&name);
    if let Some(at) = values.iter().position(|&x| x != 0.0 && x != 1.0) {
        let (index, found) = (at, values[at].to_string());
        return Err(WorldError::Value { name, index, found, allowed: "must be 0 or 1" });
    }
    let held = |row: &[f32]| {
        let buttons = row.iter().enumerate().filter(|(_, x)| **x == 1.0);
        buttons.fold(Action::NONE, |action, (button, _)| action.with(button))
    };
    Ok(values.chunks_exact(buttons).map(held).collect())
}

/// The manifest's JSON in a safetensors file, if it has one. Checks the header's length before
/// anything else is done with it.
///
/// # Errors
/// [`WorldError`] where the file is too large or no safetensors.
pub fn manifest_in(bytes: &[u8]) -> Result<Option<String>, WorldError> {
    check_size(bytes)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| torn(bytes, &error))?;
    let found = metadata.metadata().as_ref().and_then(|map| map.get(MANIFEST_KEY));
    Ok(found.cloned())
}

/// Opens a safetensors file within the limits.
///
/// # Errors
/// [`WorldError`] where the file is too large or no safetensors.
pub fn open(bytes: &[u8]) -> Result<SafeTensors<'_>, WorldError> {
    check_size(bytes)?;
    SafeTensors::deserialize(bytes).map_err(|error| torn(bytes, &error))
}

fn check_size(bytes: &[u8]) -> Result<(), WorldError> {
    let found = bytes.len() as u64;
    if found > FILE_BYTES_MAX {
        return Err(WorldError::TooLarge { found, limit: FILE_BYTES_MAX });
    }
    let Some(head) = bytes.first_chunk::<8>() else {
        return Err(WorldError::NotSafetensors { what: "no header".to_owned(), bytes: found });
    };
    let header = u64::from_le_bytes(*head);
    if header > HEADER_BYTES_MAX {
        let what = format!("a header of {header} bytes, at most {HEADER_BYTES_MAX} are read");
        return Err(WorldError::NotSafetensors { what, bytes: found });
    }
    Ok(())
}

fn torn(bytes: &[u8], error: &safetensors::SafeTensorError) -> WorldError {
    WorldError::NotSafetensors { what: error.to_string(), bytes: bytes.len() as u64 }
}

/// An int8 tensor of the promised shape, without -128.
fn quantised(file: &SafeTensors<'_>, spec: &TensorSpec) -> Result<WeightData, WorldError> {
    let view =
        file.tensor(&spec.name).map_err(|_| WorldError::Missing { name: spec.name.clone() })?;
    if view.dtype() != Dtype::I8 || view.shape() != spec.shape {
        return Err(shape_error(&spec.name, view.dtype(), view.shape(), "I8", &spec.shape));
    }
    let values: Vec<i8> = view.data().iter().map(|&byte| byte.cast_signed()).collect();
    if let Some(index) = values.iter().position(|&q| q == i8::MIN) {
        let (name, found) = (spec.name.clone(), "-128".to_owned());
        return Err(WorldError::Value { name, index, found, allowed: "must be -127 to 127" });
    }
    Ok(WeightData::I8(values))
}

fn refuse_negative(name: &str, data: &WeightData) -> Result<(), WorldError> {
    let WeightData::F32(values) = data else {
        return Ok(());
    };
    match values.iter().position(|&x| x < 0.0) {
        None => Ok(()),
        Some(index) => Err(WorldError::Value {
            name: name.to_owned(),
            index,
            found: values[index].to_string(),
            allowed: "must not be negative",
        }),
    }
}

/// The error for a tensor of another type or shape.
pub(super) fn shape_error(
    name: &str,
    dtype: Dtype,
    shape: &[usize],
    expected_dtype: &str,
    expected_shape: &[usize],
) -> WorldError {
    WorldError::Shape {
        name: name.to_owned(),
        found: format!("{dtype:?} {shape:?}"),
        expected: format!("{expected_dtype} {expected_shape:?}"),
    }
}

/// Little-endian floats of either width to float32, exactly.
pub(super) fn to_floats(dtype: Dtype, data: &[u8]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::F32 => {
            Some(data.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
        }
        Dtype::F16 => {
            let two = data.as_chunks::<2>().0.iter();
            Some(two.map(|two| f16::from_le_bytes(*two).to_f32()).collect())
        }
        _ => None,
    }
}
