"""Success over what the start of an episode looks like: distances, turns, heights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, hypot
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.evaluation.intervals import Estimate, wilson
from soccer_lib.evaluation.trajectory import BALL, TARGETS, TRUNK
from soccer_lib.geometry import wrap
from soccer_lib.sim import SoccerSim

if TYPE_CHECKING:
    from soccer_lib.comparison.trail import Trail

SPLITS: dict[str, dict[str, tuple[float, ...]]] = {
    "goalie_penalty_kick": {"gait phase": (0, 0.25, 0.5, 0.75, 1)},
    "obstacle_penalty_kick": {
        "target to the side [m]": (-1.56, -0.78, 0, 0.78, 1.56),
        "target height [m]": (0.6, 0.85, 1.1, 1.35, 1.6),
    },
    "kick_to_target": {
        "ball to target [m]": (0, 4, 8, 12, 20),
        "robot to ball [m]": (0.5, 1, 1.5, 2),
        "turn [deg]": (0, 45, 90, 135, 180),
    },
}
"""Task -> number of the start -> edges of its bins. The obstacle task knows four places to the side."""

_SITES = dict(zip(("obstacle_penalty_kick", "kick_to_target"), TARGETS, strict=True))


@dataclass(frozen=True)
class Bin:
    """Episodes whose starts are alike.

    Attributes:
        label: their range.
        episodes: how many.
        success: share of successes.
    """

    label: str
    episodes: int
    success: Estimate


def target_of(sim: SoccerSim) -> np.ndarray | None:
    """Where the ball has to go [m], Shape: (3,); None without a target."""
    site = _SITES.get(sim.task.name)
    return sim.data.site(site).xpos.copy() if site else None


def geometry_of(sim: SoccerSim, start: int) -> dict[str, float]:
    """The numbers of `SPLITS` for an episode that has just been reset."""
    target = target_of(sim)
    if target is None:
        return {"gait phase": start / N_STARTS}
    if sim.task.name == "obstacle_penalty_kick":
        return {"target to the side [m]": float(target[1]), "target height [m]": float(target[2])}
    ball = sim.data.geom(BALL).xpos
    approach = ball - sim.data.body(TRUNK).xpos
    shot = target - ball
    turn = wrap(atan2(shot[1], shot[0]) - atan2(approach[1], approach[0]))
    return {
        "ball to target [m]": hypot(*shot[:2]),
        "robot to ball [m]": hypot(*approach[:2]),
        "turn [deg]": abs(degrees(turn)),
    }


def success_by(task: str, trails: Sequence[Trail]) -> dict[str, list[Bin]]:
    """Share of successes in each bin of a task that has episodes."""
    found: dict[str, list[Bin]] = {}
    for name, edges in SPLITS[task].items():
        bins = np.digitize([trail.geometry[name] for trail in trails], edges[1:-1])
        found[name] = []
        for index, (low, high) in enumerate(pairwise(edges)):
            successes = [
                trail.outcome == "success" for trail, b in zip(trails, bins, strict=True) if b == index
            ]
            if successes:
                found[name].append(Bin(f"{low:g} to {high:g}", len(successes), wilson(successes)))
    return found
