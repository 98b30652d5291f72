"""Stages `encode` and `encode-heldout`: latents of pictures, by a trained encoder."""

import os

import numpy
import torch

from training.clock import Deadline, Progress, add_minutes
from training.data.shards import shards
from training.data.container import digest, read_tensors, write_tensors
from training.learn.autoencoder import load_average
from training.model.files import autoencoder_of, read_world_with

BATCH = 256
PROMPT_FRAMES = 8


def add_arguments(parser):
    """Arguments of `python -m training encode`."""
    parser.add_argument("folder", help="folder of shards")
    parser.add_argument("-o", "--output", required=True, help="folder for the encoded shards")
    _add_encoder(parser)
    add_minutes(parser, 8)


def run(arguments):
    """Encodes the shards that are not encoded yet: latents as float16, and actions."""
    deadline = Deadline(arguments.minutes)
    autoencoder = _encoder(arguments)
    paths = shards(arguments.folder)
    progress = Progress("encode", 0, len(paths))
    for done, path in enumerate(paths):
        output = os.path.join(arguments.output, os.path.basename(path))
        if os.path.exists(output):
            continue
        if deadline.passed:
            break
        tensors, about = read_tensors(path)
        latents = encoded(autoencoder, tensors.pop("pictures"), arguments.device)
        write_tensors(output, tensors | {"latents": latents.astype(numpy.float16)}, about)
        progress.tell(done + 1)
    print(f"{arguments.output}: {len(shards(arguments.output))} of {len(paths)} shards")


def add_heldout_arguments(parser):
    """Arguments of `python -m training encode-heldout`."""
    parser.add_argument("heldout", help="file of `heldout`")
    parser.add_argument("--name", required=True, help="the world whose latents they are")
    parser.add_argument("-o", "--output", required=True)
    _add_encoder(parser)


def run_heldout(arguments):
    """Adds `episodes.latents` and `circle.latents` to a held-out file."""
    tensors, about = read_tensors(arguments.heldout)
    autoencoder = _encoder(arguments)
    for group, frames in (("episodes", None), ("circle", PROMPT_FRAMES)):
        pictures = tensors.get(f"{group}.pictures")
        if pictures is None:
            continue
        pictures = pictures[:, :frames]
        flat = encoded(autoencoder, pictures.reshape(-1, *pictures.shape[2:]), arguments.device)
        tensors[f"{group}.latents"] = flat.reshape(*pictures.shape[:2], *flat.shape[1:])
    write_tensors(arguments.output, tensors, about | {"world": arguments.name})
    print(f"{arguments.output}: sha256 {digest(arguments.output)}")


def encoded(autoencoder, pictures, device):
    """Normalised latents f32 [count, channels, rows, columns] of u8 [count, height, width, 3]."""
    batches = []
    with torch.no_grad():
        for first in range(0, len(pictures), BATCH):
            batch = torch.from_numpy(numpy.ascontiguousarray(pictures[first:first + BATCH]))
            batches.append(autoencoder.encode(batch.to(device)).float().cpu().numpy())
    return numpy.concatenate(batches)


def _add_encoder(parser):
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", help="folder of the autoencoder's run")
    source.add_argument("--float", help="float file with an encoder; or a packed world, with --encoder")
    parser.add_argument("--encoder", help="the encoder of a packed world, which has none itself")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def _encoder(arguments):
    if arguments.run:
        return load_average(arguments.run)[1].to(arguments.device)
    world = read_world_with(arguments.float, arguments.encoder)
    return autoencoder_of(*world).to(arguments.device)
