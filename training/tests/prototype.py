"""Where the prototype's float weights and test vectors lie, if they are here."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("WORLDTAPE_PROTOTYPE", "../shared/prototype-world"))
WEIGHTS = FOLDER / "doom-prototype.safetensors"
VECTORS = FOLDER / "reference.safetensors"
SHIPPED = Path(__file__).parents[2] / "worlds" / "doom.safetensors"

needs_vectors = pytest.mark.skipif(
    not VECTORS.exists(),
    reason=f"no {VECTORS}; WORLDTAPE_PROTOTYPE names the folder of the prototype's vectors")
