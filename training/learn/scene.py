"""A critic of scenes: does a place look and move as the game's does under these buttons?"""

import torch
from torch import nn
from torch.nn import functional

SCENE_FRAMES = 3
"""Frames that are judged together: how a frame moves on, and how that changes."""


def scenes(values):
    """[runs, frames, ...] to [scenes, 3, ...]: three frames in a row, from every second frame on."""
    count = values.shape[1] - SCENE_FRAMES + 1
    shifted = [values[:, first:first + count:2] for first in range(SCENE_FRAMES)]
    return torch.stack(shifted, dim=2).flatten(0, 1)


class Layer(nn.Module):
    """x + convolutions of x; with `stride` 2 at half the size."""

    def __init__(self, before, after, stride=1):
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1, stride=stride)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.norms = nn.ModuleList([nn.GroupNorm(16, before), nn.GroupNorm(16, after)])
        self.beside = nn.Conv2d(before, after, stride, stride=stride) \
            if stride > 1 or before != after else nn.Identity()

    def forward(self, x):
        y = self.first(functional.silu(self.norms[0](x)))
        return self.beside(x) + self.second(functional.silu(self.norms[1](y)))


class SceneCritic(nn.Module):
    """Scores of every place of a scene, near by and in the large: high is like the game."""

    def __init__(self, shape, width=256):
        super().__init__()
        inputs = SCENE_FRAMES * (shape.latent_channels + len(shape.buttons))
        self.begin = nn.Conv2d(inputs, width, 3, padding=1)
        self.near = nn.Sequential(Layer(width, width), Layer(width, width))
        self.far = nn.Sequential(Layer(width, width, stride=2), Layer(width, width))
        self.scores = nn.ModuleList([nn.Conv2d(width, 1, 1), nn.Conv2d(width, 1, 1)])

    def forward(self, latents, actions):
        """latents [scenes, 3, channels, rows, columns], actions [scenes, 3, buttons] to scores
        [scenes, numbers]."""
        size = latents.shape[-2:]
        buttons = actions.flatten(1)[..., None, None].expand(-1, -1, *size)
        near = self.near(self.begin(torch.cat([latents.flatten(1, 2), buttons], dim=1)))
        far = self.far(near)
        return torch.cat([score(functional.silu(x)).flatten(1)
                          for score, x in zip(self.scores, (near, far))], dim=1)
