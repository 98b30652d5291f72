"""The measures of motion find shifts, zooms and flashes with their sign."""

import numpy
import pytest

from training.gates.measures import correlation, gradient_energy, psnr
from training.gates.motion import flash, shift, zoom


def scene(place, pitch=0.25):
    """Smooth waves in all directions, [96, 128]; the pixel (x, y) shows what is at `place`.
    `pitch` is radians a pixel of the middle wave."""
    random = numpy.random.default_rng(5)
    y, x = numpy.mgrid[0:96, 0:128].astype(numpy.float64)
    x, y = place(x, y)
    waves = random.normal(size=(24, 4))
    values = sum(d * numpy.sin(pitch * (a * x + b * y) + 3 * c) for a, b, c, d in waves)
    return (128 + 20 * values).astype(numpy.float32)


@pytest.mark.parametrize("pixels", [-12.0, -5.0, -2.5, -0.4, 0.0, 0.4, 3.0, 8.0])
def test_a_shifted_scene_gives_its_shift(pixels):
    still = scene(lambda x, y: (x, y), pitch=0.8)
    moved = scene(lambda x, y: (x - pixels, y), pitch=0.8)
    assert shift(still, moved) == pytest.approx(pixels, abs=0.7)
    assert numpy.sign(shift(still, moved)) == numpy.sign(pixels)


@pytest.mark.parametrize("logarithm", [-0.2, -0.03, -0.01, 0.0, 0.01, 0.05, 0.2])
def test_an_enlarged_scene_gives_its_enlargement(logarithm):
    shrink = numpy.exp(-logarithm)
    grown = scene(lambda x, y: (63.5 + (x - 63.5) * shrink, 47.5 + (y - 47.5) * shrink))
    assert zoom(scene(lambda x, y: (x, y)), grown) == pytest.approx(logarithm, abs=0.01)


def test_pictures_that_show_nothing_do_not_move():
    flat = numpy.full((96, 128), 7.0, dtype=numpy.float32)
    assert shift(flat, flat) == 0 and zoom(flat, flat) == 0


def test_a_flash_is_bright_at_the_muzzle_and_new():
    dark = numpy.full((96, 128), 40.0, dtype=numpy.float32)
    at_muzzle, elsewhere = dark.copy(), dark.copy()
    at_muzzle[55:65, 58:68] = 230
    elsewhere[55:65, 10:20] = 230
    assert flash(dark, at_muzzle)
    assert not flash(dark, elsewhere)
    assert not flash(at_muzzle, at_muzzle)


def test_measures_of_pictures_are_those_of_the_bytes():
    black = numpy.zeros((96, 128, 3), dtype=numpy.uint8)
    assert psnr(black, black + 16) == pytest.approx(24.048, abs=1e-3)
    assert psnr(black, black) == pytest.approx(93.797, abs=1e-2)
    ramp = numpy.tile(numpy.arange(128, dtype=numpy.uint8)[None, :, None], (96, 1, 3))
    assert gradient_energy(ramp) == 1.0
    assert correlation(ramp, 255 - ramp) == pytest.approx(-1.0)
    assert correlation(ramp, black) == 0.0
