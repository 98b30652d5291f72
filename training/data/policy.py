"""Who plays: a policy that roams the map, and a blind one to compare it with."""

import dataclasses
import itertools
import math

from training.data.motion import STILL_UNITS
from training.data.navigator import Navigator

STUCK_TICS = 20
"""Walking for so many tics and getting nowhere, less than STUCK_UNITS, is being stuck."""
STUCK_UNITS = 12.0
ROOM = 30.0
"""Map units to the wall that walking towards it needs; the body touches at 16."""
ROOM_BEHIND = 22.0
"""The same when backing off from what blocks."""
CRAMPED = 31.0
"""Closer to a wall than this, travel is mostly thought of."""
TOUCHING = 21.0
"""Closer than this, there is nothing but to get away."""
LOST = 56.0
"""Map units off the way after which another is looked for."""
GLIDE_TICS = 4.0
"""Bodies glide on: ways are aimed at from where the player will be in so many tics."""
LEAN_TICS_MAX = 60
"""Tics after which a wall that is meant to be leant on is far enough away to be left alone."""
STAY_TICS = 380
"""Tics without motion in a stay: more than what is seen repeats in (learn/stays.py)."""
STAY_TICS_MAX = 640
"""Tics of a stay, those included in which the player still slides along a wall."""
STAYS = ("forward", "forward", "backward", None)
"""What is held in stays, each as often as any. Shots leave marks: a wall that is shot at does not stay as it is."""
MOODS_MAX = 20
"""Moods without anything to do in a row."""


@dataclasses.dataclass(frozen=True)
class Habits:
    """How often each mood is chosen, and how the trigger finger behaves."""

    travel: float = 0.36
    look: float = 0.15
    retreat: float = 0.30
    dance: float = 0.20
    stand: float = 0.10
    press: float = 0.02
    hold: float = 0.0
    lean: float = 0.0
    stay: float = 0.0
    burst_start: float = 0.012
    """Chance of a burst of fire a tic."""
    target_start: float = 0.15
    """The same with a monster in the middle of the picture."""


LINGERING = Habits(hold=0.06, lean=0.45)
"""Now and then one button, or none, held for seconds; and on against a wall: a world that has seldom
seen one that does not give way walks through it."""
STAYING = Habits(travel=0.5, look=0.0, retreat=0.0, dance=0.0, stand=0.0, press=0.0, stay=0.5, burst_start=0.0,
                 target_start=0.0)
"""Goes somewhere, and there holds one thing where it leads nowhere, for ten seconds."""


class Roamer:
    """Walks to places seldom seen, looks round, backs off, dances, shoots, now and then stands."""

    def __init__(self, random, buttons, walls, habits=Habits()):
        self.random = random
        self.buttons = buttons
        self.habits = habits
        self.walls = walls
        self.navigator = Navigator(walls)
        self._strafes = [name for name in ("strafe_left", "strafe_right") if name in buttons]
        moods = {"travel": self._travel, "look": self._look, "retreat": self._retreat,
                 "dance": self._dance, "stand": self._stand, "press": self._press, "hold": self._hold,
                 "lean": self._lean, "stay": self._stay}
        self._moods = list(moods.values())
        weights = [getattr(habits, name) for name in moods]
        self._weights = [weight / sum(weights) for weight in weights]

    def begin(self):
        """A new episode; visits go on counting."""
        self.last = self.view = None
        self._mood = iter(())
        self._burst = 0

    def choose(self, view):
        """The buttons for the next tic, as bits, after `view` (None at the first tic)."""
        self.last, self.view = self.view, view
        if view is None:
            return 0
        self.navigator.visit(view.x, view.y)
        held = set(self._next_held()) | self._trigger()
        return sum(1 << bit for bit, name in enumerate(self.buttons) if name in held)

    def _next_held(self):
        """What the mood holds next. A mood may have nothing to do; turning always does something."""
        for _ in range(MOODS_MAX):
            held = next(self._mood, None)
            if held is not None:
                return held
            self._mood = self._next_mood()
        self._mood = self._turn_round()
        return next(self._mood)

    def _next_mood(self):
        """Any mood in the open; close to a wall, away from it first."""
        if self._touching() or (self._cramped() and self.random.random() < 0.6):
            return itertools.chain(self._escape(), self._travel())
        return self._moods[self.random.choice(len(self._moods), p=self._weights)]()

    def _cramped(self):
        return self.walls.clearance(self.view.x, self.view.y) < CRAMPED

    def _touching(self):
        return self.walls.clearance(self.view.x, self.view.y) < TOUCHING

    def _trigger(self):
        """Fires in bursts, sooner with a monster ahead."""
        habits = self.habits
        chance = habits.target_start if self.view.target_ahead else habits.burst_start
        if self._burst == 0 and self.random.random() < chance:
            self._burst = int(self.random.integers(4, 26))
        self._burst = max(0, self._burst - 1)
        return {"attack"} if self._burst else set()

    def _travel(self):
        """Follows a way to a place seldom seen, turning while walking."""
        way = self.navigator.way(self.view.x, self.view.y, self.random)
        stuck = Stuck()
        position = 0
        while position < len(way) - 1:
            position = self._nearest(way, position)
            target = way[min(position + self._foresight(), len(way) - 1)]
            if stuck.after(self.view):
                yield from self._free()
                return
            if self._distance(way[position]) > LOST:
                return
            yield self._towards(target) | self._sidestep()

    def _escape(self):
        """Out of a wall's reach by the shortest way: forward, backward, or in a curve."""
        for _ in range(40):
            here = self.walls.clearance(self.view.x, self.view.y)
            if here >= CRAMPED:
                return
            ways = {"forward": 0, "backward": 180, "left": 90, "right": 270}
            gain = {way: self._clearance_towards(turned) - here for way, turned in ways.items()}
            walk = max(("forward", "backward"), key=gain.get)
            if gain[walk] > 4:
                yield {walk}
            elif gain["left"] < 0 and gain["right"] < 0:
                return
            else:
                yield {"forward", max(("left", "right"), key=gain.get)}

    def _clearance_towards(self, turned):
        """Clearance a step, 12 units, away in the direction `turned` degrees left of ahead."""
        radians = math.radians(self.view.angle + turned)
        x, y = self.view.x + 12 * math.cos(radians), self.view.y + 12 * math.sin(radians)
        return self.walls.clearance(x, y)

    def _foresight(self):
        """Steps of the way to look ahead: few where there is little room to cut corners."""
        return 4 if self.walls.clearance(self.view.x, self.view.y) > 80 else 2

    def _nearest(self, way, position):
        """The step of the way, up to eight ahead, that is nearest."""
        ahead = range(position, min(position + 9, len(way)))
        return min(ahead, key=lambda step: self._distance(way[step]))

    def _distance(self, place):
        return math.hypot(place[0] - self.view.x, place[1] - self.view.y)

    def _towards(self, target):
        """Turns to `target` and walks when it is roughly ahead; backs up to it out of a corner."""
        error = self._error(target)
        near_wall = self._room("forward") < 80
        walk, straight = "forward", 12 if near_wall else 40
        if near_wall and abs(error) > 110:
            error = (error + 360) % 360 - 180
            walk, straight = "backward", 40
        held = {"left"} if error > 8 else {"right"} if error < -8 else set()
        return held | {walk} if abs(error) < straight else held

    def _error(self, target):
        """Degrees to turn left, -180 to 180, to face `target`."""
        x, y = self._glide()
        wanted = math.degrees(math.atan2(target[1] - y, target[0] - x))
        return (wanted - self.view.angle + 180) % 360 - 180

    def _glide(self):
        """Where the player will be in a moment if no button is pressed: bodies glide on."""
        last = self.last or self.view
        return (self.view.x + GLIDE_TICS * (self.view.x - last.x),
                self.view.y + GLIDE_TICS * (self.view.y - last.y))

    def _sidestep(self):
        """Sometimes a step to the side, in worlds that have it."""
        if self._strafes and self.random.random() < 0.15:
            return {self._strafes[self.random.integers(len(self._strafes))]}
        return set()

    def _look(self):
        """Turns on the spot, from a glance to more than a full circle."""
        side = self._side()
        for _ in range(int(self.random.choice([12, 25, 50, 75, 110]))):
            yield {side}

    def _retreat(self):
        """Walks backward, at times in a curve, until a wall is near behind."""
        curve = self._side() if self.random.random() < 0.5 else None
        for tic in range(int(self.random.integers(12, 60))):
            if self._room("backward") < ROOM or self._touching():
                return
            turning = curve is not None and tic % 24 < 12
            yield {"backward", curve} if turning else {"backward"}

    def _dance(self):
        """Holds random buttons for moments, never into a wall."""
        for _ in range(int(self.random.integers(4, 12))):
            if self._touching():
                return
            held = {name for name in self.buttons if self.random.random() < 0.4}
            if not held & {"forward", "backward", *self._strafes}:
                held |= {self._side()} if self.random.random() < 0.8 else set()
            for _ in range(int(self.random.integers(3, 16))):
                blocked = {way for way in ("forward", "backward") if self._room(way) < ROOM}
                yield held - blocked or {self._side()}

    def _stand(self):
        """Stands still, half of the time shooting."""
        held = {"attack"} if self.random.random() < 0.5 else set()
        for _ in range(int(self.random.integers(10, 45))):
            yield held

    def _press(self):
        """Walks into what is ahead: worlds must know walls, too."""
        for _ in range(int(self.random.integers(20, 45))):
            yield {"forward"}
        yield from self._turn_round()

    def _lean(self):
        """Walks up to a wall and on against it, at times turning along it, then away from it."""
        yield from self._walk_up("forward")
        side = self._side() if self.random.random() < 0.3 else None
        for _ in range(int(self.random.integers(10, 40))):
            yield {"forward", side} if side and self.random.random() < 0.3 else {"forward"}
        yield from self._free() if self.random.random() < 0.5 else self._turn_round()

    def _walk_up(self, way):
        """Walks that way until a wall is near, or is too far off."""
        for _ in range(LEAN_TICS_MAX):
            if self._room(way) < ROOM:
                return
            yield {way}

    def _stay(self):
        """Holds one thing, or none, where it leads nowhere: walks up to a wall for it, where it walks."""
        way = STAYS[self.random.integers(len(STAYS))]
        if way:
            yield from self._walk_up(way)
            if self._room(way) >= ROOM:
                return
        still = 0
        for _ in range(STAY_TICS_MAX):
            yield {way} if way else set()
            moved = math.hypot(self.view.x - self.last.x, self.view.y - self.last.y)
            still = still + 1 if moved < STILL_UNITS else 0
            if still == STAY_TICS:
                break
        yield from self._free()

    def _hold(self):
        """Holds one button, or none, for long, whatever is in the way: people do, and tests."""
        button = self.random.choice([*self.buttons, None])
        for _ in range(int(self.random.integers(50, 130))):
            yield {str(button)} if button else set()

    def _free(self):
        """Away from what blocks: back, then another direction."""
        for _ in range(int(self.random.integers(8, 20))):
            if self._room("backward") < ROOM_BEHIND:
                break
            yield {"backward"}
        yield from self._turn_round()

    def _turn_round(self):
        """Turns, at least a little, until there is room ahead."""
        side = self._side()
        at_least = int(self.random.integers(8, 40))
        for tic in range(100):
            if tic >= at_least and self._room("forward") > 96:
                return
            yield {side}

    def _room(self, way):
        """Map units to the wall ahead or behind."""
        turned = 0 if way == "forward" else 180
        return self.walls.ahead(self.view.x, self.view.y, self.view.angle + turned)

    def _side(self):
        return "left" if self.random.random() < 0.5 else "right"


class Blind:
    """Holds random buttons for random times and sees no wall: what `Roamer` is compared with."""

    def __init__(self, random, buttons, walls):
        self.random = random
        self.buttons = buttons
        self._left = 0

    def begin(self):
        """A new episode."""
        self._left = 0

    def choose(self, view):
        """The buttons for the next tic, as bits."""
        if self._left == 0:
            self._left = int(self.random.integers(4, 30))
            moves = [1 << bit for bit in range(len(self.buttons))]
            self._held = sum(bit for bit in moves if self.random.random() < 0.35)
        self._left -= 1
        return self._held


class Stuck:
    """Tells when the player wants to walk and gets nowhere."""

    def __init__(self):
        self._places = []

    def after(self, view):
        """Has it been so after this tic, too?"""
        self._places.append((view.x, view.y))
        if len(self._places) <= STUCK_TICS:
            return False
        x, y = self._places[-1 - STUCK_TICS]
        return abs(x - view.x) + abs(y - view.y) < STUCK_UNITS
