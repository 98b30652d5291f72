"""Plays that never end: sessions that the model plays on and on, as a person does, for a critic."""

import torch

from training.learn import setup
from training.model.session import Session


class EndlessPlays:
    """Many sessions side by side; each refill plays `frames` frames more with the game's actions.

    After a refill, `actions` [sessions, window + frames, buttons] and `committed`, what the last
    passes saw, [sessions, window + frames, ...] begin with the memory before the new frames; `noise`
    [sessions, frames, ...] is what the new ones were made from and `made` what they became. `truth`, shaped
    as `committed`, is what the game showed in its place to the sessions that begin anew and press what
    was pressed there, `begun` [some]."""

    def __init__(self, data, sessions, frames, restarts, lingering):
        self.data, self.sessions, self.frames = data, sessions, frames
        self.restarts, self.lingering = restarts, round(lingering * sessions)
        self.committed = None

    @torch.no_grad()
    def refill(self, model, levels, arguments):
        """Plays on; a share `restarts` of the sessions begins anew from the game's frames. The first
        `lingering` sessions hold their buttons until then."""
        window = model.shape.window
        latents, actions = self.data.batch(self.sessions)
        noise = torch.randn_like(latents)
        seen = (1 - levels[-2]) * latents[:, :window] + levels[-2] * noise[:, :window]
        held, lingers = actions[:, :window], actions[:, window]
        anew = torch.arange(self.sessions, device=seen.device) >= self.lingering
        if self.committed is not None:
            goes_on = torch.rand(self.sessions, device=seen.device) >= self.restarts
            seen = torch.where(goes_on[:, None, None, None, None], self.committed[:, -window:], seen)
            held = torch.where(goes_on[:, None, None], self.actions[:, -window:], held)
            lingers = torch.where(goes_on[:, None], held[:, -1], lingers)
            anew &= ~goes_on
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
        self.truth, self.begun = latents, anew.nonzero().squeeze(1)

    def batch(self, count):
        """`count` sessions: committed, actions, noise."""
        chosen = torch.randint(self.sessions, (count,)).to(self.noise.device)
        return self.committed[chosen], self.actions[chosen], self.noise[chosen]

    def young(self, count):
        """The first `frames` frames, memory before them included, of `count` sessions that began anew:
        what the game showed, actions, committed. None of them, where none began."""
        count = count if len(self.begun) else 0
        at = torch.randint(max(1, len(self.begun)), (count,)).to(self.begun.device)
        chosen = self.begun[at]
        return tuple(values[chosen, :self.frames] for values in (self.truth, self.actions, self.committed))

    def spread(self):
        """Mean latent spread of the newest frames, and the smallest and largest of a session."""
        of_each = self.made[:, -1].float().std(dim=(1, 2, 3))
        return of_each.mean().item(), of_each.min().item(), of_each.max().item()
