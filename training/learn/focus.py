"""Stage `focus`: the decoder's last convolution gives pictures the gradient energy of the game's."""

import dataclasses
import os

import torch

from training.clock import Deadline, Progress
from training.data.pictures import load_pictures
from training.learn import autoencoder, losses, polish, setup
from training.learn.course import Course
from training.learn.optimise import Average, optimiser_of, save_checkpoint, take_step
from training.model.autoencoder import signed

CHECKPOINT = "focused.pt"
PICTURES_TOGETHER = 64


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of the fit."""

    seed: int = 4
    steps: int = 400
    seconds: float = 0.0
    """Where not 0, the schedule is of so many seconds of steps: for a machine lent for a while."""
    batch: int = 48
    rate: float = 1e-3
    warmup: int = 10
    decay: float = 0.0
    average: float = 0.98
    pictures: int = 2048
    """Pictures, spread over the data, that are drawn again and again; 0.6 MB of memory each."""
    sharpness: float = 1.0
    """Gradient energy of the drawn pictures, of the game's, that is wanted."""
    energy: float = 0.02
    """Weight of the squared lack of it beside the squared error of the pictures."""


def add_arguments(parser):
    """Arguments of `python -m training focus`."""
    setup.add_arguments(parser, minutes=2)


def run(arguments):
    """Draws pictures up to the last convolution once, then fits that until the steps are done."""
    deadline = Deadline(arguments.minutes)
    focuser = Focuser(arguments)
    pictures = load_pictures(arguments.data, arguments.device)
    wanted = focuser.settings.pictures
    focuser.look_at(pictures[::max(1, -(-len(pictures) // wanted))])
    progress = Progress("focus", 0, focuser.settings.steps)
    while not focuser.course.is_done and not deadline.passed:
        focuser.train()
        progress.tell(focuser.course.step, focuser.told)
    focuser.save()
    quality = autoencoder.told_quality(focuser.finished(), pictures)
    print(f"{focuser.path}: {focuser.course.told()}, {focuser.told()}, {quality}")


class Focuser:
    """An autoencoder of which the last convolution learns.

    A decoder that makes the least error draws the mean of what the latent leaves open, which has
    less detail than any of the pictures that it is the mean of. Near the least error little is lost by
    drawing what it does know a little stronger: the error changes by the square of that little."""

    def __init__(self, arguments):
        shape, self.model = polish.load_average(arguments.run)
        self.settings, self.shape = setup.prepared(arguments, Settings(), shape)
        self.arguments, self.course = arguments, Course(self.settings)
        self.path = os.path.join(arguments.run, CHECKPOINT)
        self.model = self.model.to(arguments.device).requires_grad_(False)
        *body, self.last, self.shuffle = self.model.dec
        self.body = torch.nn.Sequential(*body)
        self.last.requires_grad_()
        self.average = Average(self.last, self.settings.average)
        self.optimiser = optimiser_of(self.last, self.settings)

    @torch.no_grad()
    def look_at(self, pictures):
        """Keeps `pictures`, u8 [count, height, width, 3], and what of their latents comes to the last
        convolution, f16."""
        self.real = pictures
        parts = [self.body(self.model.enc(signed(part))) for part in pictures.split(PICTURES_TOGETHER)]
        self.drawn = torch.cat([part.half() for part in parts])

    def train(self):
        """One step on a batch of the pictures kept."""
        settings = self.settings
        chosen = torch.randint(len(self.real), (settings.batch,)).to(self.real.device)
        real = signed(self.real[chosen])
        made = self.shuffle(self.last(self.drawn[chosen].float()))
        self.error = (made - real).square().mean()
        self.ratio = losses.energy(made) / losses.energy(real)
        loss = self.error + settings.energy * (self.ratio - settings.sharpness) ** 2
        take_step(self.optimiser, self.last, loss, self.course.rate)
        self.average.follow(self.last, self.course.step)
        self.course.advance()

    def finished(self):
        """The autoencoder with the averaged convolution."""
        self.last.load_state_dict(self.average.model.state_dict())
        return self.model

    def told(self):
        """How the last step went, as text; waits for the device."""
        return (f"{losses.psnr(self.error.detach(), 2.0).item():.2f} dB, "
                f"sharpness {self.ratio.item():.3f}")

    def save(self):
        """Writes the autoencoder."""
        save_checkpoint(self.path, {"average": self.finished()}, self.course,
                        setup.described(self.settings, self.shape))


def load_average(run_folder):
    """Shape and Autoencoder of a run: focused or polished, where it was."""
    if not os.path.exists(os.path.join(run_folder, CHECKPOINT)):
        return polish.load_average(run_folder)
    return autoencoder.load_average(run_folder, CHECKPOINT)
