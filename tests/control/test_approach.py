"""The approach: straight where the way is free, around the ball where it is not."""

from __future__ import annotations

from math import atan2, hypot, pi

import pytest

from soccer_lib.control.approach import FASTEST, approach
from soccer_lib.geometry import turned, wrap


def walk(place, turn, ball, seconds=12.0, dt=0.05):
    """A point that follows the commands exactly: its last errors of place and heading, and its clearance."""
    x, y, yaw = 0.0, 0.0, 0.0
    nearest = 9.0
    for _ in range(int(seconds / dt)):
        local = turned((place[0] - x, place[1] - y), -yaw)
        seen = turned((ball[0] - x, ball[1] - y), -yaw)
        forward, left, rate = approach(local, seen, wrap(turn - yaw))
        assert abs(forward) <= FASTEST[0] and abs(left) <= FASTEST[1] and abs(rate) <= FASTEST[2]
        dx, dy = turned((forward * dt, left * dt), yaw)
        x, y, yaw = x + dx, y + dy, yaw + rate * dt
        nearest = min(nearest, hypot(ball[0] - x, ball[1] - y))
    return hypot(place[0] - x, place[1] - y), abs(wrap(turn - yaw)), nearest


@pytest.mark.parametrize("turn", [0.0, 1.5, pi, -2.5])
@pytest.mark.parametrize("away", [0.8, 2.0])
@pytest.mark.parametrize("bearing", [0.0, 1.0, 2.5])
def test_it_arrives_behind_the_ball_without_touching_it(turn, away, bearing):
    ball = turned((away, 0.0), bearing)
    behind = turned((-0.4, 0.0), turn)
    place = ball[0] + behind[0], ball[1] + behind[1]
    error, heading, nearest = walk(place, turn, ball)
    assert error < 0.01 and heading < 0.01
    assert nearest > 0.33  # ball and foot touch at about 0.25 m


def test_on_the_way_around_it_turns_to_its_place_in_time():
    """Half a metre from the ball, its place a quarter turn of 0.79 m on: it turns to its place already."""
    place, ball = (0.5, 0.5), (0.0, 0.5)
    assert approach(place, ball, 2.0)[2] == FASTEST[2]
    assert approach(place, ball, -2.0)[2] == -FASTEST[2]


def test_at_its_place_it_asks_for_nothing():
    assert approach((0.0, 0.0), (0.4, -0.1), 0.0) == (0.0, 0.0, 0.0)


def test_angles():
    assert wrap(3 * pi / 2) == pytest.approx(-pi / 2)
    assert turned((1.0, 0.0), pi / 2) == pytest.approx((0.0, 1.0))
    assert atan2(*reversed(turned((2.0, 0.0), 0.3))) == pytest.approx(0.3)
