"""Where an episode begins and against whom: what a stock reset has drawn, put elsewhere.

All of it runs between the stock reset's draws and its first look at the scene.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from soccer_lib.sim import SoccerSim

_BORDER = 0.5
"""How far inside the field's lines a target stays, as those that the stock environment draws [m]."""

_NEAREST = 0.8
"""Where the field ends sooner on both sides, the target lies so far from the ball, a step beyond the border
[m]: nearer than 0.4 m it would be reached from the start."""


def arrange_scene(sim: SoccerSim, values: dict[str, Any]) -> None:
    """Put robot, target, goalkeeper and defenders where the values of an episode want them."""
    if "start_distance" in values:
        _place_robot(sim, values["start_distance"])
    if "target_distance" in values or "target_angle" in values:
        _place_target(sim, values)
    if "obstacle_gap" in values:
        _part_defenders(sim, values["obstacle_gap"])


def move_target(sim: SoccerSim, place: np.ndarray) -> None:
    """Put the target elsewhere [m]: over the ground in kick_to_target, aside and up in obstacle_penalty_kick.

    Shape: (3,).
    """
    if sim.task.name == "kick_to_target":
        sim.stock.goal_pos[:2] = place[:2]
        sim.model.site_pos[sim.model.site("target0").id] = sim.stock.goal_pos
    else:
        site = sim.model.site(sim.stock.goal_site).id
        sim.stock.goal_pos[3:] = (place - sim.data.xpos[sim.model.site_bodyid[site]])[1:]
        sim.model.site_pos[site][1:] = sim.stock.goal_pos[3:]


def _entries(sim: SoccerSim, joint: str) -> slice:
    first = int(sim.model.joint(joint).qposadr[0])
    return slice(first, first + 2)


def _point(sim: SoccerSim, joint: str) -> complex:
    """Where a free body is over the ground [m]."""
    return complex(*sim.data.qpos[_entries(sim, joint)])


def _place_robot(sim: SoccerSim, distance: float) -> None:
    """Nearer to the ball or farther from it, on the line that it is on."""
    ball = _point(sim, "env:ball")
    way = _point(sim, "robot_0:root") - ball
    place = ball + distance * way / abs(way)
    sim.data.qpos[_entries(sim, "robot_0:root")] = place.real, place.imag


def _place_target(sim: SoccerSim, values: dict[str, Any]) -> None:
    """At a distance and an angle from the ball, as far as the field goes; the values say where it came to be.

    Where the field ends too soon on one side of the line from robot to ball, the other side is taken.
    """
    ball = _point(sim, "env:ball")
    ahead = cmath.phase(ball - _point(sim, "robot_0:root"))
    drawn = complex(*sim.stock.goal_pos[:2]) - ball
    wanted = values.get("target_distance", abs(drawn))
    if "target_angle" in values:
        angle = math.radians(values["target_angle"])
    else:
        angle = cmath.phase(drawn * cmath.rect(1.0, -ahead))
    rooms = {side: _room(sim, ball, cmath.rect(1.0, ahead + side)) for side in (angle, -angle)}
    side = angle if rooms[angle] >= min(wanted, rooms[-angle]) else -angle
    target = ball + cmath.rect(min(wanted, rooms[side]), ahead + side)
    move_target(sim, np.array([target.real, target.imag, 0.0]))
    values["target_distance"] = abs(target - ball)
    values["target_angle"] = math.degrees(side)


def _room(sim: SoccerSim, place: complex, way: complex) -> float:
    """How far a target may lie from a place in a direction of length 1 [m]."""
    field = sim.readings.field
    ends = ((place.real, way.real, "length"), (place.imag, way.imag, "width"))
    along = [
        (field[side] - _BORDER - math.copysign(at, at * step)) / abs(step) for at, step, side in ends if step
    ]
    return max(_NEAREST, min(along))


def _part_defenders(sim: SoccerSim, gap: float) -> None:
    """Move those that stand nearer to the side of the target than the gap as far away as it is wide.

    MuJoCo's collision tree keeps the places that the defenders were made at, +-0.48 m and 1.44 m: far from
    these a defender is seen, but lets the ball through.
    """
    target = sim.stock.goal_pos[3]
    for number in range(3):
        place = sim.model.geom_pos[sim.model.geom(f"defender_geom{number}").id]
        aside = place[1] - target
        if abs(aside) < gap:
            place[1] = target + math.copysign(gap, aside)
