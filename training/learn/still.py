"""Standing still: where the game's player has come to rest, so that all that comes is known."""

from training.learn.press import count_before

QUIET = 15
"""Frames in which nothing is pressed, after which a player has come to rest."""


def places(data):
    """Frames of `data` [some] at which nothing has been pressed for QUIET frames, or for a whole run
    where runs are shorter."""
    quiet = min(QUIET, len(data.offsets))
    pressed = count_before(data.actions.any(dim=1))
    first = data.run_starts
    return first[pressed[first + quiet] == pressed[first]] + quiet - 1
