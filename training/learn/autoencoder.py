"""Stage `autoencoder`: learns pictures to latents and back."""

import dataclasses
import os

import torch

from training.clock import Deadline, Progress
from training.data.pictures import load_pictures
from training.learn import losses, setup
from training.learn.course import Course
from training.learn.judge import Judge
from training.learn.optimise import (
    Average,
    load_checkpoint,
    optimiser_of,
    save_checkpoint,
    take_step,
)
from training.model.autoencoder import Autoencoder, signed
from training.model.files import autoencoder_of
from training.model.products import set_quantised
from training.model.shape import Shape

CHECKPOINT = "autoencoder.pt"
SAVE_EVERY_STEPS = 1000
STATISTICS_PICTURES = 16384


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of the autoencoder's training."""

    seed: int = 1
    steps: int = 8000
    seconds: float = 0.0
    """Where not 0, the schedule is of so many seconds of steps: for a machine lent for a while."""
    batch: int = 256
    rate: float = 1e-3
    warmup: int = 200
    decay: float = 0.01
    average: float = 0.999
    edges: float = 1.0
    """Weight of the edge loss beside the mean absolute and squared error."""
    critic: float = 0.3
    """Pull of the patch critic, as a share of the other losses' pull; 0 leaves it out."""
    critic_from: float = 0.5
    """Share of the steps after which the critic speaks."""
    sharpness: float = 0.9
    """Gradient energy of the pictures, of the real ones', at which the critic's pull is right."""
    latent_noise: float = 0.1
    """Noise on latents, in units of their spread: the decoder forgives the world model's slips."""
    latent_size: float = 1e-4
    """Weight of the latents' mean square: keeps their spread about 1."""
    quantised_from: float = 1.0
    """Share of the steps after which the decoder feels int8; 1 is never."""
    freeze_decoder: bool = False
    """Learn the encoder of a decoder that is there: a packed world has no encoder."""


def add_arguments(parser):
    """Arguments of `python -m training autoencoder`."""
    setup.add_arguments(parser, minutes=8)


def run(arguments):
    """Trains, or goes on training, until the steps are done or the time is up."""
    deadline = Deadline(arguments.minutes)
    settings, shape = setup.prepared(arguments, Settings(), Shape())
    trainer = Trainer(arguments, settings, shape)
    pictures = load_pictures(arguments.data, arguments.device)
    progress = Progress("autoencoder", trainer.course.step, settings.steps)
    while not trainer.course.is_done and not deadline.passed:
        batch = torch.randint(len(pictures), (settings.batch,)).to(pictures.device)
        trainer.train(signed(pictures[batch]))
        progress.tell(trainer.course.step, trainer.told)
        if trainer.course.step % SAVE_EVERY_STEPS == 0:
            trainer.save()
    trainer.finish(pictures)
    quality = told_quality(trainer.average.model, pictures)
    print(f"{trainer.path}: {trainer.course.told()}, {quality}")


class Trainer:
    """Model, average, critic and optimisers, and their checkpoint."""

    def __init__(self, arguments, settings, shape):
        self.settings, self.arguments = settings, arguments
        self.described = setup.described(settings, shape)
        self.path = os.path.join(arguments.run, CHECKPOINT)
        model = setup.started(arguments, shape, autoencoder_of) if arguments.start_from \
            else Autoencoder(shape)
        model.dec.requires_grad_(not settings.freeze_decoder)
        self.keeps_statistics = settings.freeze_decoder
        self.model = model.to(arguments.device, memory_format=torch.channels_last)
        self.average = Average(self.model, settings.average)
        self.optimiser = optimiser_of(self.model, settings, is_inner)
        self.judge = Judge(settings, arguments.device)
        self.course = Course(settings)
        load_checkpoint(self.path, self._parts(), self.course, self.described)
        self.reconstruct = torch.compile(self._reconstruct) if arguments.compile \
            else self._reconstruct

    def _parts(self):
        return {"model": self.model, "average": self.average.model, "optimiser": self.optimiser,
                **self.judge.parts()}

    def train(self, real):
        """One step on pictures [batch, 3, height, width] in -1..1."""
        settings, share = self.settings, self.course.share
        set_quantised(self.model.dec, share >= settings.quantised_from)
        with setup.half(self.arguments):
            made, raw = self.reconstruct(real)
        made, raw = made.float(), raw.float()
        pull = losses.gradient_of(
            lambda pictures: losses.fidelity(pictures, real, settings.edges), made)
        rate = self.course.rate
        if settings.critic and share >= settings.critic_from:
            pull = pull + self.judge.pull(made, real, pull, rate)
        loss = (made * pull).sum() + settings.latent_size * raw.square().mean()
        take_step(self.optimiser, self.model, loss, rate)
        self.average.follow(self.model, self.course.step)
        self.course.advance()
        self.last = (made.detach() - real).square().mean()

    def told(self):
        """How the last step went, as text; waits for the device."""
        return f"{losses.psnr(self.last, 2.0).item():.2f} dB, {self.judge.told()}"

    def _reconstruct(self, real):
        """Pictures out of noisy latents, and the raw latents."""
        raw = self.model.enc(real)
        spread = raw.detach().float().std(dim=(0, 2, 3), keepdim=True).to(raw.dtype)
        noisy = raw + self.settings.latent_noise * spread * torch.randn_like(raw)
        return self.model.dec(noisy), raw

    def save(self):
        """Writes the checkpoint."""
        save_checkpoint(self.path, self._parts(), self.course, self.described)

    @torch.no_grad()
    def finish(self, pictures):
        """Mean and spread of the average's latents over many pictures, then the checkpoint."""
        if not self.keeps_statistics:
            every = max(1, len(pictures) // STATISTICS_PICTURES)
            encoder = self.average.model.enc
            raw = torch.cat([encoder(signed(part)) for part in pictures[::every].split(256)])
            for owner in (self.average.model, self.model):
                owner.mean.copy_(raw.mean(dim=(0, 2, 3)))
                owner.std.copy_(raw.std(dim=(0, 2, 3)))
        self.save()


def is_inner(name):
    """Is it a convolution of a residual?"""
    return name.endswith(("c1.weight", "c2.weight"))


@torch.no_grad()
def told_quality(model, pictures, count=1024):
    """PSNR of the averaged model on pictures spread over the data, as text."""
    every = max(1, len(pictures) // count)
    values = []
    for part in pictures[::every].split(128):
        made = model.pictures(model.encode(part)).float()
        error = (made - part.float()).square().mean(dim=(1, 2, 3))
        values.append(losses.psnr(error.clamp_min(1e-9), 255.0))
    return f"{torch.cat(values).mean().item():.2f} dB on its data"


def load_average(run_folder, checkpoint=CHECKPOINT):
    """Shape and averaged Autoencoder of a run's checkpoint."""
    content = torch.load(os.path.join(run_folder, checkpoint), map_location="cpu",
                         weights_only=True)
    shape = Shape(**content["settings"]["shape"])
    model = Autoencoder(shape)
    model.load_state_dict(content["parts"]["average"])
    return shape, model.eval()
