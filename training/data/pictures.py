"""Collected frames, read back: pictures for the autoencoder."""

import sys

import torch
from safetensors import safe_open

from training.data.shards import shards


def load_pictures(folders, device):
    """All pictures of the shards in `folders`: u8 [frames, height, width, 3] on `device`.

    800,000 frames take 29.5 GB; they are copied shard by shard, so no second copy is held."""
    paths = [path for folder in folders for path in shards(folder)]
    counts = [_frames(path) for path in paths]
    pictures, first = None, 0
    for path, count in zip(paths, counts):
        with safe_open(path, framework="pt") as file:
            part = file.get_tensor("pictures")
        if pictures is None:
            pictures = torch.empty((sum(counts), *part.shape[1:]), dtype=torch.uint8, device=device)
        pictures[first:first + count] = part.to(device)
        first += count
    print(f"{len(pictures)} pictures on {device}", file=sys.stderr)
    return pictures


def _frames(path):
    with safe_open(path, framework="pt") as file:
        return file.get_slice("pictures").get_shape()[0]
