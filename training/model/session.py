"""Play in PyTorch: many sessions side by side, frame by frame, as an engine would."""

import torch

from training.model.shape import SCHEDULES


class Session:
    """A batch of sessions of one world; all have the same age.

    With `remembered`, the levels of other passes, what is remembered is what those would have made of
    the same noise: it tells how much of a play's fate lies in its memory."""

    def __init__(self, transformer, levels=SCHEDULES[3], remembered=None):
        self.transformer = transformer
        self.levels, self.remembered = levels, remembered or levels
        self.memory = None
        self.committed = None

    @torch.no_grad()
    def prompt(self, latents, actions, noise):
        """Fills the memory. latents, noise [batch, frames, channels, rows, columns]; actions
        [batch, frames, buttons]. All frames at once: each sees its elders only."""
        level = self.remembered[-2]
        self.recall((1 - level) * latents + level * noise, actions)

    @torch.no_grad()
    def recall(self, committed, actions):
        """Fills the memory with what last passes saw, [batch, frames, channels, rows, columns]."""
        self.memory = None
        _, kept = self._velocity(committed, self.remembered[-2], actions)
        self._remember(kept)

    @torch.no_grad()
    def step(self, action, noise, velocities=None):
        """One frame: action [batch, buttons], noise [batch, channels, rows, columns] to its latent.
        Where `velocities` is a list, each pass's velocity is appended to it. `committed` is then
        what the last pass saw and put into the memory, shaped as the latent."""
        made, kept = self._made(self.levels, action, noise, velocities)
        if self.remembered != self.levels:
            _, kept = self._made(self.remembered, action, noise)
        self._remember(kept)
        return made

    def _made(self, levels, action, noise, velocities=None):
        """The frame that passes at `levels` make, and the keys and values of the last."""
        x = noise.unsqueeze(1)
        for level, following in zip(levels, levels[1:]):
            self.committed = x.squeeze(1)
            v, kept = self._velocity(x, level, action.unsqueeze(1))
            x = x + (following - level) * v
            if velocities is not None:
                velocities.append(v.squeeze(1))
        return x.squeeze(1), kept

    def _velocity(self, x, level, actions):
        levels = torch.full(x.shape[:2], level, device=x.device)
        velocity, kept = self.transformer(x, levels, actions, self.memory)
        return velocity.float(), kept

    def _remember(self, kept):
        """Adds the newest frames' keys and values and drops those out of the window."""
        window = self.transformer.shape.window
        if self.memory is None:
            self.memory = [tuple(new[:, -window:].contiguous() for new in own) for own in kept]
            return
        held = self.memory[0][0].shape[1]
        begin = max(0, held + kept[0][0].shape[1] - window)
        self.memory = [tuple(torch.cat([old[:, begin:], new], dim=1) for old, new in zip(past, own))
                       for past, own in zip(self.memory, kept)]
