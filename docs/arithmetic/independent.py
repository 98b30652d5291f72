#!/usr/bin/env python3
"""An engine of latent-transformer-1 in exact-1 that follows docs/arithmetic.md step by step.

It shares nothing with the Rust engines but the text. It plays every play of a list of outcomes and
holds each picture digest and state sum against it, the output of every op where the list has those,
and every function against vectors of numbers that hurt; the exit code is 1 where one bit differs.

    pip install -r docs/arithmetic/requirements.txt
    python3 docs/arithmetic/independent.py [WORLD.safetensors OUTCOMES.json]

Without arguments: the tiny world of the tests, its outcomes and the vectors, all in tests/data. It
is meant to be read, not to be fast. numpy's float32 gives + - * / and sqrt as IEEE 754 has them; the one operation
it lacks is fma, below.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
from blake3 import blake3

ROOT = Path(__file__).resolve().parents[2]
M32 = 0xFFFFFFFF
M64 = 0xFFFFFFFFFFFFFFFF
f32 = np.float32


class NotFinite(Exception):
    """A NaN or an infinity met quantise, to_picture or bit_sum."""


SEEN = None
"""Digests of the outputs of all ops of a frame, while they are wanted."""


def op(function):
    """Marks an op: a function whose results other engines write to memory."""
    def watched(*operands):
        results = function(*operands)
        if SEEN is not None:
            for x in results if isinstance(results, tuple) else (results,):
                kept = x.astype(np.int8) if x.dtype == np.int64 else x
                SEEN.add(blake3(np.ascontiguousarray(kept).tobytes()).hexdigest()[:16])
        return results
    return watched


# Numbers: arithmetic.md 1.


def real(bits):
    """The float32 with these bits."""
    return np.uint32(bits).view(f32)


def bits(x):
    """The bits of float32 values, as int64 so that sums of them do not wrap."""
    return np.ascontiguousarray(x, f32).view(np.uint32).astype(np.int64)


def from_bits(b):
    return (np.asarray(b) & M32).astype(np.uint32).view(f32)


def signed(b):
    """32 bits read as a signed integer."""
    return ((np.asarray(b) & M32) ^ 0x80000000) - 0x80000000


def fma(a, b, c):
    """a*b + c rounded once. The product is exact in float64 (48 bits). The sum is rounded to odd:
    where it is not exact, the neighbour with the odd last bit is taken; rounding that to float32
    cannot round twice, for 53 is more than 24 + 2 bits."""
    p = np.asarray(a, f32).astype(np.float64) * np.asarray(b, f32).astype(np.float64)
    p, c = np.broadcast_arrays(p, np.asarray(c, f32).astype(np.float64))
    s = p + c
    t = s - p
    lost = (p - (s - t)) + (c - t)
    s = np.ascontiguousarray(s)
    even = (s.view(np.int64) & 1) == 0
    move = np.isfinite(s) & even & (lost != 0)
    odd = np.nextafter(s, np.copysign(np.inf, lost))
    return np.where(move, odd, s).astype(f32)


# Elementary functions: arithmetic/elementary.md.


def rint_both(x):
    s = np.asarray(x + f32(12582912.0), f32)
    return s - f32(12582912.0), signed(bits(s) - 0x4B400000)


def exp(x):
    x = np.asarray(x, f32)
    n, k = rint_both(x * real(0x3FB8AA3B))
    h = fma(n, -real(0x3F317218), x)
    r = fma(n, -real(0xB102E308), h)
    p = fma(real(0x3AB52839), r, real(0x3C091CBC))
    for c in (0x3D2AAC56, 0x3E2AAA49, 0x3EFFFFFE, 0x3F800000, 0x3F800000):
        p = fma(p, r, real(c))
    y = from_bits(bits(p) + (k << 23))
    y = np.where(x < real(0xC2AEAC4F), f32(0), y)
    y = np.where(x > real(0x42B17217), f32(np.inf), y)
    return np.where(np.isnan(x), f32(np.nan), y)


LN = (0xBDEF00FD, 0x3DF36004, 0xBDFE1464, 0x3E119DD1, 0xBE2AAE22, 0x3E4CD23B, 0xBE800003,
      0x3EAAAAA4, 0xBF000000)


def ln(x):
    """Of positive finite x only: the noise needs no more."""
    small = x < real(0x00800000)
    z = np.where(small, x * f32(8388608.0), x)
    k = signed(bits(z) - 0x3F3504F3) >> 23
    f = from_bits(bits(z) - (k << 23)) - f32(1)
    e = (k - np.where(small, 23, 0)).astype(f32)
    a = e * real(0xB7F40417)
    q = real(0x3D8A39BB)
    for c in LN:
        q = fma(q, f, real(c))
    w = fma(q, f * f, a)
    b = e * real(0x3F317400)
    u = b + f
    d = f - (u - b)
    return u + (w + d)


def turned(r, k):
    z = r * r
    p = fma(real(0x363E1627), z, real(0xB9502CAA))
    p = fma(p, z, real(0x3C0888BA))
    p = fma(p, z, real(0xBE2AAAAB))
    sine = fma(r * z, p, r)
    p = fma(real(0x37CCF406), z, real(0xBAB60614))
    p = fma(p, z, real(0x3D2AAAA5))
    p = fma(p, z, f32(-0.5))
    cosine = fma(p, z, f32(1))
    first = np.where(k & 1 == 1, cosine, sine)
    second = np.where(k & 1 == 1, sine, cosine)
    flip_first = np.where(np.isin(k & 3, (2, 3)), 0x80000000, 0)
    flip_second = np.where(np.isin(k & 3, (1, 2)), 0x80000000, 0)
    return from_bits(bits(first) ^ flip_first), from_bits(bits(second) ^ flip_second)


def sin_cos(x):
    n, k = rint_both(x * real(0x3F22F983))
    r = fma(n, -real(0x3FC90FDB), x)
    r = fma(n, -real(0xB33BBD2E), r)
    r = fma(n, -real(0xA6F72CED), r)
    return turned(r, k)


def sin_cos_turns(u):
    n, k = rint_both(f32(4) * u)
    return turned(fma(n, f32(-0.25), u) * real(0x40C90FDB), k)


@op
def silu(x):
    return x / (f32(1) + exp(-x))


@op
def gelu(x):
    p = fma(x * x, real(0x3D922279), real(0x3FCC422A))
    w = x * p
    return x / (f32(1) + exp(-w))


def philox(counter, key):
    x0, x1, x2, x3 = (np.asarray(c, np.uint64) for c in counter)
    k0, k1 = key
    for _ in range(10):
        p = np.uint64(0xD2511F53) * x0
        q = np.uint64(0xCD9E8D57) * x2
        high_p, low_p = p >> np.uint64(32), p & np.uint64(M32)
        high_q, low_q = q >> np.uint64(32), q & np.uint64(M32)
        x0, x1, x2, x3 = high_q ^ x1 ^ np.uint64(k0), low_q, high_p ^ x3 ^ np.uint64(k1), low_p
        k0, k1 = (k0 + 0x9E3779B9) & M32, (k1 + 0xBB67AE85) & M32
    return x0, x1, x2, x3


@op
def noise(seed, draw, frame, count):
    fours = np.arange((count + 3) // 4, dtype=np.uint64)
    same = np.zeros_like(fours)
    counter = (fours, same + np.uint64(draw), same + np.uint64(frame & M32),
               same + np.uint64(frame >> 32))
    words = philox(counter, (seed & M32, seed >> 32))
    deviates = []
    for a, b in (words[:2], words[2:]):
        v = (a >> np.uint64(8)).astype(f32)
        radius = np.sqrt(f32(-2) * ln(fma(v, real(0x33800000), real(0x33000000))))
        sine, cosine = sin_cos_turns((b >> np.uint64(8)).astype(f32) * real(0x33800000))
        deviates += [radius * cosine, radius * sine]
    return np.stack(deviates, axis=1).reshape(-1)[:count]


# Building blocks: arithmetic.md 2. All of them work on the last axis.


def lanes_sum(x):
    n = x.shape[-1]
    lanes = np.zeros(x.shape[:-1] + (32,), f32)
    for start in range(0, n, 32):
        part = x[..., start:start + 32]
        lanes[..., :part.shape[-1]] += part
    for w in (16, 8, 4, 2, 1):
        lanes = lanes[..., :w] + lanes[..., w:2 * w]
    return lanes[..., 0]


def chain(a, b):
    t = f32(0)
    for i in range(a.shape[-1]):
        t = fma(a[..., i], b[..., i], t)
    return t


def refuse_not_finite(x):
    amax = bits(x) & 0x7FFFFFFF
    if np.any(amax >= 0x7F800000):
        raise NotFinite
    return amax


@op
def quantise(x):
    """One scale a row of the last axis."""
    amax = refuse_not_finite(x).max(axis=-1, keepdims=True)
    a = from_bits(np.maximum(amax, 1))
    none = amax < 0x0F800000
    scale = np.where(none, f32(0), a / f32(127))
    factor = np.where(none, f32(0), f32(127) / a)
    q = np.clip(rint_both(x * factor)[1], -127, 127)
    return q, scale


@op
def dequantise(acc, row_scale, weight_scale, bias):
    """The end of linear and convolution."""
    return fma(acc.astype(f32), row_scale * weight_scale, bias)


# Ops: arithmetic.md 3.


@op
def add(a, b):
    return a + b


@op
def buttons(action, count):
    return np.array([action >> i & 1 for i in range(count)], f32)


@op
def permute(x, split, axes, shape):
    return x.reshape(split).transpose(axes).reshape(shape)


@op
def gated_add(h, x, gate):
    return fma(gate, x, h)


@op
def euler(x, v, step):
    return fma(step, v, x)


@op
def mix_noise(clean, n, time):
    return fma(time, n, (f32(1) - time) * clean)


@op
def scale_shift(x, scale, shift):
    return fma(x, scale, shift)


@op
def time_embedding(time, features):
    half = features // 2
    c = -(real(0x41135D8E) / f32(half))
    p = f32(1000) * time
    sine, cosine = sin_cos(p * exp(c * np.arange(half).astype(f32)))
    return np.concatenate([cosine, sine])


@op
def layer_norm(x):
    d = f32(x.shape[-1])
    c = x - (lanes_sum(x) / d)[..., None]
    v = lanes_sum(c * c) / d
    r = f32(1) / np.sqrt(v + real(0x3727C5AC))
    return c * r[..., None]


@op
def modulate(x, shift, scale):
    return fma(x, f32(1) + scale, shift)


@op
def pixel_norm(x, gain):
    m = lanes_sum(x * x) / f32(x.shape[-1])
    r = f32(1) / np.sqrt(m + real(0x358637BD))
    return x * r[..., None] * gain


def to_length(x):
    s = lanes_sum(x * x)
    f = np.where(s == 0, f32(0), f32(8) / np.sqrt(s))
    return x * f[..., None]


def attend(query, keys, values, bias):
    """query [..., width], keys and values [..., n, width], bias [..., n]: every query at once."""
    logits = fma(chain(query[..., None, :], keys), f32(0.125), bias)
    e = exp(logits - logits.max(axis=-1, keepdims=True))
    f = f32(1) / lanes_sum(e)
    y = np.zeros(query.shape, f32)
    for j in range(keys.shape[-2]):
        y = fma(e[..., j, None], values[..., j, :], y)
    return y * f[..., None]


@op
def split_heads(qkv, heads):
    """[tokens][3 * width] -> q, k, v as [tokens][heads][head width]."""
    q, k, v = np.moveaxis(qkv.reshape(len(qkv), 3, heads, -1), 1, 0)
    return to_length(q), to_length(k), v


@op
def attention(q, k, v):
    q, k, v = (np.swapaxes(x, 0, 1) for x in (q, k, v))
    y = attend(q, k[:, None], v[:, None], np.zeros((1, 1, 1), f32))
    return np.swapaxes(y, 0, 1).reshape(q.shape[1], -1)


@op
def temporal_attention(q, k, v, past, bias):
    """past: keys and values of each remembered frame, oldest first."""
    seen = past + [(k, v)]
    keys, values = (np.stack([one[i] for one in seen], axis=2) for i in (0, 1))
    ages = np.arange(len(seen))[::-1]
    return attend(q, keys, values, bias[None][..., ages]).reshape(len(q), -1)


def bit_sum(first, x):
    refuse_not_finite(x)
    x = x.reshape(-1)
    index = (np.arange(x.size, dtype=np.uint64) + np.uint64(first)) & np.uint64(M32)
    z = (index << np.uint64(32)) + bits(x).astype(np.uint64)
    z ^= z >> np.uint64(32)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(29)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(32)
    return int(z.sum(dtype=np.uint64))


@op
def to_picture(x):
    refuse_not_finite(x)
    a = np.clip(x, f32(-1), f32(1)) + f32(1)
    return rint_both(a * f32(127.5))[1].astype(np.uint8)


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


@op
def shuffle(y):
    height, width, channels = y.shape
    z = y.reshape(height, width, channels // 4, 2, 2).transpose(0, 3, 1, 4, 2)
    return z.reshape(2 * height, 2 * width, channels // 4)


# The checks.


def play(world, what):
    """Plays one play; gives frames, ops looked at, and how many of both differ."""
    global SEEN
    seed, first = int(what["seed"], 16), int(what["first_frame"], 16)
    print(f"prompt {what['prompt']}, {what['passes']} passes, seed {what['seed']}")
    session = Session(world, seed, what["prompt"], what["passes"])
    differing = 0
    expected = zip(what["actions"], what["pictures"], what["state_sums"], strict=True)
    for number, (action, *outcome) in enumerate(expected, first):
        SEEN = set()
        picture, state_sum = session.frame(number, action)
        same = outcome == [picture, f"0x{state_sum:016x}"]
        differing += not same
        print(f"  {number} {picture} {state_sum:016x} {'same' if same else 'DIFFERS'}")
    ops = what.get("last_frame_ops", {})
    for name, digest in ops.items():
        if digest not in SEEN:
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
