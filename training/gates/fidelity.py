"""How close pictures are to what the game showed: decoded, one frame ahead, sixteen ahead."""

import numpy
import torch

from training.gates.measures import psnr
from training.gates.spec import measured

FREE_FRAMES = 16
FREE_FRAMES_SHORT = 8
SHOWN = 6


def reconstruction(trial, _strips):
    """Decoded latents against the pictures that they were encoded from."""
    places = trial.spread(0, trial.actions.shape[1], trial.starts_count)
    latents = torch.from_numpy(numpy.stack([trial.latents[place] for place in places]))
    real = numpy.stack([trial.pictures[place] for place in places])
    return [measured("reconstruction", psnr(trial.decoded(latents), real).mean(), len(places))]


def next_frame(trial, _strips):
    """One frame from true memory and the true action."""
    places = trial.starts(1)
    made, real = _free(trial, places, 1)
    return [measured("next_frame", psnr(made, real).mean(), len(places))]


def free_running(trial, strips):
    """Many frames from true memory and the true actions; nothing of the game is seen meanwhile."""
    places = trial.starts(FREE_FRAMES)
    made, real = _free(trial, places, FREE_FRAMES)
    values = psnr(made, real).mean(axis=0)
    strips["free-running"] = [row[[0, 1, 3, 7, 11, 15]] for play in
                              range(0, len(places), -(-len(places) // SHOWN))
                              for row in (real[play], made[play])]
    strips["psnr-by-frame"] = values
    return [measured("free_running_8", values[FREE_FRAMES_SHORT - 1], len(places)),
            measured("free_running_16", values[FREE_FRAMES - 1], len(places))]


def _free(trial, places, frames):
    """Made and real pictures [plays, frames, ...] from held-out places with the true actions."""
    spans = [(play, slice(frame, frame + frames)) for play, frame in places]
    actions = numpy.stack([trial.actions[span] for span in spans])
    made = trial.played(places, actions, f"{frames} ahead")
    return made, numpy.stack([trial.pictures[span] for span in spans])
