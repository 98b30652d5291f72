"""Collected frames: the same from the same seed, and a report that tells roaming from blindness."""

import argparse
from concurrent.futures.process import BrokenProcessPool

import numpy
import pytest
import torch

pytest.importorskip("vizdoom")

from training.data import collect  # noqa: E402 - after the skip
from training.data.motion import without_motion  # noqa: E402
from training.data.play import Player, empty  # noqa: E402
from training.data.scenarios import SCENARIOS  # noqa: E402
from training.data.walls import FAR, Walls  # noqa: E402
from training.learn.stays import PERIOD, Stays  # noqa: E402
from training.settings import BUTTONS  # noqa: E402


def played(policy, count, seed, alone=False):
    player = Player(SCENARIOS["arena"], BUTTONS, policy, numpy.random.SeedSequence(seed), alone)
    frames = empty(count)
    player.fill(frames, count)
    player.close()
    return frames


def test_the_same_seed_gives_the_same_frames_and_another_seed_others():
    first, again, other = (played("roam", 120, seed) for seed in (4, 4, 5))
    assert numpy.array_equal(first.pictures, again.pictures)
    assert numpy.array_equal(first.actions, again.actions)
    assert numpy.array_equal(first.places, again.places)
    assert not numpy.array_equal(first.pictures, other.pictures)


def test_roaming_moves_and_faces_walls_less_than_blind_play():
    roaming, blind = played("roam", 1000, 6), played("blind", 1000, 6)
    facing = [(frames.places[:, 4] < 40).mean() for frames in (roaming, blind)]
    assert without_motion(roaming.places).mean() < 0.10
    assert facing[0] < facing[1]


def test_who_stays_alone_sees_the_same_again_after_a_period():
    frames = played("stay", 2000, 7, alone=True)
    stays = Stays(torch.from_numpy(frames.pictures), torch.from_numpy(frames.actions)[:, None],
                  torch.from_numpy(frames.places))
    assert len(stays.starts) > 20
    assert set(frames.actions[stays.starts]) <= {0, 1, 2} and not (frames.actions & 16).any()
    again = frames.pictures[stays.starts + PERIOD].astype(int) - frames.pictures[stays.starts]
    assert numpy.abs(again).mean() < 1.0


def test_a_frame_is_without_motion_only_if_it_neither_moves_nor_turns():
    places = numpy.zeros((5, 5), dtype=numpy.float32)
    places[2:, 0] = 8
    places[3:, 2] = 359.0
    assert without_motion(places).tolist() == [False, True, False, False, True]


def test_walls_are_as_far_as_they_are():
    walls = Walls(numpy.array([[0, 0, 100, 0], [100, 0, 100, 50]], dtype=numpy.float32))
    assert walls.clearance(40, 30) == pytest.approx(30)
    assert walls.clearance(130, 60) == pytest.approx(numpy.hypot(30, 10))
    assert walls.ahead(40, 30, 0) == pytest.approx(60)
    assert walls.ahead(40, 30, 270) == pytest.approx(30)
    assert walls.ahead(40, 30, 90) == FAR


@pytest.mark.parametrize("deaths", [0, 2, 3])
def test_shards_of_a_game_that_died_are_played_anew_and_not_for_ever(deaths, monkeypatch, tmp_path):
    left = [deaths]

    def play(arguments, wanted, deadline):
        if left[0]:
            left[0] -= 1
            raise BrokenProcessPool("a game died")
        for index in wanted:
            (tmp_path / f"shard-{index:05}.safetensors").touch()

    monkeypatch.setattr(collect, "_play_missing", play)
    arguments = argparse.Namespace(folder=str(tmp_path), frames=9, shard_frames=4, minutes=1)
    if deaths == collect.ATTEMPTS:
        with pytest.raises(SystemExit, match="died 3 times"):
            collect.run(arguments)
    else:
        collect.run(arguments)
        assert len(list(tmp_path.iterdir())) == 3
