"""Stage `world`: learns the next frame by rectified flow, each frame as a session meets it."""

import dataclasses
import os

import torch

from training.clock import Deadline, Progress
from training.data.latents import load_latents
from training.learn import losses, setup
from training.learn.course import Course
from training.learn.optimise import (
    Average,
    load_checkpoint,
    optimiser_of,
    save_checkpoint,
    take_step,
)
from training.learn.played import Played
from training.model.files import transformer_of
from training.model.products import set_quantised
from training.model.shape import SCHEDULES, Shape
from training.model.transformer import Transformer, ages_of_two

CHECKPOINT = "world.pt"
SAVE_EVERY_STEPS = 1000


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of the world model's training."""

    seed: int = 1
    steps: int = 14000
    seconds: float = 0.0
    """Where not 0, the schedule is of so many seconds of steps: for a machine lent for a while."""
    batch: int = 24
    frames: int = 32
    """Frames of one run; attention over time sees `window` of them at once."""
    rate: float = 1e-3
    warmup: int = 300
    decay: float = 0.01
    average: float = 0.999
    passes: int = 3
    """Denoise passes of the sessions it is made for: their levels are trained most."""
    first_share: float = 0.25
    """Share of the frames to be made that are pure noise, as in a first pass."""
    level_mean: float = 0.3
    """The others' noise levels are sigmoid(normal): its mean and spread."""
    level_spread: float = 1.2
    memory_share: float = 0.5
    """Share of the memory at the level that the last pass commits; the others at any below
    `memory_level_max`."""
    memory_level_max: float = 0.4
    played_from: float = 0.7
    """Share of the steps after which memory is also what the model itself has played: it learns to
    go on well from its own slips. 1 is never."""
    played_share: float = 0.5
    """Share of a batch that is played, from then on."""
    played_runs: int = 512
    """Runs in the pool of played ones."""
    played_steps: int = 60
    """Steps after which the pool is played anew."""
    quantised_from: float = 1.0
    """Share of the steps after which the products feel int8; 1 is never."""

    @property
    def played_batch(self):
        """Played runs in a batch, once there are any."""
        return round(self.batch * self.played_share)


def add_arguments(parser):
    """Arguments of `python -m training world`."""
    setup.add_arguments(parser, minutes=8.5)


def run(arguments):
    """Trains, or goes on training, until the steps are done or the time is up."""
    deadline = Deadline(arguments.minutes)
    settings, shape = setup.prepared(arguments, Settings(), Shape())
    trainer = Trainer(arguments, settings, shape)
    data = load_latents(arguments.data, settings.frames, len(shape.buttons), arguments.device)
    trainer.draw_from(data)
    progress = Progress("world", trainer.course.step, settings.steps)
    while not trainer.course.is_done and not deadline.passed:
        trainer.train()
        progress.tell(trainer.course.step, trainer.told)
        if trainer.course.step % SAVE_EVERY_STEPS == 0:
            trainer.save()
    trainer.save()
    print(f"{trainer.path}: {trainer.course.told()}, {trainer.told()}")


class Trainer:
    """Model, average and optimiser, and their checkpoint."""

    def __init__(self, arguments, settings, shape):
        self.settings, self.arguments = settings, arguments
        self.levels = SCHEDULES[settings.passes]
        self.sees = ages_of_two(settings.frames, shape.window, arguments.device)
        self.described = setup.described(settings, shape)
        self.path = os.path.join(arguments.run, CHECKPOINT)
        model = setup.started(arguments, shape, transformer_of) if arguments.start_from \
            else Transformer(shape)
        self.model = model.to(arguments.device)
        self.average = Average(self.model, settings.average)
        self.optimiser = optimiser_of(self.model, settings, is_inner)
        self.last = torch.tensor(float("nan"))
        self.course = Course(settings)
        load_checkpoint(self.path, self._parts(), self.course, self.described)
        setup.compile_blocks(arguments, self.model)

    def _parts(self):
        return {"model": self.model, "average": self.average.model, "optimiser": self.optimiser}

    def draw_from(self, data):
        """Where runs come from, and the pool of played ones."""
        self.data = data
        self.pool = Played(data, self.settings.played_runs, self.levels)

    def train(self):
        """One step on runs of the data and, in time, played ones."""
        settings = self.settings
        share = self.course.share
        set_quantised(self.model, share >= settings.quantised_from)
        latents, actions, memory = self._runs(share >= settings.played_from)
        x, level, target, weight = two_streams(latents, memory, settings)
        with setup.half(self.arguments):
            velocity, _ = self.model(x, level, torch.cat([actions, actions], dim=1),
                                        sees=self.sees)
        loss = losses.velocity_loss(velocity, target, weight)
        take_step(self.optimiser, self.model, loss, self.course.rate)
        self.average.follow(self.model, self.course.step)
        self.course.advance()
        self.last = loss.detach()

    def _runs(self, with_played):
        """A batch: latents, actions, and the memory of the last, played, runs."""
        settings = self.settings
        count = settings.played_batch if with_played else 0
        latents, actions = self.data.batch(settings.batch - count)
        if not count:
            return latents, actions, latents[:0]
        if self.pool.latents is None or self.course.step % settings.played_steps == 0:
            self.pool.refill(self.average.model, self.arguments)
        more, their_actions, memory = self.pool.batch(count)
        return torch.cat([latents, more]), torch.cat([actions, their_actions]), memory

    def told(self):
        """The last loss, as text; waits for the device."""
        return f"loss {self.last.item():.4f}"

    def save(self):
        """Writes the checkpoint."""
        save_checkpoint(self.path, self._parts(), self.course, self.described)


def is_inner(name):
    """Is it a matrix of a block?"""
    return name.startswith("bl.") and name.endswith(".weight")


def two_streams(latents, memory, settings):
    """What the model sees and should say, [runs, 2 * frames, ...]: memory at low noise, then the
    same frames to be made; every frame is learned just as a session meets it.

    latents [runs, frames, ...]; memory: what the last pass saw of the played runs, which come last.
    Gives x, the noise levels, the velocities, and each frame's weight in the loss: memory that was
    played counts nothing, since its velocity would point to the wrong latent."""
    level = torch.cat([memory_levels(latents, settings), made_levels(latents, settings)], dim=1)
    both = torch.cat([latents, latents], dim=1)
    noise = torch.randn_like(both)
    wide = level[..., None, None, None]
    x = (1 - wide) * both + wide * noise
    weight = torch.ones_like(level)
    if len(memory):
        played = (slice(-len(memory), None), slice(0, latents.shape[1]))
        x[played], level[played] = memory, SCHEDULES[settings.passes][-2]
        weight[played] = 0.0
    return x, level, noise - both, weight


def memory_levels(latents, settings):
    """Levels [runs, frames] of memory: what the last pass commits, or any low one."""
    size, device = latents.shape[:2], latents.device
    low = settings.memory_level_max * torch.rand(size, device=device)
    commits = torch.rand(size, device=device) < settings.memory_share
    return torch.where(commits, SCHEDULES[settings.passes][-2], low)


def made_levels(latents, settings):
    """Levels [runs, frames] of frames to be made: pure noise, or any."""
    size, device = latents.shape[:2], latents.device
    normal = torch.randn(size, device=device)
    level = torch.sigmoid(settings.level_mean + settings.level_spread * normal)
    is_first = torch.rand(size, device=device) < settings.first_share
    return torch.where(is_first, 1.0, level)


def load_average(run_folder, checkpoint=CHECKPOINT):
    """Shape and averaged Transformer of a run's checkpoint."""
    content = torch.load(os.path.join(run_folder, checkpoint), map_location="cpu",
                         weights_only=True)
    shape = Shape(**content["settings"]["shape"])
    model = Transformer(shape)
    model.load_state_dict(content["parts"]["average"])
    return shape, model.eval()
