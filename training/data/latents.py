"""Encoded shards: latents and actions, and runs of frames drawn from them."""

import sys

import torch
from safetensors.torch import load_file

from training.data.shards import shards


class Latents:
    """Latents f16 [frames, ...], actions as 0 or 1 [frames, buttons], and where runs may start."""

    def __init__(self, latents, actions, run_starts, run_frames):
        self.latents, self.actions = latents, actions
        self.run_starts = run_starts
        self.offsets = torch.arange(run_frames, device=latents.device)

    def batch(self, count, run_starts=None):
        """`count` runs: latents f32 [count, frames, ...], actions f32 [count, frames, buttons];
        from any start, or from `run_starts`."""
        starts = self.run_starts if run_starts is None else run_starts
        frames = drawn(starts, count)[:, None] + self.offsets
        return self.latents[frames].float(), self.actions[frames]


def drawn(pool, count):
    """`count` entries of `pool` by chance, each as likely as any, whether it came before or not."""
    return pool[torch.randint(len(pool), (count,)).to(pool.device)]


def load_latents(folders, run_frames, buttons, device):
    """All encoded shards in `folders`; runs of `run_frames` lie within one episode."""
    parts = [load_file(path) for folder in folders for path in shards(folder)]
    latents = torch.cat([part["latents"].to(device) for part in parts])
    bits = torch.cat([part["actions"] for part in parts]).to(device)
    actions = held(bits, buttons)
    starts, first = [], 0
    for part in parts:
        starts.append(_run_starts(part["starts"], len(part["actions"]), run_frames) + first)
        first += len(part["actions"])
    starts = torch.cat(starts).to(device)
    if not len(starts):
        raise SystemExit(f"no episode is {run_frames} frames long; --set frames=... is shorter")
    print(f"{len(latents)} latents, {len(starts)} runs of {run_frames} frames", file=sys.stderr)
    return Latents(latents, actions, starts, run_frames)


def held(bits, buttons):
    """Bits of actions, u8 [...], as floats [..., buttons]: 1 where a button is held."""
    each = torch.arange(buttons, device=bits.device)
    return (bits.to(torch.int32).unsqueeze(-1) >> each & 1).float()


def _run_starts(episode_starts, frames, run_frames):
    """Frames from which `run_frames` frames belong to one episode."""
    ends = torch.cat([episode_starts[1:], torch.tensor([frames])])
    runs = [torch.arange(start, max(start, end - run_frames + 1))
            for start, end in zip(episode_starts.tolist(), ends.tolist())]
    return torch.cat(runs)
