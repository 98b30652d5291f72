"""Where shards lie: files of frames, or of their latents, in one folder."""

import glob
import os
import time

LOOK_EVERY_SECONDS = 0.5


def shard_path(folder, index):
    """Where shard `index` lies."""
    return os.path.join(folder, f"shard-{index:05}.safetensors")


def shards(folder):
    """The shards in `folder`, in order."""
    paths = _found(folder)
    if not paths:
        raise SystemExit(f"{folder}: no shards; run `python -m training collect {folder}` first")
    return paths


def _found(folder):
    return sorted(glob.glob(os.path.join(folder, "shard-*.safetensors")))


def await_shards(folders, count, deadline):
    """Waits until `folders` hold `count` shards together."""
    while len(found := [path for folder in folders for path in _found(folder)]) < count:
        if deadline.passed:
            raise SystemExit(f"{', '.join(folders)}: {len(found)} of {count} shards in time")
        time.sleep(LOOK_EVERY_SECONDS)
