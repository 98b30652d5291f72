"""Float world files and packed worlds, read into the PyTorch models."""

import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from training.model.autoencoder import Autoencoder
from training.model.shape import PROTOTYPE_SCHEDULES, Shape, shape_of_manifest
from training.model.transformer import Transformer

SHAPE = "shape"
"""Key of a float file's metadata: the Shape as JSON."""
SCHEDULES_KEY = "schedules"
"""Key of a float file's metadata: noise levels by number of passes, as JSON."""


def read_float(path):
    """All tensors of the float safetensors file `path`, as float32."""
    return {name: tensor.float() for name, tensor in load_file(path).items()}


def read_packed(path):
    """A packed world of formats/world.md: its manifest, and its tensors as floats.

    A product's rows are its int8 values times the row's scale, in the float file's order of axes:
    [output, input, row, column] for convolutions.
    """
    with safe_open(path, framework="pt") as file:
        manifest = json.loads(file.metadata()["worldtape"])
    tensors = load_file(path)
    floats = {}
    for name, tensor in tensors.items():
        if name.endswith(".scale"):
            continue
        scale = tensors.get(name.removesuffix(".weight") + ".scale")
        if tensor.dtype == torch.int8:
            scale = scale.float().view(-1, *[1] * (tensor.dim() - 1))
            tensor = tensor.float() * scale
            tensor = tensor.permute(0, 3, 1, 2) if tensor.dim() == 4 else tensor
        floats[name] = tensor.float().contiguous()
    return manifest, floats


def read_world(path):
    """Shape and float tensors of a world, packed or float. A float file that tells no shape has
    the prototype's."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "worldtape" in metadata:
        manifest, tensors = read_packed(path)
        return shape_of_manifest(manifest), tensors
    sizes = json.loads(metadata.get(SHAPE, "{}"))
    sizes = {name: tuple(value) if isinstance(value, list) else value
             for name, value in sizes.items()}
    return Shape(**sizes), read_float(path)


def read_world_with(path, encoder):
    """The same, with the tensors of the float file `encoder`, where one is named: a packed world has
    no encoder itself."""
    shape, tensors = read_world(path)
    return shape, tensors | read_float(encoder) if encoder else tensors


def schedules_of(path):
    """Noise levels by number of passes of a world, packed or float."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "worldtape" in metadata:
        listed = json.loads(metadata["worldtape"])["schedules"]
        return {schedule["passes"]: tuple(schedule["levels"]) for schedule in listed}
    if SCHEDULES_KEY not in metadata:
        return PROTOTYPE_SCHEDULES
    return {int(passes): tuple(levels)
            for passes, levels in json.loads(metadata[SCHEDULES_KEY]).items()}


def transformer_of(shape, tensors):
    """The Transformer with the weights `dit.*`."""
    model = Transformer(shape)
    model.load_state_dict(_part(tensors, "dit.", unused=".sa.b"))
    return model.eval()


def autoencoder_of(shape, tensors):
    """The Autoencoder with the weights `ae.*`; a packed world has no encoder, which stays fresh."""
    model = Autoencoder(shape)
    weights = _part(tensors, "ae.", unused=None)
    weights |= {"mean": tensors["latent.mean"], "std": tensors["latent.std"]}
    has_encoder = any(name.startswith("enc.") for name in weights)
    missing, unknown = model.load_state_dict(weights, strict=False)
    missing = [name for name in missing if has_encoder or not name.startswith("enc.")]
    if missing or unknown:
        raise ValueError(f"autoencoder: missing {missing}, unknown {unknown}")
    return model.eval()


def remembering(tensors, window):
    """The biases by age of attention over time, for a memory of `window` frames: a shorter one is cut;
    in a longer one, ages that were not seen before count as the oldest that was."""
    ages = torch.arange(window + 1)
    return {name: value[:, ages.clamp(max=value.shape[1] - 1)]
            for name, value in tensors.items() if name.endswith(".ta.b")}


def prompts_of(tensors):
    """The prompts, each (latents [frames, channels, rows, columns], actions [frames, buttons])."""
    count = sum(name.endswith(".latents") for name in tensors)
    return [(tensors[f"prompt.{index}.latents"], tensors[f"prompt.{index}.actions"])
            for index in range(count)]


def _part(tensors, prefix, unused):
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()
            if name.startswith(prefix) and not (unused and name.endswith(unused))}
