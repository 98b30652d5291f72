"""A press that must show: where it is, what of it counts, and runs that hold one."""

import torch

from training.data.latents import Latents
from training.learn import press
from training.learn.losses import velocity_loss
from training.model.shape import Shape

SHAPE = Shape()


def test_a_press_is_fresh_only_after_a_rest():
    held = torch.zeros(2, 20)
    held[0, 6:9], held[0, 13], held[1, 3], held[1, 19] = 1, 1, 1, 1
    assert press.fresh(held, 4).nonzero().tolist() == [[0, 6], [0, 13], [1, 19]]
    assert press.fresh(held, 5).nonzero().tolist() == [[0, 6], [1, 19]]


def test_what_a_press_does_counts_more_where_and_when_it_shows():
    held = torch.zeros(1, 5 + 16)
    held[0, 5 + 2] = 1
    weight = press.weight_of_press(held, 5, 16, SHAPE, 9.0)
    assert weight.shape == (1, 16, 12, 16)
    frames, rows, columns = (set(found.tolist()) for found in (weight[0] == 9).nonzero().T)
    assert frames == {5, 6, 7, 8} and rows == {5, 6, 7, 8} and columns == {6, 7, 8, 9}
    assert (weight == 9).sum() == 64 and (weight == 1).sum() == weight.numel() - 64
    velocity, target = torch.randn(2, 1, 16, *SHAPE.latent)
    plain = velocity_loss(velocity, target, torch.ones(1, 16))
    assert torch.allclose(plain, (velocity - target).square().mean())
    target = velocity.clone()
    target[0, 6, :, 6, 7] += 1
    assert torch.allclose(velocity_loss(velocity, target, weight), 9 / weight.sum())


def test_runs_with_a_press_hold_it_and_what_it_shows():
    actions = torch.zeros(200, 5)
    actions[60:64, 4] = actions[150, 4] = actions[66:80, 1] = 1
    data = Latents(torch.zeros(200, *SHAPE.latent), actions, torch.arange(0, 180), 20)
    found = press.starts_with_press(data, 4, 5, 15)
    assert found.tolist() == [*range(48, 56), *range(138, 146)]
    _, held = data.batch(50, found)
    pressed = press.fresh(held[..., 4], 5)
    assert (pressed[:, 5:13].sum(dim=1) == 1).all()
