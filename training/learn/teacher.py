"""A teacher of few passes: what the model it begins with makes of the same noise with more of them."""

import copy

import torch
from torch.nn import functional

from training.learn import setup
from training.model.shape import SCHEDULES


class Teacher:
    """A frozen copy of a model. The same memory, buttons and noise lead its many passes to one frame,
    and no other: that is what fewer passes can learn to make without meaning several at once."""

    def __init__(self, model, settings, arguments):
        self.levels, self.share = SCHEDULES[settings.teacher_passes], settings.teach
        self.arguments = arguments
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    def pull(self, made, *session):
        """The gradient, on what was made of `session`, of the squared error against the teacher's."""
        with torch.no_grad():
            wanted = made_by(self.model, *session, self.levels, self.arguments)
        made = made.detach().requires_grad_()
        self.error = functional.mse_loss(made, wanted)
        return torch.autograd.grad(self.share * self.error, made)[0]

    def told(self):
        """How far from it the last frames were, as text; waits for the device."""
        return f"teacher's error {self.error.item():.4f}"


def made_by(model, committed, actions, noise, sees, levels, arguments):
    """What `model` makes of sessions' memory, through all passes: latents [sessions, frames, ...].

    `committed` and `actions` begin with the memory before the frames, which are as many as `noise`
    has; `sees` is of `ages_after`."""
    at = lambda x, level: torch.full(x.shape[:2], level, device=x.device)
    now, x = actions[:, -noise.shape[1]:], noise
    with setup.half(arguments):
        _, memory = model(committed, at(committed, levels[-2]), actions)
        for level, following in zip(levels, levels[1:]):
            velocity, _ = model(x, at(x, level), now, memory, sees)
            x = x + (following - level) * velocity.float()
    return x
