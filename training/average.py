"""Stage `average`: one world of several that were trained one from another, weight by weight."""

import dataclasses
import json
import math

import torch
from safetensors.torch import save_file

from training.data.container import whole
from training.model.files import SCHEDULES_KEY, SHAPE, read_world, remembering, schedules_of

WORLD_MODEL, DECODER, LATENTS = "dit.", "ae.", "latent."
SHARES_TOLERANCE = 1e-3


def add_arguments(parser):
    """Arguments of `python -m training average`."""
    parser.add_argument("worlds", nargs="+", type=share, metavar="WORLD=SHARE",
                        help="world file, packed or float, and its share of the mean")
    parser.add_argument("--decoder", metavar="WORLD",
                        help="whose decoder it shall have; without it, that of the first")
    parser.add_argument("--prompts", type=int, nargs="+", metavar="N",
                        help="which prompts of the first world it shall have; without it, all")
    parser.add_argument("--about", default="An average of worlds.", help="a sentence for people")
    parser.add_argument("-o", "--output", required=True,
                        help="the float file; `worldtape world pack` takes it with the manifest of "
                             "the worlds, which are of one shape")


def share(text):
    """`WORLD=SHARE` as (path, share)."""
    path, _, number = text.rpartition("=")
    if not path:
        raise ValueError(text)
    return path, float(number)


def run(arguments):
    """Writes the mean world model, with decoder and prompts of one of the worlds."""
    _check_shares(arguments.worlds)
    first = arguments.worlds[0][0]
    shape, tensors = read_world(first)
    mean = {name: torch.zeros_like(value) for name, value in _part(tensors, WORLD_MODEL).items()}
    for path, part in arguments.worlds:
        found = _like(path, shape, tensors)
        for name, value in _part(found, WORLD_MODEL).items():
            mean[name] += part * value
    drawn_by = _like(arguments.decoder, shape, tensors) if arguments.decoder else tensors
    kept = _part(tensors, LATENTS) | _prompts(tensors, arguments.prompts)
    halves = {name: value.half() for name, value in (mean | _part(drawn_by, DECODER)).items()}
    metadata = {"about": arguments.about, SHAPE: json.dumps(dataclasses.asdict(shape)),
                SCHEDULES_KEY: json.dumps(schedules_of(first))}
    with whole(arguments.output) as partial:
        ordered = {name: value.contiguous() for name, value in (halves | kept).items()}
        save_file(ordered, partial, metadata=metadata)
    told = ", ".join(f"{part:g} {path}" for path, part in arguments.worlds)
    print(f"{arguments.output}: {told}; decoder of {arguments.decoder or first}")


def _check_shares(worlds):
    total = math.fsum(part for _, part in worlds)
    if abs(total - 1) > SHARES_TOLERANCE:
        raise SystemExit(f"the shares add up to {total:g}; they must to 1")


def _like(path, shape, tensors):
    """The tensors of the world `path`, whose sizes and latents must be those given: the mean of
    worlds with other latents means nothing. A longer memory is cut to the ages that are known here."""
    found, theirs = read_world(path)
    if found.window > shape.window:
        found = dataclasses.replace(found, window=shape.window)
        theirs |= remembering(theirs, shape.window)
    if found != shape:
        raise SystemExit(f"{path} has {found}; the first world has {shape}")
    for name in _part(tensors, LATENTS):
        if not torch.allclose(tensors[name], theirs[name]):
            raise SystemExit(f"{path}: {name} is not the first world's: its latents are others")
    return theirs


def _prompts(tensors, wanted):
    """The tensors of the prompts `wanted`, numbered anew; of all where that is None."""
    count = sum(name.endswith(".latents") for name in tensors)
    wanted = range(count) if wanted is None else wanted
    if unknown := [number for number in wanted if number not in range(count)]:
        raise SystemExit(f"no prompt {unknown[0]}: there are {count}, from 0")
    return {f"prompt.{new}.{part}": tensors[f"prompt.{old}.{part}"]
            for new, old in enumerate(wanted) for part in ("latents", "actions")}


def _part(tensors, prefix):
    return {name: value for name, value in tensors.items() if name.startswith(prefix)}
