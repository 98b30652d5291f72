"""Contrast: what is played varies as much as the game does somewhere, or it fades, or it is noise."""

import torch
from torch.nn import functional

SAMPLED = 16384
"""Frames of the game that are looked at, evenly spread."""
RARE = 0.001
"""Share of them that may have less than the least spread, and that may have more than the most."""


class Contrast:
    """The least and the most spread, the standard deviation of all numbers of a latent, in the game."""

    def __init__(self, *games):
        """games: latents [frames, channels, rows, columns] each; the range holds that of each."""
        spreads = [spread(latents[::-(-len(latents) // SAMPLED)].float()) for latents in games]
        self.least = min(found.quantile(RARE) for found in spreads)
        self.most = max(found.quantile(1 - RARE) for found in spreads)

    def missed(self, made):
        """Mean square by which the spread of latents, `made` [..., channels, rows, columns], leaves the range."""
        found = spread(made)
        return (functional.relu(self.least - found) + functional.relu(found - self.most)).square().mean()


def spread(latents):
    """Standard deviation of each latent: [..., channels, rows, columns] to [...]."""
    return latents.flatten(-3).std(dim=-1)
