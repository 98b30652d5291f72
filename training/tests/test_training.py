"""What training relies on: rounding, noise levels, runs within episodes, exact resuming."""

import argparse

import numpy
import pytest
import torch

from training.data.container import write_tensors
from training.data.latents import held, load_latents
from training.learn import world
from training.learn.losses import edge_loss
from training.learn.world import Settings, Trainer, noise_levels
from training.model.products import Linear, fake_quantised, set_quantised
from training.model.shape import Shape

TINY = Shape(width=16, heads=2, blocks=1, mlp=16, time_features=8)


def test_rounding_has_at_most_127_steps_to_a_side_and_passes_the_gradient():
    x = torch.randn(3, 50, requires_grad=True)
    rounded = fake_quantised(x, (-1,))
    steps = rounded.detach() / (x.detach().abs().amax(dim=1, keepdim=True) / 127)
    assert (steps - steps.round()).abs().max() < 1e-3 and steps.abs().max() <= 127.001
    assert (rounded - x).abs().max() > 0
    rounded.sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))


def test_rounding_is_on_only_where_it_was_turned_on():
    layer, x = Linear(8, 4), torch.randn(2, 8)
    plain = layer(x)
    set_quantised(layer, True)
    assert not torch.equal(layer(x), plain)
    set_quantised(layer, False)
    assert torch.equal(layer(x), plain)


def test_frames_before_a_cut_carry_low_noise_and_frames_with_a_wrong_memory_do_not_count():
    torch.manual_seed(0)
    settings = Settings(context_share=1.0, drift_share=1.0)
    level, drift, weight = noise_levels((400, 32), settings, "cpu")
    assert (level[:, 0] <= settings.context_level_max).all()
    assert level[:, -1].max() > 0.9
    assert ((drift > 0) == (weight == 0)).all()
    assert (drift[:, 0] > 0).float().mean() > 0.95 and (drift[:, -1] == 0).all()


def test_blur_raises_the_edge_loss():
    real = torch.randn(1, 3, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(real, 3, stride=1, padding=1)
    assert edge_loss(real, real) == 0 and edge_loss(blurred, real) > 0.1


def test_bits_become_buttons():
    assert held(torch.tensor([0, 5], dtype=torch.uint8), 5).tolist() == [
        [0, 0, 0, 0, 0], [1, 0, 1, 0, 0]]


@pytest.fixture
def shard(tmp_path):
    random = numpy.random.default_rng(3)
    tensors = {"latents": random.normal(size=(40, *TINY.latent)).astype(numpy.float16),
               "actions": random.integers(0, 32, 40).astype(numpy.uint8),
               "starts": numpy.array([0, 7, 20], dtype=numpy.int64),
               "places": numpy.zeros((40, 5), dtype=numpy.float32)}
    write_tensors(tmp_path / "data" / "shard-00000.safetensors", tensors, {})
    return str(tmp_path / "data")


def test_runs_lie_within_episodes(shard):
    data = load_latents([shard], 8, 5, "cpu")
    wanted = [*range(7, 13), *range(20, 33)]
    assert data.run_starts.tolist() == wanted
    latents, actions = data.batch(6)
    assert latents.shape == (6, 8, *TINY.latent) and actions.shape == (6, 8, 5)


def test_training_that_was_stopped_goes_on_as_if_it_had_not_been(shard, tmp_path):
    settings = Settings(steps=4, batch=2, frames=6, warmup=1)

    def weights(folder, stops):
        torch.manual_seed(settings.seed)
        for stop in stops:
            arguments = argparse.Namespace(run=str(tmp_path / folder), device="cpu",
                                           start_from=None, compile=False)
            trainer = Trainer(arguments, settings, TINY)
            data = load_latents([shard], settings.frames, 5, "cpu")
            while trainer.step < stop:
                trainer.train(*data.batch(settings.batch))
            trainer.save()
        return trainer.model.state_dict()

    whole, in_parts = weights("whole", [4]), weights("parts", [2, 4])
    assert all(torch.equal(whole[name], in_parts[name]) for name in whole)


def test_a_checkpoint_of_other_settings_is_refused(shard, tmp_path):
    arguments = argparse.Namespace(run=str(tmp_path), device="cpu", start_from=None, compile=False)
    Trainer(arguments, Settings(steps=4), TINY).save()
    with pytest.raises(SystemExit, match="other settings"):
        Trainer(arguments, Settings(steps=5), TINY)
    assert world.load_average(str(tmp_path))[0] == TINY
