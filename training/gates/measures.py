"""Measures of whole pictures: u8 [..., height, width, 3] to floats [...]."""

import numpy

PICTURE_AXES = (-3, -2, -1)


def psnr(made, real):
    """dB; pictures that are equal count as if one byte differed by one."""
    difference = made.astype(numpy.int32) - real.astype(numpy.int32)
    size = numpy.prod(difference.shape[-3:])
    squares = numpy.maximum((difference**2).sum(axis=PICTURE_AXES), 1)
    return 10 * numpy.log10(255.0**2 * size / squares)


def gradient_energy(pictures):
    """Mean squared difference of neighbours in a row, plus that of neighbours in a column."""
    values = pictures.astype(numpy.int32)
    across, down = numpy.diff(values, axis=-2), numpy.diff(values, axis=-3)
    return sum((part.astype(numpy.float64) ** 2).mean(axis=PICTURE_AXES) for part in (across, down))


def deviation(values, axes=PICTURE_AXES):
    """Standard deviation of all numbers of a picture or latent."""
    return values.astype(numpy.float64).std(axis=axes)


def correlation(made, real):
    """Pearson's correlation of two single pictures, -1 to 1; 0 where one is flat."""
    a, b = (part.astype(numpy.float64) - part.mean() for part in (made, real))
    scale = numpy.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale else 0.0


def grey(pictures):
    """Mean of the three colours: f32 [..., height, width]."""
    return pictures.astype(numpy.float32).mean(axis=-1)
