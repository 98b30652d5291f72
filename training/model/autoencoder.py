"""Picture to latent and back: the convolutions `ae.enc.*` and `ae.dec.*` of a float world file."""

import torch
from torch import nn
from torch.nn import functional

from training.model.products import Convolution

EPSILON = 1e-6


class PixelNorm(nn.Module):
    """x / sqrt(mean over channels of x^2 + epsilon) * g, for each pixel by itself."""

    def __init__(self, channels):
        super().__init__()
        self.g = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        mean_square = x.float().square().mean(dim=1, keepdim=True)
        return (x * torch.rsqrt(mean_square + EPSILON).to(x.dtype)) * self.g.view(1, -1, 1, 1)


class Residual(nn.Module):
    """x + c2(silu(n2(c1(silu(n1(x))))))"""

    def __init__(self, channels):
        super().__init__()
        self.n1, self.n2 = PixelNorm(channels), PixelNorm(channels)
        self.c1 = Convolution(channels, channels, 3, padding=1)
        self.c2 = Convolution(channels, channels, 3, padding=1)

    def forward(self, x):
        y = self.c1(functional.silu(self.n1(x)))
        return x + self.c2(functional.silu(self.n2(y)))


def encoder(shape):
    """Pictures [batch, 3, height, width] in -1..1 to latents before mean and spread."""
    channels = shape.encoder
    layers = [nn.PixelUnshuffle(2), Convolution(12, channels[0], 3, padding=1),
              Residual(channels[0])]
    for before, after in zip(channels, channels[1:]):
        layers += [Convolution(before, after, 2, stride=2), Residual(after), Residual(after)]
    layers += [PixelNorm(channels[-1]), nn.SiLU(),
               Convolution(channels[-1], shape.latent_channels, 1)]
    return nn.Sequential(*layers)


def decoder(shape):
    """Latents with mean and spread put back to pictures [batch, 3, height, width], about -1..1."""
    channels = shape.decoder
    layers = [Convolution(shape.latent_channels, channels[0], 3, padding=1)]
    for before, after in zip(channels, channels[1:]):
        layers += [Residual(before), Residual(before), Convolution(before, 4 * after, 1),
                   nn.PixelShuffle(2)]
    layers += [Residual(channels[-1]), Residual(channels[-1]), PixelNorm(channels[-1]), nn.SiLU(),
               Convolution(channels[-1], 12, 3, padding=1), nn.PixelShuffle(2)]
    return nn.Sequential(*layers)


class Autoencoder(nn.Module):
    """Encoder, decoder, and the mean and spread of each latent channel over the training data."""

    def __init__(self, shape):
        super().__init__()
        self.enc, self.dec = encoder(shape), decoder(shape)
        self.register_buffer("mean", torch.zeros(shape.latent_channels))
        self.register_buffer("std", torch.ones(shape.latent_channels))

    def encode(self, pictures):
        """u8 [batch, height, width, 3] to normalised latents [batch, channels, rows, columns]."""
        return self.normalised(self.enc(signed(pictures)))

    def normalised(self, raw):
        """Latents with mean 0 and spread 1 over the data."""
        return (raw - self.mean.view(-1, 1, 1)) / self.std.view(-1, 1, 1)

    def decode(self, latents):
        """Normalised latents to pictures [batch, 3, height, width], about -1..1."""
        return self.dec(latents * self.std.view(-1, 1, 1) + self.mean.view(-1, 1, 1))

    def pictures(self, latents):
        """Normalised latents to u8 [batch, height, width, 3]."""
        signed_values = self.decode(latents).float().clamp(-1, 1)
        return ((signed_values + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)


def signed(pictures):
    """u8 [batch, height, width, 3] to floats [batch, 3, height, width] in -1..1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
