"""Stage `world`: learns the next frame by rectified flow, a noise level for each frame."""

import dataclasses
import os

import torch

from training.clock import Deadline, Progress
from training.data.latents import load_latents
from training.learn import losses, setup
from training.learn.optimise import (
    Average,
    learning_rate,
    load_checkpoint,
    optimiser_of,
    save_checkpoint,
    take_step,
)
from training.model.files import transformer_of
from training.model.products import set_quantised
from training.model.shape import Shape
from training.model.transformer import Transformer

CHECKPOINT = "world.pt"
SAVE_EVERY_STEPS = 1000


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of the world model's training."""

    seed: int = 1
    steps: int = 15400
    batch: int = 48
    frames: int = 32
    """Frames of one run; attention over time sees `window` of them at once."""
    rate: float = 6e-4
    warmup: int = 500
    decay: float = 0.01
    average: float = 0.999
    level_mean: float = 0.3
    """Noise levels are sigmoid(normal): its mean and spread."""
    level_spread: float = 1.2
    context_share: float = 0.5
    """Share of the runs whose frames before a random cut carry low noise, as memory does."""
    context_level_max: float = 0.3
    drift_share: float = 0.0
    """Share of those runs whose memory is also wrong: its clean latents carry an error, as in long
    play, and the frames after the cut must still be right."""
    drift_max: float = 0.4
    """Largest error, in units of the latents' spread."""
    quantised_from: float = 1.0
    """Share of the steps after which the products feel int8; 1 is never."""


def add_arguments(parser):
    """Arguments of `python -m training world`."""
    setup.add_arguments(parser, minutes=8.5)


def run(arguments):
    """Trains, or goes on training, until the steps are done or the time is up."""
    deadline = Deadline(arguments.minutes)
    settings, shape = setup.prepared(arguments, Settings(), Shape())
    trainer = Trainer(arguments, settings, shape)
    data = load_latents(arguments.data, settings.frames, len(shape.buttons), arguments.device)
    progress = Progress("world", trainer.step, settings.steps)
    while trainer.step < settings.steps and not deadline.passed:
        trainer.train(*data.batch(settings.batch))
        progress.tell(trainer.step, trainer.told)
        if trainer.step % SAVE_EVERY_STEPS == 0:
            trainer.save()
    trainer.save()
    print(f"{trainer.path}: step {trainer.step} of {settings.steps}, {trainer.told()}")


class Trainer:
    """Model, average and optimiser, and their checkpoint."""

    def __init__(self, arguments, settings, shape):
        self.settings, self.arguments = settings, arguments
        self.described = setup.described(settings, shape)
        self.path = os.path.join(arguments.run, CHECKPOINT)
        model = setup.started(arguments, shape, transformer_of) if arguments.start_from \
            else Transformer(shape)
        self.model = model.to(arguments.device)
        self.average = Average(self.model, settings.average)
        self.optimiser = optimiser_of(self.model, settings)
        self.last = torch.tensor(float("nan"))
        self.step = load_checkpoint(self.path, self._parts(), self.described)
        self.velocity = torch.compile(self.model) if arguments.compile else self.model

    def _parts(self):
        return {"model": self.model, "average": self.average.model, "optimiser": self.optimiser}

    def train(self, latents, actions):
        """One step on latents [batch, frames, ...] and actions [batch, frames, buttons]."""
        settings = self.settings
        set_quantised(self.model, self.step / settings.steps >= settings.quantised_from)
        level, drift, weight = noise_levels(latents.shape[:2], settings, latents.device)
        noise = torch.randn_like(latents)
        seen = latents + drift[..., None, None, None] * torch.randn_like(latents)
        wide = level[..., None, None, None]
        with setup.half(self.arguments):
            velocity, _ = self.velocity((1 - wide) * seen + wide * noise, level, actions)
        loss = losses.velocity_loss(velocity, noise - latents, weight)
        take_step(self.optimiser, self.model, loss, learning_rate(self.step, settings))
        self.average.follow(self.model, self.step)
        self.step += 1
        self.last = loss.detach()

    def told(self):
        """The last loss, as text; waits for the device."""
        return f"loss {self.last.item():.4f}"

    def save(self):
        """Writes the checkpoint."""
        save_checkpoint(self.path, self._parts(), self.step, self.described)


def noise_levels(size, settings, device):
    """Level of each frame, error of its memory, and its weight in the loss; each [batch, frames].

    Every frame has its own level. In a share of the runs the frames before a random cut have a low
    one: that is what lets a frame at low noise serve as memory. Frames whose memory is given an
    error do not count themselves: their velocity would point to the wrong latent."""
    batch, frames = size
    normal = torch.randn(size, device=device)
    level = torch.sigmoid(settings.level_mean + settings.level_spread * normal)
    cut = torch.randint(1, frames, (batch, 1), device=device)
    has_context = torch.rand(batch, 1, device=device) < settings.context_share
    context = has_context & (torch.arange(frames, device=device) < cut)
    low = settings.context_level_max * torch.rand(size, device=device)
    level = torch.where(context, low, level)
    drifts = torch.rand(batch, 1, device=device) < settings.drift_share
    size_of_drift = settings.drift_max * torch.rand(batch, 1, device=device)
    drift = torch.where(context & drifts, size_of_drift, 0.0)
    return level, drift, (drift == 0).float()


def load_average(run_folder):
    """Shape and averaged Transformer of a run's checkpoint."""
    content = torch.load(os.path.join(run_folder, CHECKPOINT), map_location="cpu",
                         weights_only=True)
    shape = Shape(**content["settings"]["shape"])
    model = Transformer(shape)
    model.load_state_dict(content["parts"]["average"])
    return shape, model.eval()
