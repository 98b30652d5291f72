"""Plays that never end: sessions that the model plays on and on, as a person does, for a critic."""

import torch

from training.data.latents import drawn
from training.learn import setup, still
from training.model.session import Session


class EndlessPlays:
    """Many sessions side by side; each refill plays `frames` frames more with the game's actions.

    After a refill, `actions` [sessions, window + frames, buttons] and `committed`, what the last
    passes saw, [sessions, window + frames, ...] begin with the memory before the new frames; `noise`
    [sessions, frames, ...] is what the new ones were made from and `made` what they became. `truth`, shaped
    as `committed`, is what the game would show in its place to the sessions `known` [some]: to those that
    begin anew and press what was pressed there, `young` [some], and to those that stand still, however
    long they do."""

    def __init__(self, data, settings):
        self.data, self.sessions, self.frames = data, settings.sessions, settings.frames
        self.lingering = round(settings.lingering * self.sessions)
        self.places = still.places(data)
        self.standing = round(settings.standing * self.sessions) if len(self.places) else 0
        self.index = torch.arange(self.sessions, device=data.latents.device)
        self.holds = self.index < max(self.lingering, self.standing)
        self.restarts = torch.where(self.holds, settings.held_restarts, settings.restarts)
        self.committed = None

    @torch.no_grad()
    def refill(self, model, levels, arguments):
        """Plays on; each session begins anew from the game's frames by its chance of `restarts`. The
        first `lingering` sessions hold their buttons until then; the first `standing` of all hold none,
        and remember nothing but the place where they stand."""
        window = model.shape.window
        latents, actions = self.data.batch(self.sessions)
        self._stand_still(latents, actions)
        noise = torch.randn_like(latents)
        seen = (1 - levels[-2]) * latents[:, :window] + levels[-2] * noise[:, :window]
        held, lingers = actions[:, :window], actions[:, window]
        young = ~self.holds
        if self.committed is not None:
            goes_on = torch.rand(self.sessions, device=seen.device) >= self.restarts
            seen = torch.where(goes_on[:, None, None, None, None], self.committed[:, -window:], seen)
            held = torch.where(goes_on[:, None, None], self.actions[:, -window:], held)
            lingers = torch.where(goes_on[:, None], held[:, -1], lingers)
            young = young & ~goes_on
            still_there = self.index[goes_on & (self.index < self.standing)]
            latents[still_there] = self.truth[still_there]
        actions[:self.lingering, window:] = lingers[:self.lingering, None]
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
        self.known = torch.cat([self.index[:self.standing], self.young])

    def _stand_still(self, latents, actions):
        """Puts places where the player stands into the first `standing` runs, and takes his hands off."""
        if self.standing:
            places = drawn(self.places, self.standing)
            latents[:self.standing] = self.data.latents[places].float()[:, None]
            actions[:self.standing] = 0

    def choose(self, count, young=0):
        """`count` sessions by number. The first `young` are such, if any is."""
        chosen = torch.randint(self.sessions, (count,)).to(self.noise.device)
        if young and len(self.young):
            chosen[:young] = drawn(self.young, young)
        return chosen

    def of(self, chosen):
        """Committed, actions and noise of the sessions `chosen`."""
        return self.committed[chosen], self.actions[chosen], self.noise[chosen]

    def game_beside(self, chosen, latents, actions):
        """Latents and actions of as many runs of the game as sessions are `chosen`, shaped as `truth`:
        of those that stand still what they should see, of the others the runs given. Standing still is
        far less rare in sessions than in the game: a critic must not tell them apart by that."""
        stands = chosen < self.standing
        return (torch.where(stands[:, None, None, None, None], self.truth[chosen], latents),
                torch.where(stands[:, None, None], self.actions[chosen], actions))

    def with_truth(self, count):
        """The first `frames` frames, memory before them included, of `count` of the sessions `known`:
        what the game would show, actions, committed. None, where there is none."""
        chosen = drawn(self.known, count) if len(self.known) else self.known
        return tuple(values[chosen, :self.frames] for values in (self.truth, self.actions, self.committed))

    def spread(self):
        """Mean latent spread of the newest frames, and the smallest and largest of a session."""
        of_each = self.made[:, -1].float().std(dim=(1, 2, 3))
        return of_each.mean().item(), of_each.min().item(), of_each.max().item()
