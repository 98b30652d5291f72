"""Arguments, device and settings that both trainings read alike."""

import dataclasses

import torch

from training.clock import add_minutes
from training.model.files import read_world, read_world_with, remembering
from training.settings import changed


def add_arguments(parser, minutes):
    """Arguments of a stage that trains."""
    parser.add_argument("run", help="folder of the run: checkpoints lie here")
    parser.add_argument("--data", nargs="+", required=True, help="folders of shards")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings")
    parser.add_argument("--shape", nargs="*", default=[], metavar="NAME=VALUE", help="sizes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile the training step")
    parser.add_argument("--bfloat16", action="store_true",
                        help="products in bfloat16 on a processor too: for one that has AMX")
    parser.add_argument("--start-from", help="world file, packed or float, to start from")
    parser.add_argument("--encoder", help="the encoder of a packed world, which has none itself")
    add_minutes(parser, minutes)


def prepared(arguments, settings, shape):
    """Settings and shape with the arguments put in; seeds set, matrix products made fast."""
    settings = changed(settings, arguments.set)
    shape = changed(shape, arguments.shape)
    torch.manual_seed(settings.seed)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    return settings, shape


def found_shape(arguments):
    """The shape of the world that `--start-from` names."""
    return read_world(arguments.start_from)[0]


def started(arguments, shape, maker):
    """The model of the world that `--start-from` names, made by `maker(shape, tensors)`. Its memory
    may be made longer."""
    found, tensors = read_world_with(arguments.start_from, arguments.encoder)
    if shape.window > found.window:
        tensors |= remembering(tensors, shape.window)
        found = dataclasses.replace(found, window=shape.window)
    if found != shape:
        raise SystemExit(f"{arguments.start_from} has {found}; give the same with --shape, or a "
                         "longer window")
    return maker(shape, tensors).train()


def half(arguments):
    """The autocast of this device: bfloat16 on a GPU, float32 elsewhere if not asked for."""
    return torch.autocast(arguments.device, dtype=torch.bfloat16,
                          enabled=arguments.device != "cpu" or arguments.bfloat16)


def compile_blocks(arguments, transformer):
    """With `--compile`: each block is compiled by itself. All are alike, so one is compiled for all."""
    if arguments.compile:
        for block in transformer.bl:
            block.compile(dynamic=False)


def described(settings, shape):
    """What a checkpoint must agree on: settings and sizes, as dicts."""
    return {"settings": dataclasses.asdict(settings), "shape": dataclasses.asdict(shape)}
