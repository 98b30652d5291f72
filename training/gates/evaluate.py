"""Stage `evaluate`: all gates of a world in PyTorch, as JSON, strips and a plot."""

import os

import numpy
import torch
from PIL import Image

from training.data.container import digest, whole, write_json
from training.gates.circle import circle
from training.gates.fidelity import free_running, next_frame, reconstruction
from training.gates.longplay import sharpness, stability
from training.gates.obedience import obedience
from training.gates.spec import LIMITS, line, unmeasured
from training.gates.trial import Trial
from training.model.products import set_quantised
from training.model.shape import SCHEDULES

FORMAT = "evaluation-2"
GROUPS = {"reconstruction": reconstruction, "next-frame": next_frame,
          "free-running": free_running, "obedience": obedience, "circle": circle,
          "sharpness": sharpness, "stability": stability}
ELSEWHERE = {"int8_against_float": "`python -m training compare` sets two evaluations side by side"}


def add_arguments(parser):
    """Arguments of `python -m training evaluate`."""
    parser.add_argument("world", help="float file, or a packed world (dequantised)")
    parser.add_argument("heldout", help="held-out file with latents")
    parser.add_argument("-o", "--output", required=True, help="folder of the results")
    parser.add_argument("--groups", nargs="+", choices=sorted(GROUPS), default=list(GROUPS))
    parser.add_argument("--starts", type=int, default=500)
    parser.add_argument("--frames", type=int, default=5000, help="of each stability play")
    parser.add_argument("--passes", type=int, choices=sorted(SCHEDULES), default=3)
    parser.add_argument("--remember-passes", type=int, choices=sorted(SCHEDULES),
                        help="remember what so many passes make, and show what --passes do: which of the "
                             "two is at fault?")
    parser.add_argument("--batch", type=int, default=64, help="plays at once")
    parser.add_argument("--quantised", action="store_true", help="round products as int8 does")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def run(arguments):
    """Measures the groups asked for; each is written as soon as it is done."""
    trial = Trial(arguments)
    set_quantised(trial.transformer, arguments.quantised)
    set_quantised(trial.autoencoder.dec, arguments.quantised)
    gates, strips = {}, {}
    for group in arguments.groups:
        for gate in GROUPS[group](trial, strips):
            gates[gate["name"]] = gate
            print(line(gate), flush=True)
        write_json(os.path.join(arguments.output, "evaluation.json"),
                   report(arguments, trial, gates))
    draw(strips, arguments.output)


def report(arguments, trial, gates):
    """The JSON object."""
    missing = {name: unmeasured(name, ELSEWHERE.get(name, "not asked for"))
               for name in LIMITS if name not in gates}
    engine = f"PyTorch {torch.__version__}, float32, {arguments.device}"
    return {
        "format": FORMAT, "world": os.path.basename(arguments.world),
        "digest": "sha256:" + digest(arguments.world), "passes": arguments.passes,
        "engine": engine + (", int8 rounding" if arguments.quantised else "")
                  + (f", memory of {arguments.remember_passes} passes" if arguments.remember_passes else ""),
        "data": {"file": os.path.basename(arguments.heldout),
                 "digest": "sha256:" + digest(arguments.heldout),
                 "episodes": trial.actions.shape[0], "frames": trial.actions.shape[1],
                 "circles": len(trial.data.get("circle.actions", ()))},
        "starts": arguments.starts, "frames": arguments.frames,
        "gates": list((gates | missing).values())}


def draw(strips, folder):
    """A PNG of each strip (rows of u8 pictures), and the plot of PSNR by frame."""
    for name, rows in strips.items():
        path = os.path.join(folder, f"{name}.png")
        if name == "psnr-by-frame":
            _plot(rows, path)
        elif len(rows):
            width = max(len(row) for row in rows)
            lines = [numpy.concatenate(list(row) + [row[0] * 0] * (width - len(row)), axis=1)
                     for row in rows]
            with whole(path) as partial:
                Image.fromarray(numpy.concatenate(lines)).save(partial, format="png")


def _plot(values, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(5, 3))
    axes.plot(range(1, len(values) + 1), values, marker="o", markersize=3)
    axes.set_xlabel("frames ahead, true actions")
    axes.set_ylabel("PSNR, dB")
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
