"""A world and held-out play, side by side: where plays start, and many plays at once."""

import numpy
import torch

from training.clock import Progress
from training.data.container import read_tensors
from training.data.latents import held
from training.model.files import (
    autoencoder_of,
    prompts_of,
    read_world,
    schedules_of,
    transformer_of,
)
from training.model.session import Session

DECODE_BATCH = 64
REAL_FRAMES = 500
"""Real frames behind a mean over real frames."""


class Trial:
    """One world file against one held-out file."""

    def __init__(self, arguments):
        self.device, self.starts_count = arguments.device, arguments.starts
        self.frames, self.batch = arguments.frames, arguments.batch
        shape, tensors = read_world(arguments.world)
        self.shape, schedules = shape, schedules_of(arguments.world)
        self.levels = schedules[arguments.passes]
        self.remembered = schedules[arguments.remember_passes or arguments.passes]
        self.transformer = transformer_of(shape, tensors).to(self.device)
        self.autoencoder = autoencoder_of(shape, tensors).to(self.device)
        self.prompts = prompts_of(tensors)
        self.memory = max((len(actions) for _, actions in self.prompts), default=8)
        self.data, self.about = read_tensors(arguments.heldout)
        if self.about.get("actions") != list(shape.buttons):
            raise SystemExit(f"{arguments.heldout}: buttons {self.about.get('actions')}, the world "
                             f"has {list(shape.buttons)}")
        if "episodes.latents" not in self.data:
            raise SystemExit(f"{arguments.heldout}: no latents; run `encode-heldout` first")
        self.pictures = self.data["episodes.pictures"]
        self.actions = self.data["episodes.actions"]
        self.latents = self.data["episodes.latents"]

    def spread(self, first, end, count):
        """At most `count` places (episode, frame), frames from `first` to `end`, evenly."""
        per_episode = end - first
        everything = len(self.pictures) * per_episode
        count = min(count, everything)
        places = [(2 * i + 1) * everything // (2 * count) for i in range(count)]
        return [(at // per_episode, first + at % per_episode) for at in places]

    def starts(self, frames):
        """Places with the memory behind them and `frames` frames ahead."""
        return self.spread(self.memory, self.actions.shape[1] + 1 - frames, self.starts_count)

    def real_places(self):
        """Places of the real frames that means are over."""
        return self.spread(0, self.actions.shape[1], REAL_FRAMES)

    def memories(self, places):
        """Latents and actions of the memory before each place, as a play begins with."""
        spans = [(play, slice(frame - self.memory, frame)) for play, frame in places]
        return (numpy.stack([self.latents[span] for span in spans]),
                numpy.stack([self.actions[span] for span in spans]))

    def decoded(self, latents):
        """u8 pictures of latents (a tensor [count, ...])."""
        with torch.no_grad():
            parts = [self.autoencoder.pictures(part.to(self.device)).cpu()
                     for part in latents.split(DECODE_BATCH)]
        return torch.cat(parts).numpy()

    def play(self, latents, memory_actions, actions, each, what):
        """Many plays at once, in batches. latents f32 [plays, memory, ...], memory_actions u8
        [plays, memory], actions u8 [plays, frames]. After every frame
        `each(first, frame, latents)` is called with the batch's first play and its new latents."""
        frames = actions.shape[1]
        progress = Progress(what, 0, -(-len(actions) // self.batch) * frames)
        made = 0
        for first in range(0, len(actions), self.batch):
            part = slice(first, first + self.batch)
            session, random = self._begun(latents[part], memory_actions[part], first)
            wanted = held(torch.from_numpy(actions[part]), len(self.shape.buttons))
            for frame in range(frames):
                shape = (len(wanted), *self.shape.latent)
                noise = torch.randn(shape, generator=random).to(self.device)
                latent = session.step(wanted[:, frame].to(self.device), noise)
                each(first, frame, latent)
                made += 1
                progress.tell(made)

    def played(self, places, actions, what):
        """Pictures u8 [plays, frames, ...] of plays from held-out places."""
        count, frames = actions.shape
        pictures = numpy.zeros((count, frames, *self.pictures.shape[2:]), dtype=numpy.uint8)

        def keep(first, frame, latent):
            pictures[first:first + len(latent), frame] = self.decoded(latent)

        self.play(*self.memories(places), actions, keep, what)
        return pictures

    def _begun(self, latents, actions, seed):
        """A batch of sessions with their memory, and the source of its noise."""
        random = torch.Generator().manual_seed(seed)
        noise = torch.randn(latents.shape, generator=random).to(self.device)
        session = Session(self.transformer, self.levels, self.remembered)
        buttons = held(torch.from_numpy(actions), len(self.shape.buttons)).to(self.device)
        session.prompt(torch.from_numpy(latents).to(self.device), buttons, noise)
        return session, random
