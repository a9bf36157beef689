"""Where swings of a penalty begin: settled beside the ball, aimed into the goal, on the right leg's turn."""

from __future__ import annotations

from math import atan2, hypot, pi

import numpy as np
import pytest

from soccer_lib.geometry import heading_of, turned
from soccer_lib.workshop.kicks import starts
from soccer_lib.workshop.kicks.trial import NOMINAL


@pytest.fixture(scope="module")
def some():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starts, "STARTS", 2)
        starts.penalty_starts.cache_clear()
        yield starts.penalty_starts(1)
    starts.penalty_starts.cache_clear()


def test_a_penalty_starts_settled_on_the_right_legs_turn(some):
    assert len(some) == 2
    for stance, _ in some:
        assert abs(stance.qvel).max() < 0.5
        assert stance.walker["phase"] < 0.25 or stance.walker["phase"] >= 0.75


def test_the_ball_lies_where_stance_and_error_say(some):
    for stance, spot in some:
        w, x, y, z = stance.qpos[3:7]
        yaw = heading_of(np.array([x, y, z, w]))
        ahead, left = turned((spot.x - stance.qpos[0], spot.y - stance.qpos[1]), -yaw)
        assert (ahead, left) == pytest.approx(NOMINAL.stance + stance.error[:2], abs=0.02)
        assert hypot(*stance.error[:2]) < 0.03 and abs(stance.error[2]) < 0.05


def test_it_faces_a_target_in_the_goal(some):
    for _, spot in some:
        assert spot.normal == pi
        across = 2.2 * np.tan(spot.heading - pi)
        assert abs(across) < 1.6
        assert abs(atan2(np.sin(spot.heading - pi), np.cos(spot.heading - pi))) < 0.65
