"""Arguments, device and settings that both trainings read alike."""

import dataclasses

import torch

from training.clock import add_minutes
from training.model.files import read_world
from training.settings import changed


def add_arguments(parser, minutes):
    """Arguments of a stage that trains."""
    parser.add_argument("run", help="folder of the run: checkpoints lie here")
    parser.add_argument("--data", nargs="+", required=True, help="folders of shards")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings")
    parser.add_argument("--shape", nargs="*", default=[], metavar="NAME=VALUE", help="sizes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile the training step")
    parser.add_argument("--start-from", help="world file, packed or float, to start from")
    add_minutes(parser, minutes)


def prepared(arguments, settings, shape):
    """Settings and shape with the arguments put in; seeds set, matrix products made fast."""
    settings = changed(settings, arguments.set)
    shape = changed(shape, arguments.shape)
    torch.manual_seed(settings.seed)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    return settings, shape


def started(arguments, shape, maker):
    """The model of the world that `--start-from` names, made by `maker(shape, tensors)`."""
    found, tensors = read_world(arguments.start_from)
    if found != shape:
        raise SystemExit(f"{arguments.start_from} has {found}; give the same with --shape")
    return maker(shape, tensors).train()


def half(arguments):
    """The autocast of this device: bfloat16 on a GPU, float32 elsewhere."""
    return torch.autocast(arguments.device, dtype=torch.bfloat16,
                          enabled=arguments.device != "cpu")


def described(settings, shape):
    """What a checkpoint must agree on: settings and sizes, as dicts."""
    return {"settings": dataclasses.asdict(settings), "shape": dataclasses.asdict(shape)}
