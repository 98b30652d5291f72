//! Weights as float tensors: int8 rows times their scales, once, when the engine is made.

use crate::program::{Model, Place, Weight, WeightData, WeightId};
use candle_core::{Device, Result, Tensor};

/// Every weight of a model as a flat tensor, in the order of the model.
pub(super) fn load(model: &Model) -> Result<Vec<Tensor>> {
    let scales = scales(model);
    let weights = model.weights.iter().zip(scales);
    weights.map(|(weight, scale)| load_one(model, weight, scale)).collect()
}

/// The weight that holds the row scales of each int8 weight: the operand after it wherever it is read.
fn scales(model: &Model) -> Vec<Option<WeightId>> {
    let mut scales = vec![None; model.weights.len()];
    let nodes = model.prompt.nodes.iter().chain(&model.frame.nodes);
    for pair in nodes.flat_map(|node| node.reads.windows(2)) {
        if let [Place::Weight(WeightId(id)), Place::Weight(scale)] = [pair[0].place, pair[1].place]
        {
            scales[id as usize] = Some(scale);
        }
    }
    scales
}

fn load_one(model: &Model, weight: &Weight, scale: Option<WeightId>) -> Result<Tensor> {
    let quantised = match &weight.data {
        WeightData::F32(values) => return flat(values),
        WeightData::I8(values) => values,
    };
    let scale = scale.map(|WeightId(id)| &model.weights[id as usize].data);
    let Some(WeightData::F32(scale)) = scale else {
        panic!("int8 weight {} is read without its scales", weight.name);
    };
    let values: Vec<f32> = quantised.iter().map(|&q| f32::from(q)).collect();
    let rows = flat(&values)?.reshape((scale.len(), ()))?;
    rows.broadcast_mul(&flat(scale)?.unsqueeze(1)?)?.flatten_all()
}

fn flat(values: &[f32]) -> Result<Tensor> {
    Tensor::from_slice(values, values.len(), &Device::Cpu)
}
