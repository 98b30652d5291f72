"""Stays: where the game's player moves no more, so that all that comes is known, however long he stays."""

import sys

import torch
from safetensors.torch import load_file

from training.data.latents import held
from training.data.motion import without_motion
from training.data.shards import shards
from training.learn.press import count_before

PERIOD = 320
"""Frames after which the game shows the same again to who stays and holds the same: the view bobs in 20
tics, the gun in 64."""
COMPARED = 8
"""Frames that must be the same a period later."""
CHANGE_MOST = 0.05
"""Mean square by which they may differ, of their variance."""
PART = 256
"""Starts that are compared at once."""


class Stays:
    """Latents f16 [frames, ...], actions as 0 or 1 [frames, buttons], and `starts` [some], the frames with which
    PERIOD frames in one place begin that the game shows again and again.

    places: f32 [frames, 3 or more], x and y in map units and the angle in degrees, not on a GPU."""

    def __init__(self, latents, actions, places):
        self.latents, self.actions = latents, actions
        moved = torch.from_numpy(~without_motion(places.numpy())[1:]).to(actions.device)
        unlike = count_before(moved | (actions[1:] != actions[:-1]).any(dim=1))
        first = torch.arange(max(0, len(latents) - PERIOD - COMPARED), device=latents.device)
        first = first[unlike[first + PERIOD + COMPARED] == unlike[first]]
        change = [self._change(part) for part in first.split(PART)]
        self.starts = first[torch.cat(change) < CHANGE_MOST]

    def _change(self, first):
        """How much the frames a period after `first` differ, of their variance."""
        frames = first[:, None] + torch.arange(COMPARED, device=first.device)
        begins, again = self.latents[frames].float(), self.latents[frames + PERIOD].float()
        return (again - begins).square().mean(dim=(1, 2, 3, 4)) / begins.flatten(1).var(dim=1)

    def show(self, starts, stayed, offsets):
        """What the game shows who stays since `starts`, `stayed` frames ago [count], at the `offsets`
        [frames] from now, and what he holds: latents f32 [count, frames, ...], actions."""
        frames = starts[:, None] + (stayed[:, None] + offsets) % PERIOD
        return self.latents[frames].float(), self.actions[frames]


def load_stays(folder, buttons, device):
    """All encoded shards in `folder`, which were played by the policy `stay`."""
    parts = [load_file(path) for path in shards(folder)]
    latents, bits, places = (torch.cat([part[name] for part in parts])
                             for name in ("latents", "actions", "places"))
    stays = Stays(latents.to(device), held(bits.to(device), buttons), places)
    if not len(stays.starts):
        raise SystemExit(f"{folder}: nowhere is {PERIOD} frames long the same place; was it played by "
                         "`collect --policy stay --alone`?")
    print(f"{len(latents)} latents, {len(stays.starts)} starts of stays", file=sys.stderr)
    return stays
