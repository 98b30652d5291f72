"""A critic of patches, heard just as loudly as the wanted sharpness needs."""

import torch
from torch import nn

from training.learn import losses
from training.learn.optimise import optimiser_of, take_step

GAIN_MIN, GAIN_MAX = 0.02, 8.0
GAIN_SPEED = 0.03
"""Power of the missing sharpness by which the gain grows in a step."""


class Judge:
    """Pulls pictures towards real ones, whatever the sizes of the other losses are."""

    def __init__(self, settings, device):
        self.weight, self.sharpness = settings.critic, settings.sharpness
        self.critic = losses.Critic().to(device)
        self.optimiser = optimiser_of(self.critic, settings, betas=(0.5, 0.99))
        self.gain = Gain().to(device)

    def parts(self):
        """What a checkpoint keeps."""
        return {"critic": self.critic, "critic_optimiser": self.optimiser, "gain": self.gain}

    def told(self):
        """How loud it is and what came of it, as text; waits for the device."""
        gain = self.gain
        return f"critic's gain {gain.value.item():.2f}, sharpness {gain.ratio.item():.2f}"

    def pull(self, made, real, gradient, rate):
        """The critic's gradient on pictures `made`, after a step of its own at learning rate `rate`.

        It is `weight * gain` as long as `gradient`, that of the other losses. The gain moves until
        the gradient energy of `made` is `sharpness` times that of `real`."""
        take_step(self.optimiser, self.critic, losses.critic_loss(self.critic, made, real), rate)
        made = made.detach().requires_grad_()
        own, = torch.autograd.grad(-self.critic(made).mean(), made)
        self.gain.follow(losses.energy(made.detach()) / losses.energy(real), self.sharpness)
        return self.weight * self.gain.value * gradient.norm() / own.norm().clamp_min(1e-12) * own


class Gain(nn.Module):
    """A number that grows while a ratio is below its target."""

    def __init__(self, least=GAIN_MIN, most=GAIN_MAX):
        super().__init__()
        self.limits = (least, most)
        self.register_buffer("value", torch.tensor(1.0))
        self.register_buffer("ratio", torch.tensor(1.0))

    @torch.no_grad()
    def follow(self, ratio, target):
        """One step towards `target`; keeps a running mean of the ratio to tell."""
        self.ratio.lerp_(ratio, 0.02)
        self.value.mul_((target / ratio.clamp(0.05, 20.0)) ** GAIN_SPEED).clamp_(*self.limits)
