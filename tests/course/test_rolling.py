"""The rolling ball: a point of its skin runs a cycloid, its centre a line."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.course import figures
from soccer_lib.course.figures.rolling import RollingBall
from soccer_lib.view.style import ACCENT, INK, ORANGE
from tests.support.drawn import legend_colours, lines, points

RADIUS = 0.11


def test_a_point_of_the_skin_runs_a_cycloid():
    ball = figures.trace_rolling_ball(speed=2.0, seconds=0.4)
    assert len(ball.time) == 200 and ball.time[-1] == pytest.approx(0.4)
    run = ball.centre[-1, 1] - ball.centre[0, 1]
    assert run == pytest.approx(2.0 * (ball.time[-1] - ball.time[0]), rel=0.05)
    height = ball.point[:, 2] - ball.centre[:, 2]
    assert np.linalg.norm(ball.point - ball.centre, axis=1) == pytest.approx(RADIUS, abs=1e-6)
    assert height[0] == pytest.approx(-RADIUS, abs=1e-3) and height.max() == pytest.approx(RADIUS, abs=1e-3)
    # On top it is twice as fast as the centre, at the bottom it rests.
    assert ball.point_speed[height.argmax()] == pytest.approx(4.0, rel=0.1)
    assert abs(ball.point_speed[0]) < 0.1
    # It rolls along y at 2 m/s: 2 / 0.11 rad/s about x, backwards.
    assert ball.spin[0] == pytest.approx([-2.0 / RADIUS, 0, 0], abs=0.5)


def test_paths_and_speeds_are_told_apart():
    ball = RollingBall(
        time=np.array((0.0, 0.5, 1.0)),
        point=np.array([(0, 0, 0.0), (0, 1.5, 0.2), (0, 2, 0.1)]),
        centre=np.array([(0, 0, 0.1), (0, 1, 0.1), (0, 2, 0.1)]),
        point_speed=np.array((0.0, 4.0, 1.0)),
        spin=np.zeros((3, 3)),
    )
    tracked = (np.array([1.0]), np.array([(0, 2, 0.11)]))
    figure = figures.plot_rolling_ball(ball, tracked)
    path, speed = figure.axes
    assert points(path)["centre"] == [[0, 0.1], [1, 0.1], [2, 0.1]]
    assert points(path)["observed point"] == [[0, 0], [1.5, 0.2], [2, 0.1]]
    assert points(path)["your centre"] == [[2, 0.11]]
    centre, point = (line.get_xydata().tolist() for line in speed.lines)
    assert centre == [[0, 2], [0.5, 2], [1, 2]] and point == [[0, 0], [0.5, 4], [1, 1]]
    assert [line.get_color() for line in speed.lines] == [INK, ORANGE]
    # The legend stands outside: it hides nothing.
    (legend,) = figure.legends
    assert legend_colours(legend) == {"centre": INK, "observed point": ORANGE, "your centre": ACCENT}
    assert not path.get_legend() and not speed.get_legend()
    assert lines(path)["observed point"].get_color() == ORANGE
