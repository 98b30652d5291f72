"""The PyTorch models are the world's program: the prototype's vectors come out again."""

import pytest
import torch
from safetensors.torch import load_file

from training.model.files import autoencoder_of, prompts_of, read_world, transformer_of
from training.model.products import set_quantised
from training.model.session import Session
from training.tests.prototype import SHIPPED, VECTORS, WEIGHTS, needs_vectors


@pytest.fixture(scope="module")
def vectors():
    return load_file(VECTORS)


def played(path, vectors, quantised=False):
    """Velocities, latents and pictures of the vectors' frames, by the world at `path`."""
    shape, tensors = read_world(path)
    transformer, autoencoder = transformer_of(shape, tensors), autoencoder_of(shape, tensors)
    set_quantised(transformer, quantised)
    set_quantised(autoencoder, quantised)
    latents, actions = prompts_of(tensors)[0]
    session = Session(transformer)
    session.prompt(latents[None], actions[None], vectors["prompt.noise"][None])
    velocities, made = [], []
    for action, noise in zip(vectors["actions"], vectors["noise"]):
        made.append(session.step(action[None], noise[None], velocities)[0])
    made = torch.stack(made)
    with torch.no_grad():
        pictures = autoencoder.pictures(made)
    return torch.stack([v[0] for v in velocities]).view(4, 3, *made.shape[1:]), made, pictures


def relative_error(ours, theirs):
    return ((ours - theirs).norm() / theirs.norm()).item()


@needs_vectors
def test_float_weights_give_the_vectors(vectors):
    velocity, latents, pictures = played(WEIGHTS, vectors)
    assert relative_error(velocity, vectors["velocity"]) < 1e-5
    assert relative_error(latents, vectors["latents"]) < 1e-5
    off = (pictures.int() - vectors["frames"].int()).abs()
    assert off.max() <= 1 and (off > 0).sum() <= 16


@needs_vectors
@pytest.mark.parametrize("quantised", [False, True])
def test_the_shipped_world_dequantised_is_near_the_vectors(vectors, quantised):
    velocity, latents, pictures = played(SHIPPED, vectors, quantised)
    print("velocity", relative_error(velocity, vectors["velocity"]),
          "latents", relative_error(latents, vectors["latents"]),
          "picture", (pictures.float() - vectors["frames"].float()).abs().mean())
    assert relative_error(velocity[0], vectors["velocity"][0]) < 0.03
    assert relative_error(latents, vectors["latents"]) < 0.2
    assert (pictures.float() - vectors["frames"].float()).abs().mean() < 4.0
