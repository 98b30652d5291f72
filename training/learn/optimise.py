"""What both trainings share: schedule, running average of the weights, one step, checkpoints."""

import copy
import math
import os

import torch

from training.data.container import whole


def learning_rate(step, settings):
    """Warm-up, then half a cosine down to a twentieth."""
    if step < settings.warmup:
        return settings.rate * (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.rate * (0.05 + 0.95 * (1 + math.cos(math.pi * min(1.0, share))) / 2)


def optimiser_of(model, settings):
    """AdamW; matrices decay, vectors do not."""
    trained = [value for value in model.parameters() if value.requires_grad]
    groups = [{"params": [value for value in trained if value.dim() >= 2],
               "weight_decay": settings.decay},
              {"params": [value for value in trained if value.dim() < 2], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.99))


def take_step(optimiser, model, loss, rate, gradient_max=1.0):
    """One step at learning rate `rate`, gradients clipped at the norm `gradient_max`."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), gradient_max)
    optimiser.step()


class Average:
    """The running average of a model's weights; what is evaluated and exported."""

    def __init__(self, model, keep):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.keep = keep

    @torch.no_grad()
    def follow(self, model, step):
        """Moves towards `model`; faster in the first steps."""
        keep = min(self.keep, (1 + step) / (10 + step))
        ours, theirs = self.model.state_dict(), model.state_dict()
        floats = [name for name in ours if ours[name].is_floating_point()]
        torch._foreach_lerp_([ours[name] for name in floats],
                             [theirs[name] for name in floats], 1 - keep)


def save_checkpoint(path, parts, step, settings):
    """Writes the state of every part (name to an object with `state_dict`), whole or not at all."""
    content = {"step": step, "settings": settings, "random": torch.get_rng_state(),
               "parts": {name: part.state_dict() for name, part in parts.items()}}
    with whole(path) as partial:
        torch.save(content, partial)


def load_checkpoint(path, parts, settings):
    """Puts the checkpoint at `path` into `parts`; the step to go on from, 0 without a file."""
    if not os.path.exists(path):
        return 0
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content["settings"] != settings:
        raise SystemExit(f"{path} was made with other settings; move it away, or give these:\n"
                         f"{content['settings']}")
    for name, part in parts.items():
        part.load_state_dict(content["parts"][name])
    torch.set_rng_state(content["random"])
    return content["step"]
