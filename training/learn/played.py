"""Runs whose memory the model has played by itself: what long play hands it, with the truth beside."""

import torch

from training.learn import setup
from training.model.session import Session

REAL_FRAMES = 8
"""Frames of a run that stay the game's: as many as a prompt has."""
TOGETHER = 256
"""Runs played side by side."""


class Played:
    """A pool of runs: the game's latents and actions, and what the model's last passes saw."""

    def __init__(self, data, runs, levels):
        self.data, self.runs, self.levels = data, runs, levels
        self.latents = None

    def refill(self, model, arguments):
        """Draws new runs and plays them, with the game's own actions."""
        parts = []
        for first in range(0, self.runs, TOGETHER):
            latents, actions = self.data.batch(min(TOGETHER, self.runs - first))
            with setup.half(arguments):
                parts.append((latents, actions, committed(model, latents, actions, self.levels)))
        self.latents, self.actions, self.committed = map(torch.cat, zip(*parts))

    def batch(self, count):
        """`count` runs of the pool: latents, actions, and the committed in place of memory."""
        chosen = torch.randint(len(self.latents), (count,)).to(self.latents.device)
        return self.latents[chosen], self.actions[chosen], self.committed[chosen]


def committed(model, latents, actions, levels):
    """What the last pass of each frame saw [runs, frames, ...], where the first REAL_FRAMES are a
    prompt and the others are played. latents [runs, frames, ...], actions [runs, frames, buttons].
    """
    noise = torch.randn_like(latents)
    seen = (1 - levels[-2]) * latents + levels[-2] * noise
    for frame, _, last_seen in played_on(model, latents, actions, noise, levels):
        seen[:, frame] = last_seen
    return seen


def played_on(model, latents, actions, noise, levels):
    """Plays on from the first REAL_FRAMES, with the game's actions: of each frame made its number,
    its latents, and what its last pass saw. latents, noise [runs, frames, ...]."""
    session = Session(model, levels)
    begin = slice(0, REAL_FRAMES)
    session.prompt(latents[:, begin], actions[:, begin], noise[:, begin])
    for frame in range(REAL_FRAMES, latents.shape[1]):
        latent = session.step(actions[:, frame], noise[:, frame])
        yield frame, latent, session.committed
