"""Stage `encode`: latents of collected frames or of a held-out file, by a trained encoder."""

import numpy
import torch

from training.data.container import digest, read_tensors, write_tensors
from training.model.files import autoencoder_of, read_world

BATCH = 128


def encoded(autoencoder, pictures, device):
    """Normalised latents f32 [count, channels, rows, columns] of u8 [count, height, width, 3]."""
    batches = []
    with torch.no_grad():
        for first in range(0, len(pictures), BATCH):
            batch = torch.from_numpy(numpy.ascontiguousarray(pictures[first:first + BATCH]))
            batches.append(autoencoder.encode(batch.to(device)).float().cpu().numpy())
    return numpy.concatenate(batches)


def add_heldout_arguments(parser):
    """Arguments of `python -m training encode-heldout`."""
    parser.add_argument("heldout", help="file of `heldout`")
    parser.add_argument("--float", required=True, help="float file with the encoder")
    parser.add_argument("--name", required=True, help="the world whose latents they are")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("-o", "--output", required=True)


def run_heldout(arguments):
    """Adds `episodes.latents` and `circle.latents` to a held-out file."""
    tensors, about = read_tensors(arguments.heldout)
    shape, weights = read_world(arguments.float)
    autoencoder = autoencoder_of(shape, weights).to(arguments.device)
    for group, frames in (("episodes", None), ("circle", 8)):
        pictures = tensors.get(f"{group}.pictures")
        if pictures is None:
            continue
        pictures = pictures[:, :frames]
        flat = encoded(autoencoder, pictures.reshape(-1, *pictures.shape[2:]), arguments.device)
        tensors[f"{group}.latents"] = flat.reshape(*pictures.shape[:2], *flat.shape[1:])
    write_tensors(arguments.output, tensors, about | {"world": arguments.name})
    print(f"{arguments.output}: sha256 {digest(arguments.output)}")
