"""Linear layers and convolutions that can feel in training what int8 will do to them."""

import torch
from torch.nn import functional

LEVELS = 127


def fake_quantised(x, dimensions):
    """`x` rounded to int8 steps and back; one scale for all of `dimensions`.

    The gradient passes as if nothing was rounded. The rule is exact-1's `quantise`, in floats.
    """
    largest = x.detach().abs().amax(dim=dimensions, keepdim=True).clamp_min(2.0**-96)
    scale = largest.float() / LEVELS
    rounded = torch.round(x.detach().float() / scale).clamp(-LEVELS, LEVELS) * scale
    return x + (rounded.to(x.dtype) - x.detach())


class Linear(torch.nn.Linear):
    """y = x W^T + b. With `quantised`: a scale for each row of W and for each token of x."""

    quantised = False

    def forward(self, x):
        if not self.quantised:
            return functional.linear(x, self.weight, self.bias)
        weight = fake_quantised(self.weight, (1,))
        return functional.linear(fake_quantised(x, (-1,)), weight, self.bias)


class Convolution(torch.nn.Conv2d):
    """With `quantised`: a scale for each output channel, and one for the whole of a picture."""

    quantised = False

    def forward(self, x):
        if not self.quantised:
            return self._conv_forward(x, self.weight, self.bias)
        weight = fake_quantised(self.weight, (1, 2, 3))
        return self._conv_forward(fake_quantised(x, (1, 2, 3)), weight, self.bias)


def set_quantised(model, quantised):
    """Turns the rounding on or off in all products of `model`."""
    for module in model.modules():
        if isinstance(module, (Linear, Convolution)):
            module.quantised = quantised
