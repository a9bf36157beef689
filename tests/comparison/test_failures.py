"""Why an episode failed: one staged episode for each cause."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.comparison.failures import CAUSES, cause_of
from soccer_lib.comparison.trail import Trail

GOALIE = "goalie_penalty_kick"
TARGET = "kick_to_target"
GOAL = (-10.97, 0.0, 0.0)


def staged(outcome: str, ball, *, aim=GOAL, robot=((-6.8, 0.0),), touches=1, asked=0, dt=1.0) -> Trail:
    """An episode whose rows are `dt` seconds apart; robot and ball stay where their last row is."""
    rows = max(len(ball), len(robot), 3)
    ball = [*ball, *[ball[-1]] * (rows - len(ball))]
    robot = [*robot, *[robot[-1]] * (rows - len(robot))]
    return Trail(
        outcome,
        np.array([(*place, 0.11) for place in ball]),
        None,
        {},
        time=np.arange(rows) * dt,
        robot=np.array(robot, dtype=float),
        aim=np.array(aim),
        touches=touches,
        asked=asked,
    )


AT_REST = [(-8.77, 0.0)]

CASES = [
    (None, GOALIE, staged("success", AT_REST)),
    ("unstable", GOALIE, staged("unstable", AT_REST)),
    ("blocked", GOALIE, staged("blocked", AT_REST)),
    ("fell before touch", GOALIE, staged("fall", AT_REST, touches=0)),
    ("fell after touch", GOALIE, staged("fall", AT_REST, touches=2)),
    # Over the goal line beside the goal; its observed point is up to 0.11 m ahead of the centre.
    ("missed", GOALIE, staged("out_of_field", [*AT_REST, (-10.9, 3.0)])),
    ("out", GOALIE, staged("out_of_field", [*AT_REST, (-7.0, 6.9)])),
    # The target was 3 m away: a ball that left after 5 m missed it, one after 2 m did not get there.
    ("missed", TARGET, staged("out_of_field", [(0.0, 0.0), (5.0, 0.0)], aim=(0.0, 3.0, 0.0))),
    ("out", TARGET, staged("out_of_field", [(0.0, 0.0), (2.0, 0.0)], aim=(0.0, 3.0, 0.0))),
    # Nobody touched it: asked for a kick, on the way, in reach without asking, standing far away.
    ("too slow", GOALIE, staged("time_limit", AT_REST, touches=0, asked=3)),
    ("too slow", GOALIE, staged("time_limit", AT_REST, robot=((-6.8, 0), (-7.6, 0)), touches=0)),
    ("never asked", GOALIE, staged("time_limit", AT_REST, robot=((-6.8, 0), (-7.9, 0)), touches=0)),
    ("never asked", GOALIE, staged("time_limit", AT_REST, touches=0)),
    # 4 m in 10 s are 0.4 m/s: 0.3 m/s are too slow at any time, 1 m/s came too late.
    (
        "weak",
        TARGET,
        staged("time_limit", [(0.0, 0.0), (0.0, 0.3), (0.0, 0.6)], aim=(0.0, 4.0, 0.0)),
    ),
    ("late", TARGET, staged("time_limit", [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0)], aim=(0.0, 4.0, 0.0))),
    ("missed", TARGET, staged("time_limit", [(0.0, 0.0), (0.0, -1.0), (0.0, -2.0)], aim=(0.0, 4.0, 0.0))),
    ("missed", TARGET, staged("time_limit", [(0.0, 0.0), (3.0, 0.0), (6.0, 0.0)], aim=(0.0, 4.0, 0.0))),
]


@pytest.mark.parametrize(("cause", "task", "trail"), CASES)
def test_each_cause_is_told_from_a_staged_episode(cause, task, trail):
    assert cause_of(task, trail) == cause


def test_every_cause_is_staged():
    assert {cause for cause, _, _ in CASES if cause} == set(CAUSES)


def test_a_last_row_that_comes_at_once_does_not_decide():
    """The ball rolls at 1 m/s; its last row comes 2 ms after the one before, at the same rounded place."""
    trail = staged("time_limit", [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0)], aim=(0.0, 4.0, 0.0))
    times = np.append(trail.time, trail.time[-1] + 0.002)
    ball = np.vstack([trail.ball, trail.ball[-1]])
    robot = np.vstack([trail.robot, trail.robot[-1]])
    late = Trail("time_limit", ball, None, {}, times, robot, trail.aim, 1, 0)
    assert cause_of(TARGET, late) == "late"
