"""Long play: does it keep the detail of the game, and does it stay a world?"""

import numpy
import torch

from training.gates.measures import deviation, gradient_energy
from training.gates.spec import measured

SHARP_FRAMES = 600
SHARP_FIRST = 60
LATENT_EVERY = 10
WINDOW = 100
FLAT_DEVIATION = 3.0
FLAT_SHARE = 0.01
"""Share of flat frames that is allowed above the real game's."""
SHOWN = 8
RANDOM_FRAMES = 8
"""Frames that the random play holds its buttons."""
TOUR = ((40, ("forward",)), (12, ("right",)), (30, ("forward",)), (10, ("attack",)),
        (20, ("forward", "left")), (15, ("backward",)), (26, ("right",)), (50, ("forward",)),
        (10, ()), (20, ("left",)), (30, ("forward", "attack")), (20, ("backward", "right")))
"""The scripted play: frames, and the buttons held; it begins anew after the last."""


def sharpness(trial, strips):
    """Gradient energy of frames 60 to 600 of long plays over that of real frames. The actions are
    the held-out play's, begun anew where it ends. Beside it, the same of real latents, decoded: more
    than that no world has but by noise."""
    first = trial.memory
    places = trial.spread(first, first + 1, max(2, -(-trial.starts_count // 25)))
    length = trial.actions.shape[1]
    frames = (first + numpy.arange(SHARP_FRAMES)) % length
    actions = numpy.stack([trial.actions[play][frames] for play, _ in places])
    made = trial.played(places, actions, "sharpness")
    strips["sharpness"] = list(made[:, numpy.linspace(0, SHARP_FRAMES - 1, SHOWN).astype(int)])
    energy = gradient_energy(made[:, SHARP_FIRST:])
    real, count = real_energy(trial)
    why = f"mean of {count} real frames: {real:.1f}"
    drawn = gradient_energy(trial.decoded(_real_latents(trial))).mean()
    return [measured("sharpness", energy.mean() / real, energy.size, drawn / real, count, why)]


def stability(trial, strips):
    """Every prompt, every way to play, for long."""
    ways = all_ways(trial.shape.buttons, trial.frames)
    plays = [(prompt, way) for prompt in range(len(trial.prompts)) for way in ways]
    seen = _played_long(trial, plays, ways, strips)
    real_latents = _real_latents(trial)
    real_pictures = numpy.stack([trial.pictures[place] for place in trial.real_places()])
    spread = seen["spread"] / deviation(real_latents.numpy()).mean()
    energy = seen["energy"] / gradient_energy(real_pictures).mean()
    real_flat = (deviation(real_pictures) < FLAT_DEVIATION).mean()
    name = lambda values, of: "prompt {}, {}".format(*plays[of(values) // values.shape[1]])
    return [
        measured("stability_latent_spread_least", spread.min(), spread.size,
                 why=f"at {name(spread, numpy.argmin)}"),
        measured("stability_latent_spread_most", spread.max(), spread.size,
                 why=f"at {name(spread, numpy.argmax)}"),
        measured("stability_gradient_energy_most", energy.max(), energy.size,
                 why=f"at {name(energy, numpy.argmax)}"),
        measured("stability_flat_frames", seen["flat"] / (len(plays) * trial.frames),
                 len(plays) * trial.frames, real_flat, len(real_pictures),
                 high=float(real_flat) + FLAT_SHARE)]


def _played_long(trial, plays, ways, strips):
    """Spreads of latents [plays, looks], energies of windows [plays, windows], flat frames."""
    prompts = [trial.prompts[prompt] for prompt, _ in plays]
    latents = numpy.stack([latents.numpy() for latents, _ in prompts])
    bits = 1 << numpy.arange(len(trial.shape.buttons))
    before = numpy.stack([(actions.numpy() @ bits) for _, actions in prompts]).astype(numpy.uint8)
    actions = numpy.stack([ways[way] for _, way in plays])
    window = min(WINDOW, trial.frames)
    spread = numpy.zeros((len(plays), max(1, trial.frames // LATENT_EVERY)))
    energy = numpy.zeros((len(plays), max(1, trial.frames // window)))
    moments = set(numpy.linspace(0, trial.frames - 1, SHOWN).astype(int).tolist())
    rows, flat = {}, [0]

    def look(first, frame, latent):
        part = slice(first, first + len(latent))
        pictures = trial.decoded(latent)
        flat[0] += int((deviation(pictures) < FLAT_DEVIATION).sum())
        if frame // window < energy.shape[1]:
            energy[part, frame // window] += gradient_energy(pictures) / window
        look_at = min(frame // LATENT_EVERY, spread.shape[1] - 1)
        spread[part, look_at] = deviation(latent.cpu().numpy())
        if frame in moments:
            for index, picture in enumerate(pictures):
                rows.setdefault(first + index, []).append(picture)

    trial.play(latents, before, actions, look, "stability")
    for prompt in range(len(trial.prompts)):
        strips[f"stability-prompt-{prompt}"] = [
            numpy.stack(rows[index]) for index, (of, _) in enumerate(plays) if of == prompt]
    return {"spread": spread, "energy": energy, "flat": flat[0]}


def _real_latents(trial):
    """Latents of real frames, [frames, channels, rows, columns]."""
    return torch.from_numpy(numpy.stack([trial.latents[place] for place in trial.real_places()]))


def real_energy(trial):
    """Mean gradient energy of real frames, and over how many."""
    places = trial.real_places()
    real = numpy.stack([trial.pictures[place] for place in places])
    return float(gradient_energy(real).mean()), len(places)


def all_ways(buttons, frames):
    """Actions u8 [frames] by name: each button held, none, the tour, and chance."""
    ways = {name: numpy.full(frames, 1 << bit, dtype=numpy.uint8)
            for bit, name in enumerate(buttons)}
    ways["none"] = numpy.zeros(frames, dtype=numpy.uint8)
    tour = [sum(1 << buttons.index(name) for name in names if name in buttons)
            for span, names in TOUR for _ in range(span)]
    ways["scripted"] = numpy.resize(numpy.array(tour, dtype=numpy.uint8), frames)
    random = numpy.random.default_rng(7)
    chosen = random.integers(0, 1 << len(buttons), -(-frames // RANDOM_FRAMES))
    ways["random"] = numpy.repeat(chosen, RANDOM_FRAMES)[:frames].astype(numpy.uint8)
    return ways
