"""How the picture moved: sideways (phase correlation), in size (search), and did the gun flash."""

import functools

import numpy

BOTTOM = 0.65
"""Share of the height, from the top, where growth is looked for: below is the gun."""
ZOOM_STEP = 0.01
"""Logarithm of the enlargement from one candidate to the next."""
ZOOM_REACH = 26
"""Candidates to either side of no change."""
FLAT = 1e-6
MUZZLE = (0.40625, 0.59375, 0.47917, 0.75)
"""Where a flash shows, as shares of width and height: left, right, top, bottom."""
ABOVE_THE_MUZZLE = MUZZLE[2]
"""Share of the height, from the top, that neither gun nor flash reaches."""
BRIGHT = 200.0
"""Brightness from which a pixel is as bright as a flash."""
FLASH_SHARE = 0.045
"""Share of the muzzle's pixels that become bright from one picture to the next."""


def shift(before, after):
    """Pixels that rows of brightness [height, width] moved to the right, at most a quarter width.

    Rows lose their mean and are faded out to their ends (Hann); the cross-power spectra of all rows
    are added, each of the lowest quarter of the frequencies is brought to length one, and their
    correlation peaks at the shift (Kuglin and Hines, 1975)."""
    width = before.shape[1]
    fade = 0.5 - 0.5 * numpy.cos(2 * numpy.pi * (numpy.arange(width) + 0.5) / width)
    first, second = (numpy.fft.rfft((part - part.mean(axis=1, keepdims=True)) * fade)
                     for part in (before.astype(numpy.float64), after.astype(numpy.float64)))
    cross = (first.conj() * second).sum(axis=0)[:width // 4 + 1]
    cross[0] = 0
    length = numpy.abs(cross)
    if not (length > 0).any():
        return 0.0
    cross = numpy.where(length > 0, cross / numpy.maximum(length, 1e-300), 0)
    shifts = numpy.arange(-(width // 4) - 1, width // 4 + 2)
    turns = 2j * numpy.pi * numpy.outer(shifts, numpy.arange(len(cross))) / width
    values = (cross * numpy.exp(turns)).real.sum(axis=1)
    best = 1 + int(values[1:-1].argmax())
    return float(shifts[best] + _vertex(*values[best - 1:best + 2]))


def zoom(before, after):
    """Logarithm of the enlargement about the centre, brightness [height, width] each.

    Searched from the first to the second and back; half the difference, so that what did not move
    gives zero whatever it shows."""
    return 0.5 * (_enlargement(before, after) - _enlargement(after, before))


def flash(before, after):
    """Is there a flash in `after` (brightness [height, width]) that was not in `before`?"""
    height, width = after.shape
    left, right, top, bottom = MUZZLE
    rows = slice(int(top * height), int(bottom * height))
    columns = slice(int(left * width), int(right * width))
    bright = [(part[rows, columns] >= BRIGHT).mean() for part in (before, after)]
    return bright[1] - bright[0] >= FLASH_SHARE


def _enlargement(start, end):
    """The candidate that turns `start` into `end` best, as a logarithm."""
    places, corners, shares = _tables(*start.shape)
    samples = (start.reshape(-1)[corners] * shares).sum(axis=-1)
    wanted = end.reshape(-1)[places].astype(numpy.float64)
    samples = samples - samples.mean(axis=1, keepdims=True)
    wanted = wanted - wanted.mean()
    spreads = (samples**2).sum(axis=1) * (wanted**2).sum()
    flat = spreads <= len(wanted) ** 2 * FLAT
    scores = numpy.where(flat, 0, samples @ wanted / numpy.sqrt(numpy.maximum(spreads, 1e-300)))
    middle = len(scores) // 2
    inner = range(1, len(scores) - 1)
    best = max(inner, key=lambda index: (scores[index], -abs(index - middle)))
    return ZOOM_STEP * (best - middle + _vertex(*scores[best - 1:best + 2]))


@functools.cache
def _tables(height, width):
    """Places looked at, and for each candidate the four pixels around each place and their shares.
    [places], [candidates, places, 4] twice. Only places that every candidate covers."""
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    most = numpy.exp(ZOOM_STEP * (ZOOM_REACH + 1))
    y, x = numpy.mgrid[0:height, 0:width]
    lowest = ((height - 1) * BOTTOM - centre_y) / most
    inside = (numpy.abs(x - centre_x) <= centre_x / most) & (y - centre_y >= -centre_y / most) \
        & (y - centre_y <= lowest)
    x, y = x[inside], y[inside]
    shrink = numpy.exp(-ZOOM_STEP * numpy.arange(-ZOOM_REACH - 1, ZOOM_REACH + 2))[:, None]
    column, row = centre_x + (x - centre_x) * shrink, centre_y + (y - centre_y) * shrink
    left, top = numpy.floor(column).astype(int), numpy.floor(row).astype(int)
    right, below = column - left, row - top
    next_left, next_top = numpy.minimum(left + 1, width - 1), numpy.minimum(top + 1, height - 1)
    corners = numpy.stack([top * width + left, top * width + next_left,
                           next_top * width + left, next_top * width + next_left], axis=-1)
    shares = numpy.stack([(1 - right) * (1 - below), right * (1 - below),
                          (1 - right) * below, right * below], axis=-1)
    return y * width + x, corners, shares.astype(numpy.float32)


def _vertex(left, middle, right):
    """Where the parabola through values at -1, 0, 1 is largest, -0.5 to 0.5."""
    bend = left - 2 * middle + right
    return float(numpy.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
