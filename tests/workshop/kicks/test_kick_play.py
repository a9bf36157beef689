"""Kicks in play: where a ball crosses the line, read by hand, and a real approach with a given kick."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.kicks import load_kicks
from soccer_lib.workshop.kicks import play


def crossing(side: float):
    """A ball from (-8.77, 0) that flies toward -x at 10 m/s and +y at 1 m/s; the target lies straight on."""
    time = np.arange(0.0, 0.4, 0.002)
    points = np.stack([-8.77 - 10 * time, 1.0 * time, 0.01 + 2 * time], axis=1)
    ball, target = np.array([-8.77, 0.0, 0.01]), np.array([-11.0, 0.0, 0.5])
    return play._crossing(points, ball, target, side, False)


def test_a_ball_at_the_line_by_hand():
    # 2.2 m at 10 m/s take 0.22 s: 0.44 m up. Toward -x, +y is to the right: 1/10 rad less than aimed.
    ball = crossing(1.0)
    assert ball.height == pytest.approx(0.45, abs=0.005)
    assert ball.speed == pytest.approx(10.0)
    assert ball.aside == pytest.approx(-np.arctan(0.1), abs=1e-6)


def test_a_kick_with_the_left_foot_is_read_in_the_mirror():
    assert crossing(-1.0).aside == pytest.approx(-crossing(1.0).aside)


def test_a_ball_that_stays_short_crosses_nothing():
    points = np.array([[-8.77, 0.0, 0.01], [-10.9, 0.0, 0.01]])
    assert play._crossing(points, points[0], np.array([-11.0, 0.0, 0.5]), 1.0, False) is None


def test_a_hard_kick_in_play_that_stays_up():
    (ball,) = play.crossings(load_kicks(), "drive", [104])
    assert ball.speed > 9.0 and not ball.fell
