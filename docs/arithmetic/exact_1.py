"""exact-1 in numpy: the functions and ops of docs/arithmetic.md and docs/arithmetic/elementary.md.

numpy's float32 gives + - * / and sqrt as IEEE 754 has them; the one operation it lacks is fma.
"""

import numpy as np
from blake3 import blake3

M32 = 0xFFFFFFFF
M64 = 0xFFFFFFFFFFFFFFFF
f32 = np.float32


class NotFinite(Exception):
    """A NaN or an infinity met quantise, to_picture or bit_sum."""


SEEN = None
"""Digests of the outputs of all ops of a frame, while they are wanted."""


def watch():
    """From now on the outputs of ops are seen; gives the set of their digests."""
    global SEEN
    SEEN = set()
    return SEEN


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


@op
def shuffle(y):
    height, width, channels = y.shape
    z = y.reshape(height, width, channels // 4, 2, 2).transpose(0, 3, 1, 4, 2)
    return z.reshape(2 * height, 2 * width, channels // 4)
