"""`python -m training STAGE`: one command for each stage of the pipeline."""

import argparse
import importlib

# Stage: module, names of its two functions, help. Modules load late: playing needs no PyTorch.
STAGES = {
    "heldout": ("data.heldout", "add_arguments", "run", "play episodes to evaluate on"),
    "encode-heldout": ("encode", "add_heldout_arguments", "run_heldout",
                       "add latents to held-out episodes"),
}


def main():
    """Reads the command line and runs one stage."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True)
    names = [stage for stage in STAGES]
    for stage in names:
        stages.add_parser(stage, help=STAGES[stage][3], add_help=False)
    stage = parser.parse_known_args()[0].stage
    module_name, add, run, about = STAGES[stage]
    module = importlib.import_module(f"training.{module_name}")
    own = argparse.ArgumentParser(prog=f"python -m training {stage}", description=about)
    own.add_argument("stage", help=argparse.SUPPRESS)
    getattr(module, add)(own)
    getattr(module, run)(own.parse_args())


if __name__ == "__main__":
    main()
