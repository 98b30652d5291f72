"""Where to walk next: shortest ways over the free cells of a map, to the places least seen."""

import heapq

import numpy

CELL = 16.0
"""Map units of a cell's side."""
BODY = 18.0
"""A cell is free when no wall is nearer than this to its middle; the body's half width is 16."""
COMFORT = 48.0
"""Ways keep so far from walls where they can."""
PLACE = 64.0
"""Map units of the side of a place, the unit in which visits are counted."""

_STEPS = [(row, column, (row * row + column * column) ** 0.5)
          for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


class Navigator:
    """Free cells of one map and how often each place was visited."""

    def __init__(self, walls):
        self.low = walls.low
        shape = numpy.ceil((walls.high - walls.low) / CELL).astype(int) + 1
        self.room = numpy.array([[walls.clearance(*self._middle(column, row))
                                  for column in range(shape[0])] for row in range(shape[1])])
        self.free = self.room >= BODY
        self.visits = numpy.zeros((shape[::-1] * CELL // PLACE + 1).astype(int), dtype=numpy.int64)

    def visit(self, x, y):
        """Counts one tic at (x, y)."""
        self.visits[self.place_of(x, y)] += 1

    def place_of(self, x, y):
        """Row and column, in `visits`, of the place of (x, y)."""
        return self._clipped((y - self.low[1]) / PLACE, (x - self.low[0]) / PLACE,
                             self.visits.shape)

    def reachable(self, x, y):
        """The middles of all cells that can be walked to from (x, y)."""
        cost, _ = self._reach(self._free_cell(x, y))
        return [self._middle(column, row) for row, column in cost]

    def way(self, x, y, random):
        """A way from (x, y) to a place seldom seen: list of (x, y), the goal last; may be empty."""
        start = self._free_cell(x, y)
        if start is None:
            return []
        cost, previous = self._reach(start)
        goals = [cell for cell, so_far in cost.items() if so_far > 6 and self._comfortable(cell)]
        if not goals:
            return []
        seen = numpy.array([self._seen(*cell) for cell in goals], dtype=numpy.float64)
        weights = 1.0 / (1.0 + seen) ** 2
        cell = goals[random.choice(len(goals), p=weights / weights.sum())]
        way = []
        while cell != start:
            way.append(self._middle(cell[1], cell[0]))
            cell = previous[cell]
        return way[::-1]

    def _comfortable(self, cell):
        """Is there room enough to stay? Every fourth cell near walls counts, so none is unseen."""
        return self.room[cell] >= COMFORT or sum(cell) % 4 == 0

    def _reach(self, start):
        """Cost of the cheapest way to each cell from `start`, and the cell before it."""
        cost, previous, open_cells, closed = {start: 0.0}, {}, [(0.0, start)], set()
        rows, columns = self.free.shape
        while open_cells:
            so_far, cell = heapq.heappop(open_cells)
            if cell in closed:
                continue
            closed.add(cell)
            for step_row, step_column, length in _STEPS:
                row, column = cell[0] + step_row, cell[1] + step_column
                if not (0 <= row < rows and 0 <= column < columns and self.free[row, column]):
                    continue
                narrow = max(0.0, COMFORT - self.room[row, column]) / COMFORT
                total = so_far + length * (1.0 + 12.0 * narrow**2)
                if total < cost.get((row, column), numpy.inf):
                    cost[row, column] = total
                    previous[row, column] = cell
                    heapq.heappush(open_cells, (total, (row, column)))
        return cost, previous

    def _free_cell(self, x, y):
        """The free cell nearest to (x, y) within two cells; None where there is none."""
        row, column = self._clipped((y - self.low[1]) / CELL, (x - self.low[0]) / CELL,
                                    self.free.shape)
        near = [(row + down, column + right) for down in range(-2, 3) for right in range(-2, 3)]
        rows, columns = self.free.shape
        near = [cell for cell in near if 0 <= cell[0] < rows and 0 <= cell[1] < columns
                and self.free[cell]]
        middle = lambda cell: self._middle(cell[1], cell[0])
        distance = lambda cell: (middle(cell)[0] - x) ** 2 + (middle(cell)[1] - y) ** 2
        return min(near, key=distance, default=None)

    def _seen(self, row, column):
        return self.visits[int(row * CELL // PLACE), int(column * CELL // PLACE)]

    def _middle(self, column, row):
        return (self.low[0] + (column + 0.5) * CELL, self.low[1] + (row + 0.5) * CELL)

    @staticmethod
    def _clipped(row, column, shape):
        return (int(min(max(row, 0), shape[0] - 1)), int(min(max(column, 0), shape[1] - 1)))
