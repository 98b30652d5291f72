"""The gates: names, units, limits; and what was measured, as the objects of `evaluation-2`."""

import numpy

LIMITS = {
    "reconstruction": ("dB", 34.0, None),
    "next_frame": ("dB", 29.0, None),
    "free_running_8": ("dB", 21.5, None),
    "free_running_16": ("dB", 19.0, None),
    "sharpness": ("ratio", 0.85, 1.15),
    "stability_latent_spread_least": ("ratio", 0.6, None),
    "stability_latent_spread_most": ("ratio", None, 1.4),
    "stability_gradient_energy_most": ("ratio", None, 3.0),
    "stability_flat_frames": ("share", None, None),
    "obeys_left": ("share", 0.97, None),
    "obeys_right": ("share", 0.97, None),
    "obeys_forward": ("share", 0.9, None),
    "obeys_backward": ("share", 0.9, None),
    "obeys_attack": ("share", 0.95, None),
    "circle_psnr": ("dB", None, None),
    "circle_correlation": ("ratio", None, None),
    "int8_against_float": ("dB", None, 0.2),
}
"""Unit, smallest and largest value that passes."""


def measured(name, value, count, real=None, real_count=None, why=None, high=None):
    """The gate `name` with its value out of `count` measurements; `high` replaces its limit."""
    unit, low, limit_high = LIMITS[name]
    high = limit_high if high is None else high
    value = float(value)
    limits = [value >= low] if low is not None else []
    limits += [value <= high] if high is not None else []
    real = None if real is None else float(real)
    return {"name": name, "unit": unit, "value": value if numpy.isfinite(value) else None,
            "limit_low": low, "limit_high": high, "passed": all(limits) if limits else None,
            "count": int(count), "real": real, "real_count": real_count, "why": why}


def unmeasured(name, why):
    """The gate `name` without a value."""
    unit, low, high = LIMITS[name]
    return {"name": name, "unit": unit, "value": None, "limit_low": low, "limit_high": high,
            "passed": None, "count": 0, "real": None, "real_count": None, "why": why}


def line(gate):
    """The gate as a line for people."""
    if gate["value"] is None:
        return f"{gate['name']:31} not measured: {gate['why']}"
    verdict = {True: "passed", False: "FAILED", None: "reported"}[gate["passed"]]
    real = "" if gate["real"] is None else f"  real {gate['real']:.3f} of {gate['real_count']}"
    limits = f"{gate['limit_low']} to {gate['limit_high']}"
    return (f"{gate['name']:31} {gate['value']:8.3f} {gate['unit']:6} {limits:14} {verdict} "
            f"of {gate['count']}{real}")
