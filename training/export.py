"""Stage `export`: the float world file and the manifest that `worldtape world pack` takes."""

import dataclasses
import json
import os

import numpy
import torch
from safetensors.torch import load_file, save_file

from training.data.shards import shards
from training.data.container import whole, write_json
from training.data.latents import held
from training.learn import focus, refine
from training.model.files import SCHEDULES_KEY, SHAPE, prompts_of, read_world
from training.model.shape import SCHEDULES
from training.settings import FRAMES_PER_SECOND, PICTURE_HEIGHT, PICTURE_WIDTH

PROMPT_FRAMES = 8
OPEN_UNITS = 200.0
"""A prompt of one's own choosing starts with so much room ahead, in map units."""
KEYS = {"forward": ["up", "w"], "backward": ["down", "s"], "left": ["left", "a"],
        "right": ["right", "d"], "attack": ["space"], "strafe_left": ["q"],
        "strafe_right": ["e"], "run": ["r"]}
LICENCE = ("MIT OR Apache-2.0 for the weights; learned from Freedoom assets (BSD-3-Clause) and "
           "ViZDoom scenarios (MIT), see worlds/README.md")


def add_arguments(parser):
    """Arguments of `python -m training export`."""
    parser.add_argument("run", help="folder of the run, with both checkpoints")
    parser.add_argument("--data", nargs="+", required=True,
                        help="folders of encoded shards; prompts are taken from each")
    parser.add_argument("--prompts", type=int, default=3, help="prompts from each folder")
    parser.add_argument("--prompts-from", metavar="WORLD",
                        help="the prompts of this world, whose latents are the same, in their place")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", required=True)
    parser.add_argument("--passes", type=int, choices=sorted(SCHEDULES), default=3,
                        help="denoise passes of the world's own choice")
    parser.add_argument("--about", required=True, help="a sentence for people")
    parser.add_argument("-o", "--output", required=True, help="the float file; beside it .json")


def run(arguments):
    """Writes float weights (float16), prompts (float32) and the manifest."""
    picture_shape, pictures = focus.load_average(arguments.run)
    shape, transformer = refine.load_average(arguments.run)
    if picture_shape != shape:
        raise SystemExit(f"{arguments.run}: the autoencoder has {picture_shape}, the world {shape}")
    tensors = {f"ae.{name}": value.half() for name, value in pictures.state_dict().items()
               if name not in ("mean", "std")}
    tensors |= {f"dit.{name}": value.half() for name, value in transformer.state_dict().items()}
    tensors |= {"latent.mean": pictures.mean.float(), "latent.std": pictures.std.float()}
    names = []
    for name, latents, actions in _all_prompts(arguments, len(shape.buttons)):
        prefix = f"prompt.{len(names)}"
        tensors[f"{prefix}.latents"], tensors[f"{prefix}.actions"] = latents.float(), actions
        names.append(f"{name} {len(names)}")
    with whole(arguments.output) as partial:
        contiguous = {name: value.contiguous() for name, value in tensors.items()}
        save_file(contiguous, partial, metadata={"about": arguments.about,
                                                 SHAPE: json.dumps(dataclasses.asdict(shape)),
                                                 SCHEDULES_KEY: json.dumps(SCHEDULES)})
    manifest_path = os.path.splitext(arguments.output)[0] + ".manifest.json"
    write_json(manifest_path, manifest(shape, names, arguments))
    print(f"{arguments.output}, {manifest_path}: {len(names)} prompts")


def manifest(shape, prompts, arguments):
    """The manifest of formats/world.md, section 2."""
    return {
        "format": 1, "name": arguments.name, "arithmetic": "exact-1",
        "architecture": "latent-transformer-1", "about": arguments.about, "licence": LICENCE,
        "frames_per_second": FRAMES_PER_SECOND,
        "picture": {"width": PICTURE_WIDTH, "height": PICTURE_HEIGHT},
        "actions": [{"name": name, "keys": KEYS[name]} for name in shape.buttons],
        "shape": shape.manifest(),
        "schedules": [{"passes": passes, "levels": list(levels)}
                      for passes, levels in SCHEDULES.items()],
        "default_passes": arguments.passes,
        "prompts": [{"name": name, "frames": PROMPT_FRAMES} for name in prompts],
    }


def _all_prompts(arguments, buttons):
    """Name, latents and buttons held of each prompt."""
    if arguments.prompts_from:
        tensors = read_world(arguments.prompts_from)[1]
        yield from ((arguments.name, *prompt) for prompt in prompts_of(tensors))
        return
    for folder in arguments.data:
        for latents, actions in _prompts(folder, arguments):
            yield os.path.basename(os.path.normpath(folder)), latents, held(actions, buttons)


def _prompts(folder, arguments):
    """Latents and actions of prompts that end in the open, spread over the folder's shards."""
    random = numpy.random.default_rng(arguments.seed)
    paths = shards(folder)
    for path in random.choice(paths, arguments.prompts, replace=len(paths) < arguments.prompts):
        part = load_file(path)
        room = part["places"][:, 4]
        starts = set(part["starts"].tolist())
        after = range(PROMPT_FRAMES, len(room))
        whole_ones = [end for end in after
                      if not starts.intersection(range(end - PROMPT_FRAMES + 1, end))]
        open_ones = [end for end in whole_ones if room[end - 1] >= OPEN_UNITS] or whole_ones
        end = int(random.choice(open_ones))
        frames = torch.arange(end - PROMPT_FRAMES, end)
        yield part["latents"][frames], part["actions"][frames]
