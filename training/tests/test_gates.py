"""Gates: limits, places that plays start from, and what int8 costs."""

import types

import pytest

from training.gates.compare import int8_against_float
from training.gates.longplay import all_ways
from training.gates.spec import line, measured, unmeasured
from training.gates.trial import Trial
from training.settings import BUTTONS


def evaluation(next_frame, episodes=12, count=64):
    gate = measured("next_frame", next_frame, count)
    return {"data": {"episodes": episodes, "frames": 250}, "passes": 3,
            "gates": {"next_frame": gate}}


def test_a_value_passes_within_its_limits():
    passed = [measured("sharpness", value, 1)["passed"] for value in (0.84, 0.85, 1.15, 1.16)]
    assert passed == [False, True, True, False]
    assert measured("circle_psnr", 20, 1)["passed"] is None
    assert measured("sharpness", float("nan"), 1)["passed"] is False
    assert "not measured: not asked for" in line(unmeasured("sharpness", "not asked for"))


def test_int8_may_lose_a_fifth_of_a_decibel_on_the_same_data():
    assert int8_against_float(evaluation(28.0), evaluation(27.81))["passed"] is True
    assert int8_against_float(evaluation(28.0), evaluation(27.79))["passed"] is False
    for other in (evaluation(28.0, episodes=3), evaluation(28.0, count=9)):
        with pytest.raises(SystemExit, match="other"):
            int8_against_float(evaluation(28.0), other)


def test_places_are_spread_evenly_over_the_episodes():
    trial = types.SimpleNamespace(pictures=range(3))
    assert Trial.spread(trial, 8, 12, 6) == [(0, 9), (0, 11), (1, 9), (1, 11), (2, 9), (2, 11)]
    assert len(Trial.spread(trial, 8, 12, 500)) == 12


def test_every_way_to_play_is_as_long_as_asked_for():
    ways = all_ways(BUTTONS, 300)
    assert list(ways) == [*BUTTONS, "none", "scripted", "random"]
    assert all(len(actions) == 300 for actions in ways.values())
    assert set(ways["left"]) == {4} and set(ways["none"]) == {0}
    assert ways["scripted"][0] == 1 and ways["scripted"][283] == 1 and ways["scripted"][92] == 5
