"""Why an episode was not solved, told from how it ended and where robot and ball went."""

from __future__ import annotations

import math

import numpy as np

from soccer_lib.comparison.trail import Trail
from soccer_lib.control.macro import REACH
from soccer_lib.tasks import PHYSICS_DT, TASKS

CAUSES = {
    "never asked": "nobody asked for a kick or touched the ball: it was in reach, or nobody went to it",
    "too slow": "time ran out before the robot touched the ball",
    "fell before touch": "the robot fell and had not touched the ball",
    "fell after touch": "the robot fell while the ball was still under way",
    "blocked": "goalkeeper or defender stopped the ball",
    "missed": "the ball went as far as its aim, or away from it, and passed it by",
    "out": "the ball left the field before it was as far as its aim",
    "weak": "the ball was so slow at the end that a whole episode would not take it to its aim",
    "late": "the ball was fast enough, and time ran out on its way",
    "unstable": "the physics blew up",
}
"""Cause -> what it means, in the order of tables."""

_APPROACH = 0.3
"""How much nearer to the ball somebody is who was on his way to it [m]."""

_LINE = 0.2
"""A ball that left over the goal line is at most so far before it [m]: its centre, and its observed point."""

_PENALTIES = ("goalie_penalty_kick", "obstacle_penalty_kick")


def cause_of(task: str, trail: Trail) -> str | None:
    """Why an episode of the competition failed: one of `CAUSES`, or None where it was solved."""
    outcome = trail.outcome
    if outcome == "success":
        return None
    if outcome in ("unstable", "lost"):
        return "unstable"
    if outcome == "blocked":
        return "blocked"
    if outcome == "fall":
        return "fell after touch" if trail.touches else "fell before touch"
    if outcome == "out_of_field":
        return "missed" if _came_as_far(task, trail) else "out"
    if not trail.touches:
        return _without_touch(trail)
    return _on_its_way(task, trail)


def _came_as_far(task: str, trail: Trail) -> bool:
    """Whether the ball reached the goal's line, or has gone as far as the target was away."""
    start = trail.ball[0, :2]
    end = trail.ball[-1, :2]
    aim = trail.aim[:2]
    if task in _PENALTIES:
        return math.copysign(1, aim[0]) * end[0] >= abs(aim[0]) - _LINE
    return math.dist(start, end) >= math.dist(start, aim)


def _without_touch(trail: Trail) -> str:
    """Time ran out and nobody touched the ball: too slow, or it was never tried."""
    away = np.hypot(*(trail.ball[:, :2] - trail.robot).T)
    approached = away[0] - away[-1] > _APPROACH
    in_reach = bool(away.min() <= REACH[0])
    return "too slow" if trail.asked or (approached and not in_reach) else "never asked"


def _on_its_way(task: str, trail: Trail) -> str:
    """Time ran out after a touch: what the ball was doing then."""
    if _came_as_far(task, trail):
        return "missed"
    path = trail.ball[:, :2]
    # Two rows back: the last one may follow the one before after a physics step already.
    velocity = (path[-1] - path[-3]) / (trail.time[-1] - trail.time[-3])
    needed = math.dist(path[0], trail.aim[:2]) / (TASKS[task].max_steps * PHYSICS_DT)
    if math.hypot(*velocity) < needed:
        return "weak"
    return "late" if velocity @ (trail.aim[:2] - path[-1]) > 0 else "missed"
