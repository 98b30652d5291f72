"""Play in PyTorch: many sessions side by side, frame by frame, as an engine would."""

import torch

from training.model.shape import SCHEDULES


class Session:
    """A batch of sessions of one world; all have the same age."""

    def __init__(self, transformer, levels=SCHEDULES[3]):
        self.transformer = transformer
        self.levels = levels
        self.memory = None

    @torch.no_grad()
    def prompt(self, latents, actions, noise):
        """Fills the memory. latents, noise [batch, frames, channels, rows, columns]; actions
        [batch, frames, buttons]. One frame after the other, so that each sees its elders."""
        level = self.levels[-2]
        self.memory = None
        for frame in range(latents.shape[1]):
            one = slice(frame, frame + 1)
            x = (1 - level) * latents[:, one] + level * noise[:, one]
            _, kept = self._velocity(x, level, actions[:, one])
            self._remember(kept)

    @torch.no_grad()
    def step(self, action, noise, velocities=None):
        """One frame: action [batch, buttons], noise [batch, channels, rows, columns] to its latent.
        Where `velocities` is a list, each pass's velocity is appended to it."""
        x = noise.unsqueeze(1)
        for level, following in zip(self.levels, self.levels[1:]):
            v, kept = self._velocity(x, level, action.unsqueeze(1))
            x = x + (following - level) * v
            if velocities is not None:
                velocities.append(v.squeeze(1))
        self._remember(kept)
        return x.squeeze(1)

    def _velocity(self, x, level, actions):
        levels = torch.full(x.shape[:2], level, device=x.device)
        velocity, kept = self.transformer(x, levels, actions, self.memory)
        return velocity.float(), kept

    def _remember(self, kept):
        """Adds the newest frame's keys and values and drops those out of the window."""
        window = self.transformer.shape.window
        if self.memory is None:
            self.memory = kept
            return
        self.memory = [tuple(torch.cat([old, new], dim=1)[:, -window:]
                             for old, new in zip(past, own))
                       for past, own in zip(self.memory, kept)]
