"""Does a button do what it says? On the world and, by the same rule, on the real game."""

import dataclasses

import numpy

from training.gates.measures import grey
from training.gates.motion import ABOVE_THE_MUZZLE, flash, shift, zoom
from training.gates.spec import measured, unmeasured

WALK_PAIRS = ((9, 11), (10, 12), (11, 13))
"""Pictures of a walk that are compared: all within the straight frames."""
STRAIGHT_FRAMES = 5
"""The last frames of a walk, in which a real player must not turn to be measured."""
REAL_LEAST = 0.5
"""Where the real game shows a sign in fewer of its spans, the world is not judged by it."""
SHOWN = 6


@dataclasses.dataclass(frozen=True)
class Demand:
    """A button, how long it is held, and what must show: `shift`, `zoom` (with sign) or `flash`."""

    button: str
    frames: int
    sign: str
    direction: int = 1


# Who turns left sees the world move right.
DEMANDS = (Demand("left", 6, "shift", 1), Demand("right", 6, "shift", -1),
           Demand("forward", 14, "zoom", 1), Demand("backward", 14, "zoom", -1),
           Demand("attack", 10, "flash"))


def obedience(trial, strips):
    """All buttons."""
    strips["obedience"] = []
    return [_one_button(trial, demand, strips["obedience"]) for demand in DEMANDS]


def obeys(demand, pictures):
    """Do u8 pictures [1 + frames, ...] show the sign? The first is what was seen before."""
    seen = grey(pictures)
    if demand.sign == "flash":
        return any(flash(before, after) for before, after in zip(seen, seen[1:]))
    if demand.sign == "shift":
        # Gun and flash stand still while the view turns: only what is above them is looked at.
        rows = seen[1:, :max(1, int(seen.shape[1] * ABOVE_THE_MUZZLE))]
        moved = [shift(before, after) for before, after in zip(rows, rows[1:])]
    else:
        moved = [zoom(seen[1 + first], seen[1 + second]) for first, second in WALK_PAIRS]
    return demand.direction * numpy.median(moved) > 0


def _one_button(trial, demand, strip):
    name = f"obeys_{demand.button}"
    if demand.button not in trial.shape.buttons:
        return unmeasured(name, f"the world has no button {demand.button}")
    bit = trial.shape.buttons.index(demand.button)
    places = _starts(trial, demand, bit)
    if not places:
        return unmeasured(name, "the held-out play never stops shooting")
    actions = numpy.full((len(places), demand.frames), 1 << bit, dtype=numpy.uint8)
    made = trial.played(places, actions, demand.button)
    before = numpy.stack([trial.pictures[play, frame - 1] for play, frame in places])
    made = numpy.concatenate([before[:, None], made], axis=1)
    share = numpy.mean([obeys(demand, pictures) for pictures in made])
    apart = -(-demand.frames // SHOWN)
    strip.append(made[len(places) // 2, 1::apart])
    return _beside_the_game(trial, demand, bit, name, share, len(places))


def _starts(trial, demand, bit):
    """Where plays start: for the gun, only where it was not fired within the memory."""
    if demand.sign != "flash":
        return trial.starts(1)
    quiet = [place for place in _places(trial, 1) if _quiet(trial, bit, *place)]
    return _chosen(quiet, trial.starts_count)


def _beside_the_game(trial, demand, bit, name, share, count):
    """The gate, with the same rule on what the game showed where its player did just this."""
    def score(is_such):
        such = [place for place in _places(trial, demand.frames) if is_such(*place)]
        such = _chosen(such, trial.starts_count)
        shown = [obeys(demand, trial.pictures[play, frame - 1:frame + demand.frames])
                 for play, frame in such]
        return sum(map(bool, shown)), len(shown)

    obeyed, of = score(lambda play, frame: _just_this(trial, demand, bit, play, frame))
    if not of:
        return measured(name, share, count, why="the held-out play never does this")
    why = None
    if demand.sign == "flash":
        seen, spans = score(lambda play, frame: _quiet(trial, bit, play, frame) and not (
            _holds(trial, bit, play, frame, frame + demand.frames).any()))
        why = f"seen in {seen} of {spans} real spans without {demand.button}"
    gate = measured(name, share, count, obeyed / of, of, why)
    if obeyed / of < REAL_LEAST:
        why = "the real game does not show it either in this data: not judged"
        gate |= {"passed": None, "why": why}
    return gate


def _just_this(trial, demand, bit, play, frame):
    """Does the button's span begin here, so that its sign must show?"""
    actions = trial.actions[play, frame:frame + demand.frames]
    if demand.sign == "flash":
        return bool(actions[0] >> bit & 1) and _quiet(trial, bit, play, frame)
    if demand.sign == "shift":
        return bool((actions == 1 << bit).all())
    buttons = trial.shape.buttons
    opposite = "backward" if demand.button == "forward" else "forward"
    against = 1 << buttons.index(opposite) if opposite in buttons else 0
    turns = sum(1 << buttons.index(name) for name in ("left", "right") if name in buttons)
    walks = (actions & (1 << bit | against)) == 1 << bit
    return bool(walks.all() and not (actions[-STRAIGHT_FRAMES:] & turns).any())


def _quiet(trial, bit, play, frame):
    """Was the button not held in the memory before this frame?"""
    return not _holds(trial, bit, play, frame - trial.memory, frame).any()


def _holds(trial, bit, play, first, end):
    return trial.actions[play, first:end] >> bit & 1


def _places(trial, frames):
    """Every place with the memory behind it and `frames` frames ahead."""
    plays, length = trial.actions.shape
    return [(play, frame) for play in range(plays)
            for frame in range(trial.memory, length + 1 - frames)]


def _chosen(places, count):
    """At most `count` of them, spread evenly."""
    count = min(count, len(places))
    return [places[(2 * i + 1) * len(places) // (2 * count)] for i in range(count)]
