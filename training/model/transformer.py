"""The world model `dit.*`: a transformer over the tokens of frames, in space and in time."""

import math

import torch
from torch import nn
from torch.nn import functional

from training.model.products import Linear

EPSILON = 1e-5
HEAD_LENGTH = 8.0
"""Queries and keys are brought to this length."""
LOGIT_SCALE = 1.0 / 8.0
LONGEST_PERIOD = 10000.0


class Attention(nn.Module):
    """Attention over space or time; `b` is the bias by age, [heads, window + 1], of time alone."""

    def __init__(self, shape, in_time):
        super().__init__()
        self.heads = shape.heads
        self.qkv = Linear(shape.width, 3 * shape.width)
        self.o = Linear(shape.width, shape.width)
        if in_time:
            self.b = nn.Parameter(torch.zeros(shape.heads, shape.window + 1))

    def split(self, x):
        """x [..., D] to queries, keys and values [..., heads, D / heads]."""
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1))
        q, k, v = parts.unbind(-3)
        return _to_length(q), _to_length(k), v


def _to_length(x):
    return (HEAD_LENGTH * functional.normalize(x.float(), dim=-1)).to(x.dtype)


class Block(nn.Module):
    """Attention in space, attention over time, MLP; each modulated and gated."""

    def __init__(self, shape):
        super().__init__()
        self.window = shape.window
        self.tab = nn.Parameter(torch.zeros(9, shape.width))
        self.sa, self.ta = Attention(shape, in_time=False), Attention(shape, in_time=True)
        self.m1 = nn.Sequential(Linear(shape.width, shape.mlp), nn.GELU(approximate="tanh"),
                                Linear(shape.mlp, shape.width))

    def forward(self, h, modulation, past, sees):
        """h [batch, frames, tokens, D]; modulation [batch, frames, 9, D]; past: keys and values
        of earlier frames, oldest first, [batch, held, tokens, heads, D / heads] each, or None;
        sees: the ages and what is hidden, of `ages` and its kin.
        Gives the new h, and keys and values of these frames in the same shape."""
        m = (modulation + self.tab).unsqueeze(-2).unbind(2)
        h = h + m[2] * self._in_space(_modulated(h, m[0], m[1]))
        y, kept = self._in_time(_modulated(h, m[3], m[4]), past, sees)
        h = h + m[5] * y
        return h + m[8] * self.m1(_modulated(h, m[6], m[7])), kept

    def _in_space(self, x):
        q, k, v = (part.transpose(-3, -2) for part in self.sa.split(x))
        flat = lambda part: part.flatten(0, 1)
        y = functional.scaled_dot_product_attention(flat(q), flat(k), flat(v), scale=LOGIT_SCALE)
        return self.sa.o(y.transpose(1, 2).reshape(x.shape))

    def _in_time(self, x, past, sees):
        q, k, v = self.ta.split(x)
        kept = (k, v)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
        # To [batch * tokens, heads, frames, D / heads]: every place looks back at itself.
        by_place = lambda part: part.permute(0, 2, 3, 1, 4).flatten(0, 1)
        age, hidden = sees
        bias = self.ta.b[:, age].masked_fill(hidden, -math.inf).to(q.dtype)
        y = functional.scaled_dot_product_attention(
            by_place(q), by_place(k), by_place(v), attn_mask=bias, scale=LOGIT_SCALE)
        y = y.unflatten(0, (x.shape[0], x.shape[2])).permute(0, 3, 1, 2, 4)
        return self.ta.o(y.reshape(x.shape)), kept


def ages(queries, keys, window, device):
    """Age of each key for each query [queries, keys], and which are hidden: future and forgotten.

    The newest query and the newest key are the same frame."""
    newest = torch.arange(keys - queries, keys, device=device)
    age = newest[:, None] - torch.arange(keys, device=device)[None, :]
    return age.clamp(0, window), (age < 0) | (age > window)


def ages_of_two(frames, window, device):
    """The same for `frames` frames of memory followed by as many to be made, frame for frame.

    Memory sees memory, itself included. A frame to be made sees the memory before it, and itself:
    just what a pass of a session sees."""
    both = torch.arange(2 * frames, device=device)
    frame, is_made = both % frames, both >= frames
    age = frame[:, None] - frame[None, :]
    youngest = is_made[:, None].long()
    of_memory = (age < youngest) | (age > window)
    of_made = ~(is_made[:, None] & (age == 0))
    return age.clamp(0, window), torch.where(is_made[None, :], of_made, of_memory)


def ages_after(frames, window, device):
    """The same for `frames` frames to be made that follow `window` frames: keys are the memory of all
    window + frames frames, then the frames to be made themselves. Each sees what a session would."""
    made = torch.arange(window, window + frames, device=device)
    age = made[:, None] - torch.arange(window + frames, device=device)[None, :]
    own = torch.zeros(frames, frames, dtype=torch.bool, device=device)
    hidden = torch.cat([(age < 1) | (age > window), ~own.fill_diagonal_(True)], dim=1)
    return torch.cat([age.clamp(0, window), torch.zeros_like(age[:, :frames])], dim=1), hidden


def _modulated(h, shift, scale):
    normal = functional.layer_norm(h, h.shape[-1:], eps=EPSILON)
    return normal * (1 + scale) + shift


class Transformer(nn.Module):
    """The velocity of rectified flow for frames at their own noise levels."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        width = shape.width
        layers = lambda inputs: nn.Sequential(Linear(inputs, width), nn.SiLU(),
                                              Linear(width, width))
        self.te, self.ae = layers(shape.time_features), layers(len(shape.buttons))
        self.ada = nn.Sequential(nn.SiLU(), Linear(width, 9 * width))
        self.inp = Linear(shape.token_values, width)
        self.pos = nn.Parameter(torch.randn(shape.tokens, width) * 0.02)
        self.bl = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.mo = Linear(width, 2 * width)
        self.out = Linear(width, shape.token_values)
        for layer in (self.ada[1], self.mo, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x, level, actions, memory=None, sees=None):
        """x [batch, frames, channels, rows, columns]; level [batch, frames], 1 is pure noise;
        actions [batch, frames, buttons]; memory: `past` of each block, or None; sees: who sees whom,
        of `ages_of_two` or `ages_after`; without it, every frame its elders and itself.
        Gives the velocity, shaped as x, and each block's keys and values."""
        if sees is None:
            held = 0 if memory is None else memory[0][0].shape[1]
            sees = ages(x.shape[1], held + x.shape[1], self.shape.window, x.device)
        condition = self.te(self.time_embedding(level)) + self.ae(actions)
        modulation = self.ada(condition).unflatten(-1, (9, -1))
        h = self.inp(self.patches(x)) + self.pos
        kept = []
        for index, block in enumerate(self.bl):
            h, own = block(h, modulation, None if memory is None else memory[index],
                           sees)
            kept.append(own)
        shift, scale = self.mo(functional.silu(condition)).unsqueeze(-2).chunk(2, dim=-1)
        return self.unpatched(self.out(_modulated(h, shift, scale))), kept

    def time_embedding(self, level):
        """[..., time_features]: cosines, then sines, of 1000 * level at falling frequencies."""
        half = self.shape.time_features // 2
        steps = torch.arange(half, device=level.device, dtype=torch.float32) / half
        angles = 1000.0 * level.float().unsqueeze(-1) * torch.exp(-math.log(LONGEST_PERIOD) * steps)
        return torch.cat([angles.cos(), angles.sin()], dim=-1)

    def patches(self, x):
        """[batch, frames, channels, rows, columns] to [batch, frames, tokens, values]."""
        p = self.shape.patch
        x = x.unflatten(-1, (-1, p)).unflatten(-3, (-1, p))
        return x.permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(2, 3)

    def unpatched(self, tokens):
        """The inverse of `patches`."""
        p, shape = self.shape.patch, self.shape
        grid = (shape.latent_height // p, shape.latent_width // p)
        x = tokens.unflatten(-1, (shape.latent_channels, p, p)).unflatten(2, grid)
        return x.permute(0, 1, 4, 2, 5, 3, 6).flatten(5, 6).flatten(3, 4)
