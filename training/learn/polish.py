"""Stage `polish`: the decoder learns to draw sharply what the world model makes in long play."""

import copy
import dataclasses
import os

import torch
from torch.nn import functional

from training.clock import Deadline, Progress
from training.data.latents import load_latents
from training.data.pictures import load_pictures
from training.learn import autoencoder, losses, refine, setup
from training.learn.course import Course
from training.learn.judge import Judge
from training.learn.optimise import Average, optimiser_of, save_checkpoint, take_step
from training.learn.played import TOGETHER, played_on
from training.model.autoencoder import signed
from training.model.shape import SCHEDULES

CHECKPOINT = "polished.pt"


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of the decoder's last training."""

    seed: int = 2
    steps: int = 1500
    seconds: float = 0.0
    """Where not 0, the schedule is of so many seconds of steps: for a machine lent for a while."""
    batch: int = 64
    """Real pictures in a step, and as many generated ones."""
    rate: float = 2e-4
    warmup: int = 50
    decay: float = 0.0
    average: float = 0.995
    edges: float = 1.0
    latent_noise: float = 0.1
    anchor: float = 2.0
    """Weight of staying near what the decoder drew before, at half size."""
    critic: float = 0.5
    sharpness: float = 1.0
    """Gradient energy of generated pictures, of the real ones', at which the critic is right."""
    passes: int = 3
    plays: int = 256
    frames: int = 160
    skipped: int = 24
    """First frames of a play that are left out: they are still close to the game."""


def add_arguments(parser):
    """Arguments of `python -m training polish`."""
    setup.add_arguments(parser, minutes=2)
    parser.add_argument("--latents", nargs="+", required=True, help="folders of encoded shards")


def run(arguments):
    """Plays, then trains the decoder alone until the steps are done or the time is up."""
    deadline = Deadline(arguments.minutes)
    polisher = Polisher(arguments)
    settings = polisher.settings
    latents = polisher.generated()
    pictures = load_pictures(arguments.data, arguments.device)
    progress = Progress("polish", 0, settings.steps)
    while not polisher.course.is_done and not deadline.passed:
        real = pictures[torch.randint(len(pictures), (settings.batch,)).to(pictures.device)]
        made = latents[torch.randint(len(latents), (settings.batch,)).to(latents.device)]
        polisher.train(signed(real), made.float())
        progress.tell(polisher.course.step, polisher.told)
    polisher.save()
    quality = autoencoder.told_quality(polisher.average.model, pictures)
    print(f"{polisher.path}: {polisher.course.told()}, {polisher.told()}, {quality}")


class Polisher:
    """The autoencoder, whose decoder learns, the decoder it began with, and the critic."""

    def __init__(self, arguments):
        shape, model = autoencoder.load_average(arguments.run)
        self.settings, self.shape = setup.prepared(arguments, Settings(), shape)
        self.arguments, self.course = arguments, Course(self.settings)
        self.path = os.path.join(arguments.run, CHECKPOINT)
        self.model = model.to(arguments.device, memory_format=torch.channels_last)
        self.model.enc.requires_grad_(False)
        self.before = copy.deepcopy(self.model.dec).requires_grad_(False)
        self.average = Average(self.model, self.settings.average)
        self.optimiser = optimiser_of(self.model, self.settings)
        self.judge = Judge(self.settings, arguments.device)

    @torch.no_grad()
    def generated(self):
        """Latents f16 [frames, ...] of long plays with the data's actions."""
        settings, device = self.settings, self.arguments.device
        transformer = refine.load_average(self.arguments.run)[1].to(device)
        data = load_latents(self.arguments.latents, settings.frames, len(self.shape.buttons), device)
        kept = []
        for first in range(0, settings.plays, TOGETHER):
            latents, actions = data.batch(min(TOGETHER, settings.plays - first))
            noise = torch.randn_like(latents)
            with setup.half(self.arguments):
                played = played_on(transformer, latents, actions, noise, SCHEDULES[settings.passes])
                kept += [latent.half() for frame, latent, _ in played if frame >= settings.skipped]
        return torch.cat(kept)

    def train(self, real, latents):
        """One step on real pictures, and on generated latents [batch, channels, rows, columns]."""
        settings = self.settings
        made, before = self._drawn(real, latents)
        ours, drawn = made[:len(real)], made[len(real):]
        pull = losses.gradient_of(
            lambda pictures: losses.fidelity(pictures, real, settings.edges), ours)
        half = lambda pictures: functional.avg_pool2d(pictures, 2)
        anchor = settings.anchor * losses.gradient_of(
            lambda pictures: (half(pictures) - half(before)).abs().mean(), drawn)
        rate = self.course.rate
        # At first the anchor pulls nothing: the critic is measured by the pull of the real pictures.
        anchor = anchor + self.judge.pull(drawn, real, pull, rate)
        take_step(self.optimiser, self.model, (made * torch.cat([pull, anchor])).sum(), rate)
        self.average.follow(self.model, self.course.step)
        self.course.advance()

    def _drawn(self, real, latents):
        """Pictures of the real ones' latents, with some noise, and of the generated; and how the
        decoder drew the generated before."""
        model = self.model
        std, mean = model.std.view(-1, 1, 1), model.mean.view(-1, 1, 1)
        with setup.half(self.arguments):
            with torch.no_grad():
                raw = model.enc(real)
                generated = latents * std + mean
                before = self.before(generated)
            noisy = raw + self.settings.latent_noise * std * torch.randn_like(raw)
            made = model.dec(torch.cat([noisy.float(), generated]))
        return made.float(), before.float()

    def told(self):
        """How it goes, as text; waits for the device."""
        return self.judge.told()

    def save(self):
        """Writes the polished autoencoder."""
        save_checkpoint(self.path, {"average": self.average.model}, self.course,
                        setup.described(self.settings, self.shape))


def load_average(run_folder):
    """Shape and Autoencoder of a run: polished, where it was."""
    path = os.path.join(run_folder, CHECKPOINT)
    if not os.path.exists(path):
        return autoencoder.load_average(run_folder)
    return autoencoder.load_average(run_folder, CHECKPOINT)
