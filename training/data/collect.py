"""Stage `collect`: many games side by side, played into shards on disk."""

import glob
import multiprocessing
import os

import numpy

from training.clock import Deadline, Progress, add_minutes
from training.data.container import write_tensors
from training.data.play import POLICIES, Player, empty
from training.data.scenarios import SCENARIOS
from training.settings import BUTTONS, FRAMES_PER_SECOND

FORMAT = "frames-1"
STREAM = 0
"""Seeds of training data begin with this; those of held-out play with 1."""


def add_arguments(parser):
    """Arguments of `python -m training collect`."""
    parser.add_argument("folder", help="shards are written here; those that are there are kept")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), required=True)
    parser.add_argument("--frames", type=int, required=True, help="frames in all")
    parser.add_argument("--shard-frames", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--policy", choices=sorted(POLICIES), default="roam")
    parser.add_argument("--buttons", nargs="+", default=list(BUTTONS))
    add_minutes(parser, 8)


def run(arguments):
    """Plays the shards that are missing."""
    deadline = Deadline(arguments.minutes)
    count = -(-arguments.frames // arguments.shard_frames)
    missing = [index for index in range(count)
               if not os.path.exists(shard_path(arguments.folder, index))]
    progress = Progress("shard", count - len(missing), count)
    done = count - len(missing)
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(arguments.processes, max(1, len(missing)))) as pool:
        tasks = ((arguments, index) for index in missing)
        for _ in pool.imap_unordered(_play_shard, tasks):
            done += 1
            progress.tell(done)
            if deadline.passed:
                pool.terminate()
                break
    print(f"{arguments.folder}: {done} of {count} shards of {arguments.shard_frames} frames")


def shard_path(folder, index):
    """Where shard `index` lies."""
    return os.path.join(folder, f"shard-{index:05}.safetensors")


def shards(folder):
    """The shards in `folder`, in order."""
    paths = sorted(glob.glob(os.path.join(folder, "shard-*.safetensors")))
    if not paths:
        raise SystemExit(f"{folder}: no shards; run `python -m training collect {folder}` first")
    return paths


def _play_shard(task):
    """Plays one shard: its frames depend on scenario, policy, buttons, seed and index alone."""
    arguments, index = task
    seed = numpy.random.SeedSequence([arguments.seed, STREAM, index])
    player = Player(SCENARIOS[arguments.scenario], arguments.buttons, arguments.policy, seed)
    frames = empty(arguments.shard_frames)
    player.fill(frames, arguments.shard_frames)
    player.close()
    about = {"format": FORMAT, "scenario": arguments.scenario, "policy": arguments.policy,
             "actions": arguments.buttons, "seed": arguments.seed, "shard": index,
             "frames_per_second": FRAMES_PER_SECOND}
    tensors = {"pictures": frames.pictures, "actions": frames.actions,
               "starts": frames.starts, "places": frames.places}
    write_tensors(shard_path(arguments.folder, index), tensors, about)
