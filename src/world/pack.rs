//! Packs a float world: int8 weights with one scale a row, the rest as small as loses nothing.

use super::WorldError;
use super::file::{MANIFEST_KEY, open, shape_error, to_floats};
use super::manifest::Manifest;
use crate::exact::quantise;
use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;

/// How a tensor is kept in a packed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// int8, one scale a row.
    Quantised,
    /// The float32 scales of a quantised tensor.
    Scale,
    /// float16 where that loses nothing, else float32.
    Float,
    /// A prompt's latents: float16, rounded to nearest even where need be.
    Prompt,
}

/// Name, kind and packed shape of one tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name in both files.
    pub name: String,
    /// How it is kept.
    pub kind: Kind,
    /// Packed shape: convolutions are output, row, column, input.
    pub shape: Vec<usize>,
}

/// Every tensor of a packed world of this shape, in a fixed order.
pub fn required_tensors(manifest: &Manifest) -> Vec<TensorSpec> {
    let mut list = List(Vec::new());
    list.transformer(manifest);
    list.decoder(manifest);
    list.float("latent.mean", &[manifest.shape.latent_channels]);
    list.float("latent.std", &[manifest.shape.latent_channels]);
    let shape = &manifest.shape;
    let latent = [shape.latent_channels, shape.latent_height, shape.latent_width];
    for (i, prompt) in manifest.prompts.iter().enumerate() {
        let latents = [&[prompt.frames], &latent[..]].concat();
        list.push(format!("prompt.{i}.latents"), Kind::Prompt, &latents);
        list.float(&format!("prompt.{i}.actions"), &[prompt.frames, manifest.actions.len()]);
    }
    list.0
}

struct List(Vec<TensorSpec>);

impl List {
    fn push(&mut self, name: String, kind: Kind, shape: &[usize]) {
        self.0.push(TensorSpec { name, kind, shape: shape.to_vec() });
    }

    fn float(&mut self, name: &str, shape: &[usize]) {
        self.push(name.to_owned(), Kind::Float, shape);
    }

    /// `NAME.weight`, `NAME.scale`, `NAME.bias`; the first of `shape` is the outputs.
    fn product(&mut self, name: &str, shape: &[usize]) {
        self.push(format!("{name}.weight"), Kind::Quantised, shape);
        self.push(format!("{name}.scale"), Kind::Scale, &shape[..1]);
        self.push(format!("{name}.bias"), Kind::Float, &shape[..1]);
    }

    fn transformer(&mut self, manifest: &Manifest) {
        let shape = &manifest.shape;
        let width = shape.width;
        self.product("dit.te.0", &[width, shape.time_features]);
        self.product("dit.te.2", &[width, width]);
        self.product("dit.ae.0", &[width, manifest.actions.len()]);
        self.product("dit.ae.2", &[width, width]);
        self.product("dit.ada.1", &[9 * width, width]);
        self.product("dit.inp", &[width, shape.patch_values()]);
        self.float("dit.pos", &[shape.tokens(), width]);
        for block in 0..shape.blocks {
            let name = format!("dit.bl.{block}");
            self.float(&format!("{name}.tab"), &[9, width]);
            for attention in ["sa", "ta"] {
                self.product(&format!("{name}.{attention}.qkv"), &[3 * width, width]);
                self.product(&format!("{name}.{attention}.o"), &[width, width]);
            }
            self.float(&format!("{name}.ta.b"), &[shape.heads, shape.window + 1]);
            self.product(&format!("{name}.m1.0"), &[shape.mlp, width]);
            self.product(&format!("{name}.m1.2"), &[width, shape.mlp]);
        }
        self.product("dit.mo", &[2 * width, width]);
        self.product("dit.out", &[shape.patch_values(), width]);
    }

    fn decoder(&mut self, manifest: &Manifest) {
        let stages = &manifest.shape.decoder;
        let mut layer = 0;
        self.product("ae.dec.0", &[stages[0], 3, 3, manifest.shape.latent_channels]);
        for (stage, &channels) in stages.iter().enumerate() {
            for block in [1, 2] {
                self.residual(&format!("ae.dec.{}", layer + block), channels);
            }
            if let Some(&next) = stages.get(stage + 1) {
                self.product(&format!("ae.dec.{}", layer + 3), &[4 * next, 1, 1, channels]);
                layer += 4;
            }
        }
        let last = stages[stages.len() - 1];
        self.float(&format!("ae.dec.{}.g", layer + 3), &[last]);
        self.product(&format!("ae.dec.{}", layer + 5), &[12, 3, 3, last]);
    }

    fn residual(&mut self, name: &str, channels: usize) {
        for half in [1, 2] {
            self.float(&format!("{name}.n{half}.g"), &[channels]);
            self.product(&format!("{name}.c{half}"), &[channels, 3, 3, channels]);
        }
    }
}

/// Packs the float file of a world into the bytes of a world file. The same input gives the same
/// bytes. Weight rows are quantised as `exact::quantise` does it.
///
/// # Errors
/// [`WorldError`] where a tensor is missing, of another shape, or not finite.
pub fn pack(float_file: &[u8], manifest: &Manifest) -> Result<Vec<u8>, WorldError> {
    let file = open(float_file)?;
    let mut packed: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for spec in required_tensors(manifest) {
        match spec.kind {
            Kind::Scale => {} // comes with its weight
            Kind::Quantised => {
                let values = float_in_packed_layout(&file, &spec)?;
                let (weights, scales) = quantise_rows(&values, spec.shape[0]);
                let scale_name = spec.name.replace(".weight", ".scale");
                packed.insert(scale_name, (Dtype::F32, vec![spec.shape[0]], scales));
                packed.insert(spec.name, (Dtype::I8, spec.shape, weights));
            }
            Kind::Float | Kind::Prompt => {
                let values = float_tensor(&file, &spec.name, &spec.shape)?;
                let (dtype, data) = smallest(&values, spec.kind == Kind::Prompt);
                packed.insert(spec.name, (dtype, spec.shape, data));
            }
        }
    }
    serialise(&packed, manifest)
}

fn serialise(
    packed: &BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
    manifest: &Manifest,
) -> Result<Vec<u8>, WorldError> {
    let failed = |what: String| WorldError::NotSafetensors { what, bytes: 0 };
    let json = serde_json::to_string(manifest).map_err(|error| failed(error.to_string()))?;
    let mut views = Vec::with_capacity(packed.len());
    for (name, (dtype, shape, data)) in packed {
        let view = TensorView::new(*dtype, shape.clone(), data);
        views.push((name, view.map_err(|error| failed(error.to_string()))?));
    }
    let metadata = Some([(MANIFEST_KEY.to_owned(), json)].into());
    safetensors::serialize(views, metadata).map_err(|error| failed(error.to_string()))
}

/// int8 rows and the bytes of their float32 scales. `values` are finite.
fn quantise_rows(values: &[f32], rows: usize) -> (Vec<u8>, Vec<u8>) {
    let mut quantised = vec![0i8; values.len()];
    let columns = values.len() / rows;
    let pairs = values.chunks_exact(columns).zip(quantised.chunks_exact_mut(columns));
    let scales: Vec<u8> = pairs
        .flat_map(|(row, q)| quantise(row, q).expect("checked finite").to_le_bytes())
        .collect();
    (quantised.iter().map(|q| q.cast_unsigned()).collect(), scales)
}

/// float16 bytes where every value is one (or `rounded`), else float32.
fn smallest(values: &[f32], rounded: bool) -> (Dtype, Vec<u8>) {
    let halves: Vec<f16> = values.iter().map(|&x| f16::from_f32(x)).collect();
    let lossless = halves.iter().zip(values).all(|(h, x)| h.to_f32().to_bits() == x.to_bits());
    if lossless || rounded {
        return (Dtype::F16, halves.iter().flat_map(|h| h.to_le_bytes()).collect());
    }
    (Dtype::F32, values.iter().flat_map(|x| x.to_le_bytes()).collect())
}

/// A float tensor of the promised shape, each value finite.
pub(super) fn float_tensor(
    file: &SafeTensors<'_>,
    name: &str,
    shape: &[usize],
) -> Result<Vec<f32>, WorldError> {
    let missing = || WorldError::Missing { name: name.to_owned() };
    let view = file.tensor(name).map_err(|_| missing())?;
    let wrong = || shape_error(name, view.dtype(), view.shape(), "F32 or F16", shape);
    if view.shape() != shape {
        return Err(wrong());
    }
    let values = to_floats(view.dtype(), view.data()).ok_or_else(wrong)?;
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(values),
        Some(index) => Err(WorldError::Value {
            name: name.to_owned(),
            index,
            found: values[index].to_string(),
            allowed: "must be finite",
        }),
    }
}

/// A float tensor of the training file, convolutions turned from output, input, row, column to
/// the packed order.
pub(super) fn float_in_packed_layout(
    file: &SafeTensors<'_>,
    spec: &TensorSpec,
) -> Result<Vec<f32>, WorldError> {
    let [outputs, rows, columns, inputs] = spec.shape[..] else {
        return float_tensor(file, &spec.name, &spec.shape);
    };
    if spec.kind != Kind::Quantised {
        return float_tensor(file, &spec.name, &spec.shape);
    }
    let values = float_tensor(file, &spec.name, &[outputs, inputs, rows, columns])?;
    let mut packed = Vec::with_capacity(values.len());
    for output in 0..outputs {
        for place in 0..rows * columns {
            let start = output * inputs * rows * columns + place;
            packed.extend((0..inputs).map(|input| values[start + input * rows * columns]));
        }
    }
    Ok(packed)
}
