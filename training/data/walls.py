"""The walls of a map: how near they are, and how far away the one in sight is."""

import numpy

FAR = 4096.0
"""Map units; stands for `no wall`."""


class Walls:
    """Blocking lines, f32 [lines, 4] in map units: x and y of both ends."""

    def __init__(self, lines):
        self.start = lines[:, :2].astype(numpy.float64)
        self.along = lines[:, 2:].astype(numpy.float64) - self.start
        self.length_squared = numpy.maximum((self.along**2).sum(axis=1), 1e-9)
        corners = numpy.concatenate([lines[:, :2], lines[:, 2:]])
        self.low = corners.min(axis=0).astype(numpy.float64)
        self.high = corners.max(axis=0).astype(numpy.float64)

    def clearance(self, x, y):
        """Map units from (x, y) to the nearest point of any wall."""
        to_point = numpy.array([x, y]) - self.start
        share = (to_point * self.along).sum(axis=1) / self.length_squared
        nearest = self.along * numpy.clip(share, 0, 1)[:, None]
        return float(numpy.sqrt(((to_point - nearest) ** 2).sum(axis=1).min()))

    def ahead(self, x, y, degrees):
        """Map units from (x, y) to the wall in the direction `degrees`; FAR where there is none."""
        radians = numpy.radians(degrees)
        ray = numpy.array([numpy.cos(radians), numpy.sin(radians)])
        to_start = self.start - numpy.array([x, y])
        cross = ray[0] * self.along[:, 1] - ray[1] * self.along[:, 0]
        safe = numpy.where(numpy.abs(cross) < 1e-9, 1e-9, cross)
        distance = (to_start[:, 0] * self.along[:, 1] - to_start[:, 1] * self.along[:, 0]) / safe
        share = (to_start[:, 0] * ray[1] - to_start[:, 1] * ray[0]) / safe
        met = (numpy.abs(cross) >= 1e-9) & (distance >= 0) & (share >= 0) & (share <= 1)
        return float(distance[met].min()) if met.any() else FAR
