"""What `focus` does to a decoder: the game's detail, at little more error, and nothing else."""

import argparse

import torch
from torch.nn import functional

from training.learn import autoencoder, focus
from training.tests.test_training import TINY


def focuser(folder, **changes):
    """One whose pictures are of known features, and half of whose detail no feature tells."""
    arguments = argparse.Namespace(run=str(folder), device="cpu", start_from=None, compile=False,
                                   bfloat16=False, shape=[],
                                   set=[f"{name}={value}" for name, value in changes.items()])
    torch.manual_seed(8)
    autoencoder.Trainer(arguments, autoencoder.Settings(steps=1), TINY).save()
    ours = focus.Focuser(arguments)
    channels = ours.last.in_channels
    ours.drawn = torch.randn(24, channels, 12, 16).half()
    with torch.no_grad():
        told = ours.shuffle(functional.conv2d(
            ours.drawn.float(), 0.02 * torch.randn(12, channels, 3, 3), padding=1))
    pictures = 0.2 * told / told.std() + 0.15 * torch.randn_like(told)
    ours.real = ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    return ours


def test_a_focused_decoder_draws_with_the_games_detail_at_little_more_error(tmp_path):
    errors, ratios = [], []
    for energy in (0.0, 0.1):
        ours = focuser(tmp_path / str(energy), steps=150, batch=12, rate=1e-2, energy=energy)
        before = {name: value.clone() for name, value in ours.model.state_dict().items()}
        while not ours.course.is_done:
            ours.train()
        after = ours.finished().state_dict()
        ours.save()
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        last = len(ours.model.dec) - 2
        assert changed == {f"dec.{last}.weight", f"dec.{last}.bias"}
        exported = focus.load_average(str(tmp_path / str(energy)))[1].state_dict()
        assert all(torch.equal(exported[name], after[name]) for name in after)
        errors.append(ours.error.item())
        ratios.append(ours.ratio.item())
    assert ratios[0] < 0.8 and abs(ratios[1] - 1) < 0.07
    assert errors[1] < 1.25 * errors[0]
