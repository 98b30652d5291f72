"""Files that are whole or not there, and safetensors with the project's metadata."""

import contextlib
import hashlib
import json
import os

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

METADATA = "worldtape"
DIGEST_CHUNK_BYTES = 1 << 22


@contextlib.contextmanager
def whole(path):
    """A path to write to, which becomes `path` once the block ends well, and is gone otherwise."""
    path = os.fspath(path)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    partial = f"{path}.{os.getpid()}.partial"
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)


def write_tensors(path, tensors, about):
    """Writes numpy arrays as safetensors; `about` is the JSON object under `worldtape`."""
    with whole(path) as partial:
        arrays = {name: numpy.ascontiguousarray(array) for name, array in tensors.items()}
        save_file(arrays, partial, metadata={METADATA: json.dumps(about)})


def read_tensors(path):
    """The numpy arrays of `path`, and its JSON object under `worldtape`."""
    with safe_open(path, framework="np") as file:
        about = json.loads((file.metadata() or {}).get(METADATA, "{}"))
    return load_file(path), about


def write_json(path, value):
    """Writes `value` as indented JSON."""
    with whole(path) as partial, open(partial, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def digest(path):
    """SHA-256 of the file `path`, in hex."""
    state = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(DIGEST_CHUNK_BYTES):
            state.update(chunk)
    return state.hexdigest()
