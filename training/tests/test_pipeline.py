"""The whole pipeline at a tiny size: frames, models, float file, packed world, evaluation."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from training.model.files import read_world

pytest.importorskip("vizdoom")

ROOT = Path(__file__).parents[2]
SIZES = ["decoder=[16,16,8]", "encoder=[8,16,16]", "width=32", "heads=2", "blocks=2", "mlp=64",
         "time_features=32"]


def program():
    """The built `worldtape`, if there is one: WORLDTAPE, else target/release, else PATH."""
    named = os.environ.get("WORLDTAPE", ROOT / "target" / "release" / "worldtape")
    return str(named) if Path(named).exists() else shutil.which("worldtape")


def stage(folder, *words):
    """Runs one stage; its output."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-m", "training", *map(str, words)], cwd=folder,
                          env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline")
    stage(folder, "collect", "frames/arena", "--scenario", "arena", "--frames", 160,
          "--shard-frames", 80, "--processes", 1)
    stage(folder, "autoencoder", "run", "--data", "frames/arena", "--device", "cpu", "--shape",
          *SIZES, "--set", "steps=3", "batch=4", "critic=0.1", "critic_from=0.3",
          "quantised_from=0.5")
    stage(folder, "encode", "frames/arena", "--run", "run", "--device", "cpu", "-o",
          "latents/arena")
    train = ["world", "run", "--data", "latents/arena", "--device", "cpu", "--shape", *SIZES,
             "--set", "steps=4", "batch=2", "frames=10", "played_from=0.5", "played_runs=2",
             "quantised_from=0.7"]
    stage(folder, *train)
    stage(folder, "refine", "run", "--data", "latents/arena", "--device", "cpu", "--set", "steps=4",
          "batch=2", "played=2", "frames=6", "sessions=3", "play_every=2", "critic_warmup=1")
    stage(folder, "polish", "run", "--data", "frames/arena", "--latents", "latents/arena",
          "--device", "cpu", "--set", "steps=2", "batch=2", "plays=2", "frames=14", "skipped=9")
    stage(folder, "focus", "run", "--data", "frames/arena", "--device", "cpu",
          "--set", "steps=2", "batch=2", "pictures=30")
    stage(folder, "export", "run", "--data", "latents/arena", "--prompts", 2, "--name", "tiny",
          "--about", "a test", "-o", "tiny.float.safetensors")
    return folder


def test_the_held_out_file_gives_an_evaluation_of_the_exported_world(made):
    stage(made, "heldout", "--scenario", "arena", "--seed", 9, "--episodes", 1, "--frames", 30,
          "--skip", 0, "--circles", 1, "-o", "raw.safetensors")
    stage(made, "encode-heldout", "raw.safetensors", "--name", "tiny", "--float",
          "tiny.float.safetensors", "--device", "cpu", "-o", "heldout.safetensors")
    stage(made, "evaluate", "tiny.float.safetensors", "heldout.safetensors", "--starts", 2,
          "--frames", 12, "--device", "cpu", "--groups", "reconstruction", "next-frame",
          "free-running", "sharpness", "obedience", "circle", "stability", "-o", "results")
    report = json.loads((made / "results" / "evaluation.json").read_text())
    values = {gate["name"]: gate["value"] for gate in report["gates"]}
    assert report["format"] == "evaluation-2"
    assert all(0 < values[name] < 60 for name in ("reconstruction", "next_frame", "circle_psnr"))
    assert values["int8_against_float"] is None
    sharpness = next(gate for gate in report["gates"] if gate["name"] == "sharpness")
    assert sharpness["value"] > 0 and sharpness["real"] > 0 and sharpness["real_count"] == 30
    assert (made / "results" / "free-running.png").exists()


def test_sessions_stay_where_the_game_stayed_under_a_teacher_that_is_named(made):
    stage(made, "collect", "frames/stays", "--scenario", "arena", "--policy", "stay", "--alone", "--frames", 1000,
          "--shard-frames", 1000, "--processes", 1)
    stage(made, "encode", "frames/stays", "--run", "run", "--device", "cpu", "-o", "latents/stays")
    refine = ["refine", "taught", "--start-from", "tiny.float.safetensors", "--data", "latents/arena", "--device",
              "cpu", "--set", "steps=2", "batch=2", "played=3", "frames=6", "sessions=5", "staying=0.4",
              "staying_taught=1", "contrast=1", "teacher_passes=4", "taught=1", "critic_warmup=1", "--teacher"]
    told = stage(made, *refine, "tiny.float.safetensors", "--stays", "latents/stays")
    assert re.search(r"teacher's error \d.*staying: error \d.* of 2 lost", told)
    with pytest.raises(AssertionError, match="nowhere is 320 frames long the same place"):
        stage(made, *refine, "tiny.float.safetensors", "--stays", "latents/arena")
    with pytest.raises(AssertionError, match="what it is to teach has"):
        stage(made, *refine, ROOT / "worlds" / "doom.safetensors")


def test_the_program_packs_and_plays_the_exported_world(made):
    worldtape = program()
    if worldtape is None:
        pytest.skip("no worldtape is built; WORLDTAPE names one")
    world = made / "tiny.safetensors"
    pack = [worldtape, "world", "pack", str(made / "tiny.float.safetensors"), "--manifest",
            str(made / "tiny.float.manifest.json"), "-o", str(world)]
    subprocess.run(pack, check=True, capture_output=True, timeout=60)
    checked = subprocess.run([worldtape, "world", "check", str(world)], check=True,
                             capture_output=True, text=True, timeout=60)
    assert "all finite" in checked.stdout


def test_a_stage_that_is_done_changes_nothing(made):
    before = (made / "run" / "autoencoder.pt").stat().st_mtime_ns
    shards = sorted((path.name, path.stat().st_mtime_ns)
                    for path in (made / "frames" / "arena").iterdir())
    stage(made, "collect", "frames/arena", "--scenario", "arena", "--frames", 160,
          "--shard-frames", 80, "--processes", 1)
    assert shards == sorted((path.name, path.stat().st_mtime_ns)
                            for path in (made / "frames" / "arena").iterdir())
    assert (made / "run" / "autoencoder.pt").stat().st_mtime_ns == before


def test_an_average_lies_between_its_worlds_and_draws_with_the_decoder_that_is_named(made):
    one, other, mean = (made / f"{name}.safetensors" for name in ("tiny.float", "other", "mean"))
    tensors = load_file(one)
    changed = {name: value + 1 if name.startswith(("dit.", "ae.")) else value
               for name, value in tensors.items()}
    with safe_open(one, framework="pt") as file:
        save_file(changed, other, metadata=file.metadata())
    stage(made, "average", f"{one}=0.75", f"{other}=0.25", "--decoder", other, "-o", mean)
    found = load_file(mean)
    assert found.keys() == tensors.keys()
    for name, value in tensors.items():
        more = {"d": 0.25, "a": 1.0}.get(name[0], 0.0)
        assert torch.allclose(found[name].float(), value.float() + more, atol=2e-3), name
    assert read_world(mean)[0] == read_world(one)[0]


def test_a_longer_memory_is_cut_in_an_average_and_prompts_are_picked(made):
    one, far, mean = (made / f"{name}.safetensors" for name in ("tiny.float", "far", "picked"))
    tensors = load_file(one)
    longer = {name: torch.cat([value + 1, 9 + value[:, :2]], dim=1)
              for name, value in tensors.items() if name.endswith(".ta.b")}
    with safe_open(one, framework="pt") as file:
        metadata = dict(file.metadata())
    shape = json.loads(metadata["shape"])
    save_file(tensors | longer, far,
              metadata=metadata | {"shape": json.dumps(shape | {"window": shape["window"] + 2})})
    stage(made, "average", f"{one}=0.5", f"{far}=0.5", "--prompts", 1, "-o", mean)
    found = load_file(mean)
    assert all(torch.allclose(found[name].float(), tensors[name].float() + 0.5, atol=2e-3)
               for name in longer)
    assert torch.equal(found["prompt.0.latents"], tensors["prompt.1.latents"])
    assert torch.equal(found["prompt.0.actions"], tensors["prompt.1.actions"])
    assert "prompt.1.latents" not in found and read_world(mean)[0] == read_world(one)[0]
    with pytest.raises(AssertionError, match="no prompt 2: there are 2, from 0"):
        stage(made, "average", f"{one}=1", "--prompts", 2, "-o", made / "refused.safetensors")


def test_an_average_of_worlds_with_other_latents_or_shares_is_refused(made):
    one, other = made / "tiny.float.safetensors", made / "shifted.safetensors"
    tensors = load_file(one)
    with safe_open(one, framework="pt") as file:
        save_file(tensors | {"latent.mean": tensors["latent.mean"] + 1}, other,
                  metadata=file.metadata())
    for words, why in (([f"{one}=0.5", f"{other}=0.5"], "its latents are others"),
                       ([f"{one}=0.5"], "the shares add up to 0.5"), ([f"{one}"], "WORLD=SHARE")):
        with pytest.raises(AssertionError, match=why):
            stage(made, "average", *words, "-o", made / "refused.safetensors")
    assert not (made / "refused.safetensors").exists()
