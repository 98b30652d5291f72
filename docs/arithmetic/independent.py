#!/usr/bin/env python3
"""An engine of latent-transformer-1 in exact-1 that follows docs/arithmetic.md step by step.

It shares nothing with the Rust engines but the text. It plays every play of a list of outcomes and
holds each picture digest and state sum against it, the output of every op where the list has those,
and every function against vectors of numbers that hurt; the exit code is 1 where one bit differs.

    pip install -r docs/arithmetic/requirements.txt
    python3 docs/arithmetic/independent.py [WORLD.safetensors OUTCOMES.json]

Without arguments: the tiny world of the tests, its outcomes and the vectors, all in tests/data. It
is meant to be read, not to be fast. The arithmetic is in exact_1.py beside it.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
from blake3 import blake3

sys.dont_write_bytecode = True

from exact_1 import (  # noqa: E402
    M64, add, attend, attention, bit_sum, bits, buttons, chain, dequantise, euler, exp, f32, fma,
    from_bits, gated_add, gelu, lanes_sum, layer_norm, ln, mix_noise, modulate, noise, permute,
    pixel_norm, quantise, scale_shift, shuffle, silu, sin_cos, sin_cos_turns, split_heads,
    temporal_attention, time_embedding, to_length, to_picture, watch)

ROOT = Path(__file__).resolve().parents[2]


# The world file: formats/world.md.


class World:
    TYPES = {"I8": np.dtype("i1"), "F16": np.dtype("<f2"), "F32": np.dtype("<f4")}

    def __init__(self, path):
        data = Path(path).read_bytes()
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8:8 + length])
        self.manifest = json.loads(header.pop("__metadata__")["worldtape"])
        self.shape = self.manifest["shape"]
        self.digest = blake3(data).hexdigest()
        self.tensors = {}
        for name, entry in header.items():
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(data[start:end], self.TYPES[entry["dtype"]])
            kept = np.int64 if entry["dtype"] == "I8" else f32
            self.tensors[name] = values.astype(kept).reshape(entry["shape"])

    def levels(self, passes):
        (schedule,) = (s for s in self.manifest["schedules"] if s["passes"] == passes)
        return [f32(level) for level in schedule["levels"]]


# The program: arithmetic.md 6.


class Session:
    def __init__(self, world, seed, prompt, passes):
        self.w, self.seed, self.t = world, seed, world.levels(passes)
        s = world.shape
        self.latent = (s["latent_channels"], s["latent_height"], s["latent_width"])
        self.blocks, self.heads, self.width = s["blocks"], s["heads"], s["width"]
        self.past = []  # for each remembered frame, oldest first: for each block (keys, values)
        latents = world.tensors[f"prompt.{prompt}.latents"]
        actions = world.tensors[f"prompt.{prompt}.actions"]
        time = self.t[-2]
        for i, (z, action) in enumerate(zip(latents, actions)):
            n = noise(seed, 1, i, z.size).reshape(z.shape)
            x = mix_noise(z, n, time)
            self.remember(self.run(x, action, time)[1])

    def remember(self, made):
        self.past = (self.past + [made])[-self.w.shape["window"]:]

    def linear(self, name, x):
        t = self.w.tensors
        q, scale = quantise(x)
        # Integer sums below 2^31 are exact in float64, in any order.
        acc = q.astype(np.float64) @ t[name + ".weight"].T.astype(np.float64)
        return dequantise(acc, scale, t[name + ".scale"], t[name + ".bias"])

    def conv(self, name, y):
        t = self.w.tensors
        weight = t[name + ".weight"]
        height, width, _ = y.shape
        kernel = weight.shape[1]
        reach = kernel // 2
        q, scale = quantise(y.reshape(1, -1))
        q = np.pad(q.reshape(y.shape), ((reach, reach), (reach, reach), (0, 0)))
        acc = np.zeros((height, width, weight.shape[0]))
        for i in range(kernel):
            for j in range(kernel):
                seen = q[i:i + height, j:j + width].astype(np.float64)
                acc += seen @ weight[:, i, j, :].T.astype(np.float64)
        return dequantise(acc, scale[0, 0], t[name + ".scale"], t[name + ".bias"])

    def run(self, x, action, time):
        """The velocity of x, and (keys, values) of each block."""
        t, s = self.w.tensors, self.w.shape
        patch, (channels, height, width) = s["patch"], self.latent
        rows, columns = height // patch, width // patch
        a = self.linear("dit.ae.2", silu(self.linear("dit.ae.0", action[None])))
        e = time_embedding(time, s["time_features"])[None]
        c = self.linear("dit.te.2", silu(self.linear("dit.te.0", e)))
        condition = silu(add(c, a))
        mod = self.linear("dit.ada.1", condition).reshape(9, -1)
        p = permute(x, (channels, rows, patch, columns, patch), (1, 3, 0, 2, 4), (rows * columns, -1))
        h = add(self.linear("dit.inp", p), t["dit.pos"])
        made = []
        for n in range(self.blocks):
            name = f"dit.bl.{n}"
            m = add(mod, t[name + ".tab"])
            u = modulate(layer_norm(h), m[0], m[1])
            q, k, v = split_heads(self.linear(name + ".sa.qkv", u), self.heads)
            h = gated_add(h, self.linear(name + ".sa.o", attention(q, k, v)), m[2])
            u = modulate(layer_norm(h), m[3], m[4])
            q, k, v = split_heads(self.linear(name + ".ta.qkv", u), self.heads)
            past = [frame[n] for frame in self.past]
            y = temporal_attention(q, k, v, past, t[name + ".ta.b"])
            h = gated_add(h, self.linear(name + ".ta.o", y), m[5])
            made.append((k, v))
            u = modulate(layer_norm(h), m[6], m[7])
            y = self.linear(name + ".m1.2", gelu(self.linear(name + ".m1.0", u)))
            h = gated_add(h, y, m[8])
        o = self.linear("dit.mo", condition).reshape(2, -1)
        p = self.linear("dit.out", modulate(layer_norm(h), o[0], o[1]))
        v = permute(p, (rows, columns, channels, patch, patch), (2, 0, 3, 1, 4), self.latent)
        return v, made

    def residual(self, name, y):
        z = y
        for half in (1, 2):
            z = silu(pixel_norm(z, self.w.tensors[f"{name}.n{half}.g"]))
            z = self.conv(f"{name}.c{half}", z)
        return add(y, z)

    def decode(self, x):
        t = self.w.tensors
        y = permute(x, self.latent, (1, 2, 0), self.latent[1:] + (-1,))
        y = scale_shift(y, t["latent.std"], t["latent.mean"])
        y = self.conv("ae.dec.0", y)
        last = len(self.w.shape["decoder"]) - 1
        for stage in range(last + 1):
            layer = 4 * stage
            y = self.residual(f"ae.dec.{layer + 1}", y)
            y = self.residual(f"ae.dec.{layer + 2}", y)
            if stage < last:
                y = shuffle(self.conv(f"ae.dec.{layer + 3}", y))
        y = silu(pixel_norm(y, t[f"ae.dec.{layer + 3}.g"]))
        return to_picture(shuffle(self.conv(f"ae.dec.{layer + 5}", y)))

    def frame(self, number, action):
        """Picture digest and state sum of one frame."""
        held = buttons(action, len(self.w.manifest["actions"]))
        x = noise(self.seed, 0, number, np.prod(self.latent)).reshape(self.latent)
        for now, then in zip(self.t, self.t[1:]):
            v, made = self.run(x, held, now)
            x = euler(x, v, then - now)
        self.remember(made)
        total, first = bit_sum(0, x), x.size
        for array in (array for pair in made for array in pair):
            total += bit_sum(first, array)
            first += array.size
        picture = self.decode(x).tobytes()
        return blake3(picture, derive_key_context="worldtape 1 picture").hexdigest(), total & M64


# The checks.


def play(world, what):
    """Plays one play; gives frames, ops looked at, and how many of both differ."""
    seed, first = int(what["seed"], 16), int(what["first_frame"], 16)
    print(f"prompt {what['prompt']}, {what['passes']} passes, seed {what['seed']}")
    session = Session(world, seed, what["prompt"], what["passes"])
    differing = 0
    expected = zip(what["actions"], what["pictures"], what["state_sums"], strict=True)
    for number, (action, *outcome) in enumerate(expected, first):
        seen = watch()
        picture, state_sum = session.frame(number, action)
        same = outcome == [picture, f"0x{state_sum:016x}"]
        differing += not same
        print(f"  {number} {picture} {state_sum:016x} {'same' if same else 'DIFFERS'}")
    ops = what.get("last_frame_ops", {})
    for name, digest in ops.items():
        if digest not in seen:
            differing += 1
            print(f"  op {name} of the last frame: no output with digest {digest}: DIFFERS")
    return np.array([len(what["actions"]), len(ops), differing])


def numbers(text):
    """Float32 from 8 hexadecimal digits each."""
    return from_bits([int(text[i:i + 8], 16) for i in range(0, len(text), 8)])


FUNCTIONS = {
    "fma": fma,
    "exp": exp,
    "ln": ln,
    "silu": silu,
    "gelu": gelu,
    "sin_cos": lambda x: np.concatenate(sin_cos(x)),
    "sin_cos_turns": lambda x: np.concatenate(sin_cos_turns(x)),
    "sum": lambda x: lanes_sum(x)[None],
    "chain": lambda a, b: np.asarray(chain(a, b), f32)[None],
    "layer_norm": layer_norm,
    "pixel_norm": pixel_norm,
    "to_length": to_length,
    "modulate": modulate,
    "mix_noise": lambda clean, n, time: mix_noise(clean, n, time[0]),
    "quantise": lambda x: np.concatenate([y.astype(f32) for y in quantise(x)]),
    "attend": lambda q, k, v, bias: attend(
        q, k.reshape(len(bias), -1), v.reshape(len(bias), -1), bias),
    "time_embedding": lambda time, features: time_embedding(time[0], int(features[0])),
    "to_picture": lambda x: to_picture(x).astype(f32),
}


def walk(function, inputs):
    """The digest of a function's results over many inputs."""
    first, count, step = (int(text, 16) for text in inputs)
    x = from_bits(first + step * np.arange(count))
    return blake3(bits(function(x)).astype("<u4").tobytes()).hexdigest()


def check_vectors(path):
    """Every function on numbers that hurt; gives how many of them differ."""
    vectors = json.loads(path.read_text())
    differing = 0
    for index, vector in enumerate(vectors):
        kind, _, name = vector["function"].rpartition(" ")
        if kind == "walk":
            if walk(FUNCTIONS[name], vector["inputs"]) != vector["output"]:
                differing += 1
                print(f"vector {index} walk {name} DIFFERS")
            continue
        made = FUNCTIONS[vector["function"]](*map(numbers, vector["inputs"]))
        expected = numbers(vector["output"])
        both_nan = np.isnan(made) & np.isnan(expected)
        wrong = np.flatnonzero((bits(made) != bits(expected)) & ~both_nan)
        if wrong.size:
            differing += 1
            print(f"vector {index} {vector['function']}: elements {wrong.tolist()} DIFFER")
    print(f"{len(vectors)} vectors, {differing} differ")
    return differing


def main(arguments):
    data = ROOT / "tests/data"
    differing = 0 if arguments else check_vectors(data / "exact-vectors.json")
    world_path, outcomes = arguments or (data / "tiny.safetensors", data / "tiny-outcomes.json")
    world = World(world_path)
    print(f"world {world.manifest['name']} {world.digest}")
    plays = json.loads(Path(outcomes).read_text())
    frames, ops, plays_differing = sum(play(world, what) for what in plays)
    print(f"{frames} frames and {ops} outputs of ops, {plays_differing} differ")
    return 1 if differing or plays_differing or not frames else 0


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.exit(main(sys.argv[1:]))
