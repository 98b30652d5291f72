"""Stage `collect`: many games side by side, played into shards on disk."""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

import numpy

from training.clock import Deadline, Progress, add_minutes
from training.data.container import write_tensors
from training.data.play import POLICIES, Player, empty
from training.data.scenarios import SCENARIOS
from training.data.shards import shard_path
from training.settings import BUTTONS, FRAMES_PER_SECOND

FORMAT = "frames-1"
STREAM = 0
"""Seeds of training data begin with this; those of held-out play with 1."""
ATTEMPTS = 3


def add_arguments(parser):
    """Arguments of `python -m training collect`."""
    parser.add_argument("folder", help="shards are written here; those that are there are kept")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), required=True)
    parser.add_argument("--frames", type=int, required=True, help="frames in all")
    parser.add_argument("--shard-frames", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--policy", choices=sorted(POLICIES), default="roam")
    parser.add_argument("--alone", action="store_true",
                        help="without monsters, which kill who stays where he is")
    parser.add_argument("--buttons", nargs="+", default=list(BUTTONS))
    add_minutes(parser, 8)


def run(arguments):
    """Plays the shards that are missing. A game that dies takes its process pool along: what is
    missing then is played anew, and comes out the same."""
    deadline = Deadline(arguments.minutes)
    wanted = range(-(-arguments.frames // arguments.shard_frames))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _play_missing(arguments, wanted, deadline)
            break
        except BrokenProcessPool:
            print(f"a game died, attempt {attempt} of {ATTEMPTS}", file=sys.stderr)
    done = sum(_is_there(arguments, index) for index in wanted)
    print(f"{arguments.folder}: {done} of {len(wanted)} shards of {arguments.shard_frames} frames")
    if attempt == ATTEMPTS and not deadline.passed and done < len(wanted):
        raise SystemExit(f"{arguments.folder}: games died {ATTEMPTS} times; with fewer --processes?")


def _play_missing(arguments, wanted, deadline):
    missing = [index for index in wanted if not _is_there(arguments, index)]
    progress = Progress("shard", len(wanted) - len(missing), len(wanted))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.processes, mp_context=context) as pool:
        played = as_completed([pool.submit(_play_shard, arguments, index) for index in missing])
        for done, shard in enumerate(played, start=progress.first + 1):
            shard.result()
            progress.tell(done)
            if deadline.passed:
                # Shards in play are played to their end: a game cut off would stay behind.
                pool.shutdown(cancel_futures=True)
                break


def _is_there(arguments, index):
    return os.path.exists(shard_path(arguments.folder, index))


def _play_shard(arguments, index):
    """Plays one shard: its frames depend on scenario, policy, buttons, seed, length and index."""
    seed = numpy.random.SeedSequence([arguments.seed, STREAM, index])
    player = Player(SCENARIOS[arguments.scenario], arguments.buttons, arguments.policy, seed,
                    arguments.alone)
    frames = empty(arguments.shard_frames)
    player.fill(frames, arguments.shard_frames)
    player.close()
    about = {"format": FORMAT, "scenario": arguments.scenario, "policy": arguments.policy,
             "alone": arguments.alone, "actions": arguments.buttons, "seed": arguments.seed, "shard": index,
             "frames_per_second": FRAMES_PER_SECOND}
    tensors = {"pictures": frames.pictures, "actions": frames.actions,
               "starts": frames.starts, "places": frames.places}
    write_tensors(shard_path(arguments.folder, index), tensors, about)
