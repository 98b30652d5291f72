"""Whether the player moved or turned, told from his places."""

import numpy

STILL_UNITS = 0.5
"""A frame is without motion when the player moved less than this and turned less than that."""
STILL_DEGREES = 0.1


def without_motion(places):
    """bool [frames]: neither moved nor turned since the frame before. Not for first frames."""
    moved = numpy.hypot(*numpy.diff(places[:, :2], axis=0).T)
    turned = numpy.abs((numpy.diff(places[:, 2]) + 180) % 360 - 180)
    still = (moved < STILL_UNITS) & (turned < STILL_DEGREES)
    return numpy.concatenate([[False], still])
