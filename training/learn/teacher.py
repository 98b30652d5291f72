"""A teacher of few passes: what the model it begins with makes, and remembers, of the same noise with more."""

import copy

import torch
from torch.nn import functional

from training.learn import setup
from training.model.shape import SCHEDULES


class Teacher:
    """A frozen copy of a model. The same memory, buttons and noise lead its many passes to one frame,
    and no other: that is what fewer passes can learn to make without meaning several at once.

    It also teaches what the last pass sees, since that is what is remembered. Of two passes it is what
    the first one made of noise alone: left to itself, an average of all frames that might come."""

    def __init__(self, model, settings, arguments):
        self.levels, self.share = SCHEDULES[settings.teacher_passes], settings.teach
        self.remembered_share = settings.teach_remembered
        self.arguments = arguments
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    def pull(self, made, seen, *session):
        """The gradients, on what was `made` of `session` and on what the last pass has `seen`, of the
        squared errors against the teacher's. What was seen is measured as the latent behind its noise."""
        with torch.no_grad():
            wanted, remembered = made_by(self.model, *session, self.levels, self.arguments)
        made, seen = made.detach().requires_grad_(), seen.detach().requires_grad_()
        self.error = functional.mse_loss(made, wanted)
        self.remembered_error = functional.mse_loss(seen, remembered) / (1 - self.levels[-2]) ** 2
        error = self.error + self.remembered_share * self.remembered_error
        return torch.autograd.grad(self.share * error, (made, seen))

    def told(self):
        """How far from it the last frames were, as text; waits for the device."""
        return (f"teacher's error {self.error.item():.4f}, of what is remembered "
                f"{self.remembered_error.item():.4f}")


def made_by(model, committed, actions, noise, sees, levels, arguments):
    """What `model` makes of sessions' memory, through all passes: latents [sessions, frames, ...]; and
    what its last pass sees, as a session commits it, in the same shape.

    `committed` and `actions` begin with the memory before the frames, which are as many as `noise`
    has; `sees` is of `ages_after`."""
    at = lambda x, level: torch.full(x.shape[:2], level, device=x.device)
    now, x = actions[:, -noise.shape[1]:], noise
    with setup.half(arguments):
        _, memory = model(committed, at(committed, levels[-2]), actions)
        for level, following in zip(levels, levels[1:]):
            velocity, _ = model(x, at(x, level), now, memory, sees)
            seen, x = x, x + (following - level) * velocity.float()
    return x, seen
