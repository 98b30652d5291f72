"""Where shards lie: files of frames, or of their latents, in one folder."""

import glob
import os


def shard_path(folder, index):
    """Where shard `index` lies."""
    return os.path.join(folder, f"shard-{index:05}.safetensors")


def shards(folder):
    """The shards in `folder`, in order."""
    paths = sorted(glob.glob(os.path.join(folder, "shard-*.safetensors")))
    if not paths:
        raise SystemExit(f"{folder}: no shards; run `python -m training collect {folder}` first")
    return paths
