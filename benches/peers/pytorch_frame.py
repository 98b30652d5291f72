#!/usr/bin/env python3
"""The Doom world's net in PyTorch float32 on the processor: checked against vectors, then timed.

    pytorch_frame.py WORLD.float.safetensors VECTORS.safetensors --mode eager|compile|frozen

WORLD is the float file that the world was packed from. Prints one JSON object with every sample.
No digest, no tape: only what makes the picture is timed.
"""

import argparse
import json
import math
import platform
import sys
import time

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

LEVELS = (1.0, 0.65, 0.15, 0.0)  # three passes
BLOCKS, WIDTH, HEADS, HEAD_WIDTH, TOKENS = 8, 384, 6, 64, 48
SLOTS = 16  # fifteen remembered frames and the one being made
HOLD_FRAMES = 10  # as long as `worldtape bench` holds each button
VELOCITY_ERROR_MAX = 1e-4
PICTURE_VALUES_OFF_MAX = 16  # of 147 456 in four pictures, each off by one


class Net(torch.nn.Module):
    """Denoise passes and decoder; the memory of frames is a ring that each pass writes into."""

    def __init__(self, weights):
        super().__init__()
        for name, value in weights.items():
            self.register_buffer(name.replace(".", "_"), value.float(), persistent=False)
        shape = (BLOCKS, HEADS, SLOTS, TOKENS, HEAD_WIDTH)
        self.register_buffer("keys", torch.zeros(shape), persistent=False)
        self.register_buffer("values", torch.zeros(shape), persistent=False)
        steps = torch.arange(128) / 128
        self.register_buffer("frequencies", torch.exp(-math.log(10000.0) * steps), persistent=False)

    def weight(self, name):
        return getattr(self, name.replace(".", "_"))

    def linear(self, name, x):
        return F.linear(x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))

    def convolution(self, name, x):
        weight = self.weight(f"{name}.weight")
        return F.conv2d(x, weight, self.weight(f"{name}.bias"), padding=weight.shape[-1] // 2)

    def heads(self, name, x):
        """Queries, keys and values, each heads x tokens x head width."""
        qkv = self.linear(name, x).view(TOKENS, 3, HEADS, HEAD_WIDTH).permute(1, 2, 0, 3)
        q, k, v = qkv.unbind(0)
        return 8 * F.normalize(q, dim=-1), 8 * F.normalize(k, dim=-1), v

    def time_attention(self, block, x, slot, age, held):
        q, k, v = self.heads(f"dit.bl.{block}.ta.qkv", x)
        self.keys[block].index_copy_(1, slot, k.unsqueeze(1))
        self.values[block].index_copy_(1, slot, v.unsqueeze(1))
        bias = self.weight(f"dit.bl.{block}.ta.b").index_select(1, age).masked_fill(~held, -math.inf)
        keys, values = self.keys[block].transpose(1, 2), self.values[block].transpose(1, 2)
        mask = bias.view(HEADS, 1, 1, SLOTS)
        y = F.scaled_dot_product_attention(q.unsqueeze(2), keys, values, attn_mask=mask, scale=1 / 8)
        return y.squeeze(2).transpose(0, 1).reshape(TOKENS, WIDTH)

    def velocity(self, x, level, action, slot, age, held):
        angles = 1000.0 * level * self.frequencies
        c = torch.cat([angles.cos(), angles.sin()])
        c = self.linear("dit.te.2", F.silu(self.linear("dit.te.0", c)))
        c = c + self.linear("dit.ae.2", F.silu(self.linear("dit.ae.0", action)))
        modulation = self.linear("dit.ada.1", F.silu(c)).view(9, WIDTH)
        patches = x.view(16, 6, 2, 8, 2).permute(1, 3, 0, 2, 4).reshape(TOKENS, 64)
        h = self.linear("dit.inp", patches) + self.dit_pos
        norm = lambda h: F.layer_norm(h, (WIDTH,), eps=1e-5)
        for block in range(BLOCKS):
            name = f"dit.bl.{block}"
            m = modulation + self.weight(f"{name}.tab")
            q, k, v = self.heads(f"{name}.sa.qkv", norm(h) * (1 + m[1]) + m[0])
            y = F.scaled_dot_product_attention(q, k, v, scale=1 / 8)
            y = y.transpose(0, 1).reshape(TOKENS, WIDTH)
            h = h + m[2] * self.linear(f"{name}.sa.o", y)
            y = self.time_attention(block, norm(h) * (1 + m[4]) + m[3], slot, age, held)
            h = h + m[5] * self.linear(f"{name}.ta.o", y)
            y = self.linear(f"{name}.m1.0", norm(h) * (1 + m[7]) + m[6])
            h = h + m[8] * self.linear(f"{name}.m1.2", F.gelu(y, approximate="tanh"))
        shift, scale = self.linear("dit.mo", F.silu(c)).view(2, WIDTH)
        patches = self.linear("dit.out", norm(h) * (1 + scale) + shift)
        return patches.view(6, 8, 16, 2, 2).permute(2, 0, 3, 1, 4).reshape(16, 12, 16)

    def pixel_norm(self, gain, x):
        x = x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-6)
        return F.silu(x * self.weight(gain).view(1, -1, 1, 1))

    def residual(self, layer, x):
        name = f"ae.dec.{layer}"
        y = self.convolution(f"{name}.c1", self.pixel_norm(f"{name}.n1.g", x))
        return x + self.convolution(f"{name}.c2", self.pixel_norm(f"{name}.n2.g", y))

    def decode(self, z):
        x = z * self.latent_std.view(-1, 1, 1) + self.latent_mean.view(-1, 1, 1)
        x = self.convolution("ae.dec.0", x.unsqueeze(0))
        for first, wider in ((1, 3), (5, 7), (9, None)):
            x = self.residual(first + 1, self.residual(first, x))
            if wider is not None:
                x = F.pixel_shuffle(self.convolution(f"ae.dec.{wider}", x), 2)
        x = self.convolution("ae.dec.13", self.pixel_norm("ae.dec.11.g", x))
        x = F.pixel_shuffle(x, 2).squeeze(0).permute(1, 2, 0)
        return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)

    def forward(self, x, action, slot, age, held):
        """One frame: the picture, the latent, the velocities of the passes."""
        velocities = []
        for level, following in zip(LEVELS, LEVELS[1:]):
            v = self.velocity(x, level, action, slot, age, held)
            x = x + (following - level) * v
            velocities.append(v)
        return self.decode(x), x, torch.stack(velocities)


class Session:
    """The ring's place and which of its slots hold a frame."""

    def __init__(self, net, frame, prompt, noise):
        self.net, self.frame, self.made = net, frame, 0
        level = LEVELS[-2]
        for latent, action, one in zip(*prompt, noise):
            net.velocity((1 - level) * latent + level * one, level, action, *self.place())
            self.made += 1

    def place(self):
        slots = torch.arange(SLOTS)
        age = (self.made - slots) % SLOTS
        return torch.tensor([self.made % SLOTS]), age, age <= self.made

    def step(self, noise, action):
        made = self.frame(noise, action, *self.place())
        self.made += 1
        return made


def verify(net, frame, weights, vectors):
    """Plays the vectors' four frames; raises where the net is not the one that made them."""
    prompt = weights["prompt.0.latents"], weights["prompt.0.actions"]
    session = Session(net, frame, prompt, vectors["prompt.noise"])
    errors, off = [], 0
    for i in range(len(vectors["actions"])):
        noise, action = vectors["noise"][i].clone(), vectors["actions"][i].clone()
        picture, _, velocities = session.step(noise, action)
        for ours, theirs in zip(velocities, vectors["velocity"][i]):
            errors.append(((ours - theirs).norm() / theirs.norm()).item())
        difference = (picture.int() - vectors["frames"][i].int()).abs()
        if difference.max() > 1:
            raise SystemExit(f"frame {i}: a value of the picture is off by {difference.max()}")
        off += int(difference.sum())
    if max(errors) > VELOCITY_ERROR_MAX or off > PICTURE_VALUES_OFF_MAX:
        raise SystemExit(f"not the net: velocity errors {errors}, {off} values of pictures off")
    return {"velocity_error_max": max(errors), "picture_values_off_by_one": off}


def action_of(frame):
    """Nothing and each of the five buttons in turn, as `worldtape bench` holds them."""
    action = torch.zeros(5)
    held = frame // HOLD_FRAMES % 6
    if held:
        action[held - 1] = 1.0
    return action


def percentile(samples, percent):
    """The nearest rank, as `worldtape bench` has it."""
    ordered = sorted(samples)
    return ordered[-(-len(ordered) * percent // 100) - 1]


def measure(session, warm_up, frames):
    samples = []
    for frame in range(warm_up + frames):
        action = action_of(frame)
        start = time.perf_counter_ns()
        session.step(torch.randn(16, 12, 16), action)
        samples.append(time.perf_counter_ns() - start)
    return samples[:warm_up], samples[warm_up:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("world")
    parser.add_argument("vectors")
    parser.add_argument("--mode", choices=("eager", "compile", "frozen"), default="eager")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--warm-up", type=int, default=35)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    weights, vectors = load_file(options.world), load_file(options.vectors)
    wanted = ("dit.", "ae.dec.", "latent.")
    net = Net({name: value for name, value in weights.items() if name.startswith(wanted)}).eval()
    with torch.inference_mode():
        frame = net
        if options.mode != "eager":
            # frozen: weights are constants, packed for oneDNN's kernels while compiling.
            torch._inductor.config.freezing = options.mode == "frozen"
            frame = torch.compile(net, dynamic=False)
        started = time.perf_counter()
        checked = verify(net, frame, weights, vectors)
        first_s = time.perf_counter() - started
        prompt = weights["prompt.0.latents"], weights["prompt.0.actions"]
        session = Session(net, frame, prompt, torch.randn(8, 16, 12, 16))
        warm_up, samples = measure(session, options.warm_up, options.frames)
    ms = lambda ns: round(ns / 1e6, 3)
    json.dump({
        "peer": f"pytorch {options.mode}",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "precision": "float32",
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        **checked,
        "check_seconds": round(first_s, 1),
        "frames": len(samples),
        "min_ms": ms(min(samples)),
        "mean_ms": ms(sum(samples) / len(samples)),
        "p50_ms": ms(percentile(samples, 50)),
        "p95_ms": ms(percentile(samples, 95)),
        "p99_ms": ms(percentile(samples, 99)),
        "max_ms": ms(max(samples)),
        "warm_up_ns": warm_up,
        "samples_ns": samples,
    }, sys.stdout)
    print()


if __name__ == "__main__":
    main()
