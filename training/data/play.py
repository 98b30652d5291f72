"""Play turned into frames: a game and a policy, tic by tic."""

import dataclasses
import functools

import numpy

from training.data.game import Game, read_lines
from training.data.policy import LINGERING, STAYING, Blind, Roamer
from training.data.walls import Walls
from training.settings import PICTURE_HEIGHT, PICTURE_WIDTH

POLICIES = {"roam": Roamer, "linger": functools.partial(Roamer, habits=LINGERING),
            "stay": functools.partial(Roamer, habits=STAYING), "blind": Blind}
PLACE_FIELDS = ("x", "y", "angle", "clearance", "ahead")


@dataclasses.dataclass
class Frames:
    """Frames in a row, from one or more episodes.

    pictures u8 [frames, height, width, 3]; actions u8 [frames], the buttons that led to each
    picture; starts i64 [episodes], index of each episode's first frame; places f32 [frames, 5]:
    x, y (map units), angle (degrees), clearance (map units to the nearest wall), ahead (map units
    to the wall in the middle of the picture).
    """

    pictures: numpy.ndarray
    actions: numpy.ndarray
    starts: numpy.ndarray
    places: numpy.ndarray


def empty(count):
    """Room for `count` frames."""
    pictures = numpy.zeros((count, PICTURE_HEIGHT, PICTURE_WIDTH, 3), dtype=numpy.uint8)
    return Frames(pictures, numpy.zeros(count, dtype=numpy.uint8), numpy.zeros(0, numpy.int64),
                  numpy.zeros((count, len(PLACE_FIELDS)), dtype=numpy.float32))


class Player:
    """One game under one policy, both from `seed` (a numpy SeedSequence); without monsters, where `alone`."""

    def __init__(self, scenario, buttons, policy, seed, alone=False):
        game_seed, policy_seed = seed.spawn(2)
        self.walls = Walls(read_lines(scenario, buttons))
        self._game = Game(scenario, int(game_seed.generate_state(1)[0] >> 1), buttons,
                          alone=alone)
        self._policy = POLICIES[policy](numpy.random.default_rng(policy_seed), buttons,
                                        self.walls)

    def fill(self, frames, count):
        """Plays `count` frames into `frames`, in as many episodes as that takes."""
        starts = []
        filled = 0
        while filled < count:
            starts.append(filled)
            filled += self.episode(frames, filled, count)
        frames.starts = numpy.array(starts, dtype=numpy.int64)

    def episode(self, frames, first, end):
        """One episode into `frames` from `first`, ended at `end` at the latest; its length."""
        self._game.start()
        self._policy.begin()
        view, at = None, first
        while at < end:
            bits = self._policy.choose(view)
            view = self._game.act(bits)
            if view is None:
                break
            frames.pictures[at] = view.picture
            frames.actions[at] = bits
            frames.places[at] = place(view, self.walls)
            at += 1
        return at - first

    def close(self):
        """Ends the game's process."""
        self._game.close()


def place(view, walls):
    """Where the player stands, as a row of `Frames.places`."""
    return (view.x, view.y, view.angle, walls.clearance(view.x, view.y),
            walls.ahead(view.x, view.y, view.angle))
