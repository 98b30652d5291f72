"""The wall clock of a stage: when to stop by itself, and what to say meanwhile."""

import sys
import time


class Deadline:
    """Minutes that a stage may take; it looks here between steps and ends cleanly."""

    def __init__(self, minutes):
        self.start = time.monotonic()
        self.end = self.start + 60.0 * minutes

    @property
    def passed(self):
        """Is the time used up?"""
        return time.monotonic() >= self.end

    @property
    def seconds(self):
        """Seconds since the start."""
        return time.monotonic() - self.start


class Progress:
    """Prints a line every few seconds: how far, how fast, how long still."""

    def __init__(self, name, first, last, every_seconds=5.0):
        self.name, self.first, self.last = name, first, last
        self.every_seconds = every_seconds
        self.start = self.told = time.monotonic()

    def tell(self, done, detail=str):
        """`done` of `last` are done now; `detail()` gives the rest of the line."""
        now = time.monotonic()
        if now - self.told < self.every_seconds:
            return
        self.told = now
        rate = (done - self.first) / max(now - self.start, 1e-9)
        left = (self.last - done) / rate if rate > 0 else float("inf")
        print(f"{self.name} {done}/{self.last}, {rate:.1f}/s, {left:.0f} s left {detail()}",
              file=sys.stderr, flush=True)


def add_minutes(parser, minutes):
    """The argument `--minutes`."""
    parser.add_argument("--minutes", type=float, default=minutes,
                        help=f"stop cleanly after so many; {minutes:g} if not given")
