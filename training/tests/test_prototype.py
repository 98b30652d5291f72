"""The PyTorch models are the world's program: the prototype's vectors come out again."""

import argparse

import pytest
import torch
from safetensors.torch import load_file

from training.learn import autoencoder, world
from training.model.autoencoder import signed
from training.model.files import autoencoder_of, prompts_of, read_world, transformer_of
from training.model.products import set_quantised
from training.model.session import Session
from training.model.shape import PROTOTYPE_SCHEDULES, Shape
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
    session = Session(transformer, PROTOTYPE_SCHEDULES[3])
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
    # Measured: 0.012, 0.011 and 0.18 with int8 weights; 0.029, 0.018, 0.41 with tokens too.
    assert relative_error(velocity, vectors["velocity"]) < 0.05
    assert relative_error(latents, vectors["latents"]) < 0.03
    assert (pictures.float() - vectors["frames"].float()).abs().mean() < 0.8


def test_training_starts_from_the_shipped_world(tmp_path):
    arguments = argparse.Namespace(encoder=None, bfloat16=False, run=str(tmp_path), device="cpu",
                                   compile=False,
                                   start_from=str(SHIPPED))
    shape, tensors = read_world(SHIPPED)
    trained = world.Trainer(arguments, world.Settings(), shape).model
    assert torch.equal(trained.bl[3].m1[0].weight, tensors["dit.bl.3.m1.0.weight"])
    settings = autoencoder.Settings(freeze_decoder=True)
    trainer = autoencoder.Trainer(arguments, settings, shape)
    pictures = torch.randint(0, 256, (2, 96, 128, 3), dtype=torch.uint8)
    before = trainer.model.enc[1].weight.clone()
    trainer.train(signed(pictures))
    trainer.finish(pictures)
    assert torch.equal(trainer.model.dec[13].weight, tensors["ae.dec.13.weight"])
    assert torch.equal(trainer.average.model.std, tensors["latent.std"])
    assert not torch.equal(trainer.model.enc[1].weight, before)


def test_a_world_of_another_shape_is_no_start(tmp_path):
    arguments = argparse.Namespace(encoder=None, bfloat16=False, run=str(tmp_path), device="cpu",
                                   compile=False,
                                   start_from=str(SHIPPED))
    with pytest.raises(SystemExit, match="--shape"):
        world.Trainer(arguments, world.Settings(), Shape(width=192))
