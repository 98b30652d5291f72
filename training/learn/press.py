"""A press that must show: where a button begins to be held, and how much what it does then counts."""

import math

import torch
from torch.nn import functional

from training.gates.motion import MUZZLE

BUTTON = "attack"
"""The button whose effect comes late, lasts a moment and is small: a gun flashes four frames on."""
SHOWS_AFTER = range(3, 7)
"""Frames after the press in which it is settled whether and when the flash comes."""


def fresh(held, quiet):
    """Is a button pressed anew? True [..., frames] where it is held, and was not in the `quiet` frames
    before; never in the first `quiet` frames, before which nobody knows. held [..., frames]."""
    held = held > 0
    before = count_before(held)
    since = before[..., quiet:-1] - before[..., :-quiet - 1]
    return functional.pad(held[..., quiet:] & (since == 0), (quiet, 0))


def count_before(happens):
    """How often it has happened before each frame, and before the end: [..., frames] to
    [..., frames + 1]."""
    return functional.pad(happens.to(torch.int32).cumsum(-1), (1, 0))


def starts_with_press(data, bit, quiet, frames):
    """The run starts of `data` whose button `bit` is pressed anew, and shows it, within the `frames`
    frames that come after the first `quiet`."""
    pressed = count_before(fresh(data.actions[:, bit], quiet))
    first = data.run_starts + quiet
    last = first + frames - SHOWS_AFTER.stop
    return data.run_starts[pressed[last] > pressed[first]]


def weight_of_press(held, quiet, frames, shape, much):
    """How much each place counts, f32 [runs, frames, rows, columns]: `much` where a flash shows after a
    press, 1 elsewhere. held [runs, quiet + frames] is of the button."""
    pressed = fresh(held, quiet)
    shows = torch.zeros_like(pressed)
    for after in SHOWS_AFTER:
        shows |= functional.pad(pressed, (after, 0))[..., :pressed.shape[-1]]
    left, right, top, bottom = MUZZLE
    weight = torch.ones(len(held), frames, shape.latent_height, shape.latent_width,
                        device=held.device)
    place = weight[:, :, int(top * shape.latent_height):math.ceil(bottom * shape.latent_height),
                   int(left * shape.latent_width):math.ceil(right * shape.latent_width)]
    place += (much - 1) * shows[:, -frames:, None, None]
    return weight
