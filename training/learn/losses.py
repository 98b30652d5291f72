"""Losses on pictures: values, edges at several sizes, and a critic of small patches."""

import torch
from torch import nn
from torch.nn import functional


def edge_loss(made, real, scales=3):
    """Mean absolute difference of forward differences in x and y, at full, half, quarter size.

    made, real [batch, channels, height, width]. Blur lowers the differences: this resists it."""
    total = 0.0
    for scale in range(scales):
        if scale:
            made, real = functional.avg_pool2d(made, 2), functional.avg_pool2d(real, 2)
        for axis in (-1, -2):
            difference = made.diff(dim=axis) - real.diff(dim=axis)
            total = total + difference.abs().mean()
    return total / (2 * scales)


def energy(pictures):
    """Mean gradient energy, a number: the squared differences of neighbours, in x and in y."""
    return sum(pictures.float().diff(dim=axis).square().mean() for axis in (-1, -2))


def gradient_of(loss, made):
    """The gradient of `loss(made)` on pictures `made`, which are cut off from what made them."""
    made = made.detach().requires_grad_()
    return torch.autograd.grad(loss(made), made)[0]


def fidelity(made, real, edges):
    """Mean absolute and squared error, and `edges` times the edge loss."""
    error = made - real
    return error.abs().mean() + error.square().mean() + edges * edge_loss(made, real)


class Critic(nn.Module):
    """Says of each patch of a picture whether it looks real; one number a patch of 22 pixels."""

    def __init__(self, channels=64, inputs=3):
        super().__init__()
        widths = (channels, 2 * channels, 4 * channels)
        layers = [nn.Conv2d(inputs, widths[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for before, after in zip(widths, widths[1:]):
            layers += [nn.Conv2d(before, after, 4, stride=2, padding=1),
                       nn.GroupNorm(8, after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 1))

    def forward(self, pictures):
        """pictures [batch, inputs, height, width] in -1..1 to scores [batch, 1, rows, columns]."""
        return self.layers(pictures)


def critic_loss(critic, made, real):
    """Hinge loss of the critic: real patches above 1, made ones below -1."""
    return (functional.relu(1 - critic(real)).mean()
            + functional.relu(1 + critic(made.detach())).mean()) / 2


def velocity_loss(velocity, target, weight):
    """Mean squared error; weight [batch, frames], or [batch, frames, rows, columns], says how much
    each frame, or place, counts."""
    error = (velocity.float() - target).square().mean(dim=2)
    if weight.dim() == 2:
        weight = weight[..., None, None].expand_as(error)
    return (error * weight).sum() / weight.sum().clamp_min(1.0)


def psnr(mean_square_error, span):
    """Peak signal to noise, dB, of values that span `span`."""
    return -10 * torch.log10(mean_square_error / span**2)
