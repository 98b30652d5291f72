"""Plays that never end: sessions that the model plays on and on, as a person does, for a critic."""

import torch

from training.data.latents import drawn
from training.learn import setup
from training.learn.contrast import spread
from training.model.session import Session

LOST_AT = 0.5
"""Mean square by which what a session that stays has made differs from the game, of the game's variance,
from which on it has lost its place: one grey would differ by 1, and who is taught to come as near as he can
to what he has lost makes grey."""
LOST_FRAMES = 4
"""Newest frames that tell."""


class EndlessPlays:
    """Many sessions side by side; each refill plays `frames` frames more with the game's actions.

    After a refill, `actions` [sessions, window + frames, buttons] and `committed`, what the last
    passes saw, [sessions, window + frames, ...] begin with the memory before the new frames; `noise`
    [sessions, frames, ...] is what the new ones were made from and `made` what they became. `truth`, shaped
    as `committed`, is what the game would show in its place to the sessions `known` [some]: to those that
    begin anew and press what was pressed there, `young` [some], and to those that stay where the game's
    player stayed, however long they do, until they have `lost` [sessions] their place. `near` [sessions,
    frames]: has a session, up to this frame, made what is like its truth?"""

    def __init__(self, data, settings, stays=None):
        self.data, self.stays = data, stays
        self.sessions, self.frames = settings.sessions, settings.frames
        self.lingering = round(settings.lingering * self.sessions)
        self.staying = round(settings.staying * self.sessions) if stays else 0
        self.index = torch.arange(self.sessions, device=data.latents.device)
        self.stays_at, self.stayed = torch.zeros(2, self.staying, dtype=torch.long, device=self.index.device)
        self.lost = torch.zeros_like(self.index, dtype=torch.bool)
        self.holds = self.index < max(self.lingering, self.staying)
        self.restarts = torch.where(self.holds, settings.held_restarts, settings.restarts)
        self.committed = None

    @torch.no_grad()
    def refill(self, model, levels, arguments):
        """Plays on; each session begins anew from the game's frames by its chance of `restarts`. The
        first `lingering` sessions hold their buttons until then; the first `staying` of all press what
        the game's player pressed where he stayed, and begin anew when they have lost the place."""
        window = model.shape.window
        goes_on = torch.zeros_like(self.lost) if self.committed is None else \
            (torch.rand(self.sessions, device=self.index.device) >= self.restarts) & ~self.lost
        latents, actions = self.data.batch(self.sessions)
        self._stay(latents, actions, goes_on)
        noise = torch.randn_like(latents)
        seen = (1 - levels[-2]) * latents[:, :window] + levels[-2] * noise[:, :window]
        held, lingers = actions[:, :window], actions[:, window]
        young = ~self.holds
        if self.committed is not None:
            seen = torch.where(goes_on[:, None, None, None, None], self.committed[:, -window:], seen)
            held = torch.where(goes_on[:, None, None], self.actions[:, -window:], held)
            lingers = torch.where(goes_on[:, None], held[:, -1], lingers)
            young = young & ~goes_on
        holding = slice(self.staying, self.lingering)
        actions[holding, window:] = lingers[holding, None]
        session = Session(model, levels)
        committed, made = [seen], []
        with setup.half(arguments):
            session.recall(seen, held)
            for frame in range(window, window + self.frames):
                made.append(session.step(actions[:, frame], noise[:, frame]))
                committed.append(session.committed.unsqueeze(1))
        self.actions = torch.cat([held, actions[:, window:]], dim=1)
        self.committed, self.made = torch.cat(committed, dim=1), torch.stack(made, dim=1)
        self.noise = noise[:, window:]
        self.truth, self.young = latents, self.index[young]
        away = self._away()
        self.lost = (away[:, -LOST_FRAMES:].mean(dim=1) > LOST_AT) & (self.index < self.staying)
        self.near = (away < LOST_AT).cumprod(dim=1)
        self.known = torch.cat([self.index[:self.staying], self.young])

    def _stay(self, latents, actions, goes_on):
        """Puts what the game shows where its player stays into the first `staying` runs: further on in
        those that go on, another stay into the others."""
        if not self.staying:
            return
        goes_on = goes_on[:self.staying]
        self.stays_at = torch.where(goes_on, self.stays_at, drawn(self.stays.starts, self.staying))
        self.stayed = torch.where(goes_on, self.stayed + self.frames, 0)
        shown = self.stays.show(self.stays_at, self.stayed, self.data.offsets)
        latents[:self.staying], actions[:self.staying] = shown

    def _away(self):
        """Mean square by which what was made differs from its truth, of that one's variance: [sessions,
        frames]."""
        truth = self.truth[:, -self.frames:]
        return (self.made - truth).square().mean(dim=(2, 3, 4)) / truth.flatten(2).var(dim=2)

    def choose(self, count, young=0, staying=0):
        """`count` sessions by number. The first `young` are such, if any is, and the last `staying` stay."""
        chosen = torch.randint(self.sessions, (count,)).to(self.noise.device)
        if young and len(self.young):
            chosen[:young] = drawn(self.young, young)
        if staying and self.staying:
            chosen[-staying:] = drawn(self.index[:self.staying], staying)
        return chosen

    def of(self, chosen):
        """Committed, actions and noise of the sessions `chosen`."""
        return self.committed[chosen], self.actions[chosen], self.noise[chosen]

    def game_beside(self, chosen, latents, actions):
        """Latents and actions of as many runs of the game as sessions are `chosen`, shaped as `truth`:
        of those that stay what they should see, of the others the runs given. To stay is far less rare
        in sessions than in the game: a critic must not tell them apart by that."""
        stays_there = chosen < self.staying
        return (torch.where(stays_there[:, None, None, None, None], self.truth[chosen], latents),
                torch.where(stays_there[:, None, None], self.actions[chosen], actions))

    def with_truth(self, count):
        """The first `frames` frames, memory before them included, of `count` of the sessions `known`:
        what the game would show, actions, committed. None, where there is none."""
        chosen = drawn(self.known, count) if len(self.known) else self.known
        return tuple(values[chosen, :self.frames] for values in (self.truth, self.actions, self.committed))

    def spread(self):
        """Mean latent spread of the newest frames, and the smallest and largest of a session."""
        of_each = spread(self.made[:, -1].float())
        return of_each.mean().item(), of_each.min().item(), of_each.max().item()
