"""`python -m training STAGE`: one command for each stage of the pipeline."""

import argparse
import importlib
import sys

# Stage: module, names of its two functions, help. Modules load late: playing needs no PyTorch.
STAGES = {
    "collect": ("data.collect", "add_arguments", "run", "play games into shards of frames"),
    "report": ("data.report", "add_arguments", "run", "what the shards cover, with gates"),
    "heldout": ("data.heldout", "add_arguments", "run", "play episodes to evaluate on"),
    "autoencoder": ("learn.autoencoder", "add_arguments", "run", "learn pictures to latents"),
    "encode": ("encode", "add_arguments", "run", "shards of frames to shards of latents"),
    "encode-heldout": ("encode", "add_heldout_arguments", "run_heldout",
                       "add latents to held-out episodes"),
    "world": ("learn.world", "add_arguments", "run", "learn the next frame"),
    "refine": ("learn.refine", "add_arguments", "run", "a critic of long play teaches the world"),
    "polish": ("learn.polish", "add_arguments", "run", "the decoder learns to draw long play"),
    "focus": ("learn.focus", "add_arguments", "run", "the decoder draws with the game's detail"),
    "export": ("export", "add_arguments", "run", "float file and manifest for `world pack`"),
    "average": ("average", "add_arguments", "run", "the mean of worlds made one from another"),
    "evaluate": ("gates.evaluate", "add_arguments", "run", "the gates, from PyTorch"),
    "compare": ("gates.compare", "add_arguments", "run", "two evaluations side by side"),
    "carry": ("carry", "add_arguments", "run", "the game's wheel, without what is not needed"),
}


def main():
    """Reads the command line and runs one stage."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for stage, (_, _, _, about) in STAGES.items():
        stages.add_parser(stage, help=about)
    stage = parser.parse_args(sys.argv[1:2]).stage
    module_name, add, run, about = STAGES[stage]
    module = importlib.import_module(f"training.{module_name}")
    own = argparse.ArgumentParser(prog=f"python -m training {stage}", description=about)
    getattr(module, add)(own)
    getattr(module, run)(own.parse_args(sys.argv[2:]))


if __name__ == "__main__":
    main()
