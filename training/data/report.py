"""Stage `report`: what the collected frames cover, as JSON and a picture, with gates."""

import numpy

from training.data.shards import shards
from training.data.container import read_tensors, write_json
from training.data.game import read_lines
from training.data.motion import without_motion
from training.data.navigator import PLACE, Navigator
from training.data.scenarios import SCENARIOS
from training.data.walls import Walls

FACING_UNITS = 40.0
"""A wall so near in the middle of the picture fills it; the body touches at 16."""
TOUCHING_UNITS = 20.0
"""A wall so near to the player's middle is touched, ahead or at a side."""
SAME_PICTURE = 0.5
"""Mean absolute difference in u8 units under which two pictures count as the same."""
GATES = {"share_without_motion": (0.0, 0.10), "share_facing_a_wall": (0.0, 0.10),
         "coverage": (0.95, 1.0)}
PAIRS_MAX = 2048
"""Pictures compared with the one before, in each shard."""


def add_arguments(parser):
    """Arguments of `python -m training report`."""
    parser.add_argument("folder", help="folder of shards")
    parser.add_argument("-o", "--output", required=True, help="without ending: .json and .png")


def run(arguments):
    """Writes the report; prints the gates."""
    summary = Summary()
    for path in shards(arguments.folder):
        summary.add(*read_tensors(path))
    report = summary.report()
    write_json(arguments.output + ".json", report)
    summary.draw(report, arguments.output + ".png")
    for gate in report["gates"]:
        print(f"{gate['name']}: {gate['value']:.4f}, limits {gate['limit_low']} to "
              f"{gate['limit_high']}: {'passed' if gate['passed'] else 'MISSED'}")


class Summary:
    """Counts over shards of one scenario."""

    def __init__(self):
        self.about = None
        self.frames = self.episodes = self.compared = self.same = 0
        self.still = self.facing = self.touching = 0
        self.places, self.actions = [], []

    def add(self, tensors, about):
        """Takes one shard in."""
        if self.about is None:
            self.about = about
            self.walls = Walls(read_lines(SCENARIOS[about["scenario"]], about["actions"]))
        places, starts = tensors["places"], tensors["starts"]
        first = numpy.zeros(len(places), dtype=bool)
        first[starts] = True
        self.frames += len(places)
        self.episodes += len(starts)
        self.still += int((without_motion(places) & ~first).sum())
        self.facing += int((places[:, 4] < FACING_UNITS).sum())
        self.touching += int((places[:, 3] < TOUCHING_UNITS).sum())
        self.places.append(places)
        self.actions.append(tensors["actions"])
        pictures = tensors["pictures"][:PAIRS_MAX].astype(numpy.int16)
        change = numpy.abs(numpy.diff(pictures, axis=0)).mean(axis=(1, 2, 3))
        self.same += int((change < SAME_PICTURE).sum())
        self.compared += len(change)

    def report(self):
        """The JSON object."""
        actions, names = numpy.concatenate(self.actions), self.about["actions"]
        held = {name: float((actions >> bit & 1).mean()) for bit, name in enumerate(names)}
        together, counts = numpy.unique(actions, return_counts=True)
        label = lambda bits: "+".join(n for b, n in enumerate(names) if bits >> b & 1) or "wait"
        values = {"share_without_motion": self.still / self.frames,
                  "share_facing_a_wall": self.facing / self.frames,
                  "share_touching_a_wall": self.touching / self.frames,
                  "share_same_picture": self.same / self.compared,
                  "coverage": self.coverage()}
        gates = [{"name": name, "value": values[name], "limit_low": low, "limit_high": high,
                  "passed": low <= values[name] <= high} for name, (low, high) in GATES.items()]
        return {"format": "coverage-1", **{key: self.about[key] for key in
                ("scenario", "policy", "seed", "actions")},
                "frames": self.frames, "episodes": self.episodes, **values, "gates": gates,
                "share_of_button": held, "share_of_action": {
                    label(int(bits)): float(count / self.frames)
                    for bits, count in sorted(zip(together, counts), key=lambda pair: -pair[1])}}

    def visits(self):
        """Frames in each place, [rows, columns], and which places can be stood in."""
        navigator = Navigator(self.walls)
        free = numpy.zeros_like(navigator.visits, dtype=bool)
        for x, y in navigator.reachable(*self.places[0][0][:2]):
            free[navigator.place_of(x, y)] = True
        for x, y in numpy.concatenate(self.places)[:, :2]:
            navigator.visit(x, y)
        return navigator.visits, free

    def coverage(self):
        """Share of the places that can be stood in where somebody stood."""
        visits, free = self.visits()
        return float((visits[free] > 0).mean())

    def draw(self, report, path):
        """Map of visits, buttons, and how near the walls were."""
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
        figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(15, 4.6))
        visits, _ = self.visits()
        low = self.walls.low
        high = low + numpy.array(visits.shape[::-1]) * PLACE
        shown = left.imshow(numpy.where(visits, visits, numpy.nan), origin="lower",
                            extent=(low[0], high[0], low[1], high[1]), cmap="viridis")
        figure.colorbar(shown, ax=left, label="frames")
        for start, along in zip(self.walls.start, self.walls.along):
            left.plot(*zip(start, start + along), color="black", linewidth=0.8)
        left.set_title(f"{report['scenario']}, {report['policy']}: {report['frames']} frames")
        actions = list(report["share_of_action"].items())[:14][::-1]
        middle.barh([name for name, _ in actions], [100 * share for _, share in actions])
        middle.set_title("actions, % of frames")
        right.hist(numpy.minimum(numpy.concatenate(self.places)[:, 4], 600), bins=60)
        right.axvline(FACING_UNITS, color="red")
        right.set_title("map units to the wall ahead")
        figure.tight_layout()
        figure.savefig(path, dpi=70)
        pyplot.close(figure)
