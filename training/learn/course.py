"""How far a training has come: counted in steps, or in seconds where a stay is short."""

import math
import time

RATE_LAST = 0.05
"""What is left of the learning rate at the end."""
UNCOUNTED_STEPS = 3
"""First steps of a process: they compile, and are no measure."""


class Course:
    """Steps taken and seconds spent; `settings` has `steps`, `seconds`, `rate` and `warmup`.

    Where `seconds` is not 0 the schedule is of that many seconds, over all commands of a run, and
    `steps` is the most there may be. Such a run takes other steps on another machine."""

    def __init__(self, settings):
        self.settings = settings
        self.step, self.spent = 0, 0.0
        self._taken, self._last = 0, None

    @property
    def share(self):
        """What part of the training is done, 0 to 1."""
        by_steps = self.step / self.settings.steps if self.settings.steps else 1.0
        by_seconds = self.spent / self.settings.seconds if self.settings.seconds else 0.0
        return min(1.0, max(by_steps, by_seconds))

    @property
    def is_done(self):
        """Is there nothing more to do?"""
        return self.share >= 1.0

    @property
    def rate(self):
        """The learning rate: warm-up, then half a cosine down to RATE_LAST."""
        settings = self.settings
        if self.step < settings.warmup:
            return settings.rate * (self.step + 1) / settings.warmup
        begun = 0.0 if settings.seconds else settings.warmup / settings.steps
        share = max(0.0, self.share - begun) / max(1e-9, 1.0 - begun)
        return settings.rate * (RATE_LAST + (1 - RATE_LAST) * (1 + math.cos(math.pi * share)) / 2)

    def advance(self):
        """One step more."""
        now = time.monotonic()
        if self._taken >= UNCOUNTED_STEPS:
            self.spent += now - self._last
        self._last = now
        self._taken += 1
        self.step += 1

    def told(self):
        """How far it is, as text."""
        return f"step {self.step} of {self.settings.steps}, {100 * self.share:.1f} %"
