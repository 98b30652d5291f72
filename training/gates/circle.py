"""Once round on the spot: is the view the same after a full circle?"""

import numpy

from training.gates.measures import correlation, psnr
from training.gates.spec import measured, unmeasured

SHOWN = 8


def circle(trial, strips):
    """The last picture of a circle against the view that it began with."""
    if "circle.pictures" not in trial.data:
        why = "the held-out data has no circles"
        return [unmeasured("circle_psnr", why), unmeasured("circle_correlation", why)]
    real, actions = trial.data["circle.pictures"], trial.data["circle.actions"]
    latents = trial.data["circle.latents"]
    memory = latents.shape[1]
    made = numpy.copy(real)

    def keep(first, frame, latent):
        made[first:first + len(latent), memory + frame] = trial.decoded(latent)

    trial.play(latents, actions[:, :memory], actions[:, memory:], keep, "circle")
    moments = numpy.linspace(0, real.shape[1] - 1, SHOWN).astype(int)
    strips["circle"] = [row[moments] for pair in zip(real, made) for row in pair]
    both = lambda measure, pictures: numpy.mean(
        [measure(row[-1], row[0]) for row in pictures])
    close = {part: (both(psnr, pictures), both(correlation, pictures))
             for part, pictures in (("world", _ends(made, real)), ("game", real))}
    return [measured(name, close["world"][index], len(real), close["game"][index], len(real))
            for index, name in enumerate(("circle_psnr", "circle_correlation"))]


def _ends(made, real):
    """The game's first pictures with the world's last ones: [circles, 2, ...]."""
    return numpy.stack([real[:, 0], made[:, -1]], axis=1)
