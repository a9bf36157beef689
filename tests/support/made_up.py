"""Episodes and evaluations with numbers chosen by hand, for tests of what is drawn of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from soccer_lib.comparison.trail import Trail
from soccer_lib.evaluation import Episode
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.scoring import OFFICIAL_WEIGHTS

GEOMS = {
    "robot_0:Trunk": (0.0, 0.0, 0.7),
    "ball": (2.0, 1.0, 0.11),
    "goalkeeper_team_0_geom": (-10.97, 0.4, 0.9),
    "defender_geom0": (-9.0, -1.0, 0.9),
    "defender_geom1": (-9.0, 0.2, 0.9),
    "defender_geom2": (-9.0, 1.0, 0.9),
}
"""Where everything stands at the start [m]."""


@functools.cache
def _model(names: tuple[str, ...]) -> mujoco.MjModel:
    geoms = "".join(f'<geom name="{name}" size="0.1"/>' for name in names)
    return mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{geoms}</worldbody></mujoco>")


def made_up_trajectory(
    robot: Any = ((0.0, 0.0, 0.0),),
    ball: Any = ((2.0, 1.0, 0.11),),
    geoms: tuple[str, ...] = ("robot_0:Trunk", "ball"),
    **values: Any,
) -> Trajectory:
    """An episode with a row every second.

    Args:
        robot: x, y [m] and heading [rad] of each row.
        ball: x, y, z [m] of each row; the last one stays.
        geoms: which of `GEOMS` there are; they stand still.
        values: other attributes of `Trajectory`.
    """
    robot = np.array(robot, float)
    rows = len(robot)
    path = np.array([*ball, *[ball[-1]] * rows], float)[:rows]
    model = _model(tuple(geoms))
    attributes = {
        "task": "goalie_penalty_kick",
        "model": model,
        "goal": np.array((-10.97, 0.0, 0.0)),
        "target": None,
        "target_radius": 0.0,
        "time": np.arange(rows, dtype=float),
        "robot": robot,
        "ball": path,
        "joint_pos": np.zeros((rows, 12)),
        "torque": np.zeros((rows, 12)),
        "geom_xpos": np.tile([GEOMS[name] for name in geoms], (rows, 1, 1)),
        "geom_xmat": np.tile(np.eye(3).ravel(), (rows, len(geoms), 1)),
        "step_time": np.zeros(0),
        "rewards": np.zeros(0),
        "terms": {},
        "weights": {},
        "events": [],
        "report": None,
    }
    return Trajectory(**{**attributes, **values})


def made_up_summary(scores: Mapping[str, tuple[float, float, float]], **more: Any) -> dict[str, Any]:
    """The figures of an evaluation as `evaluate --json` writes them.

    Args:
        scores: task -> mean, low and high end of its interval; their sums are those of the sum.
        more: further keys.
    """
    summary: dict[str, Any] = {}
    for task, (mean, low, high) in scores.items():
        summary |= {
            f"{task}/n_episodes": 4,
            f"{task}/comp_total": mean,
            f"{task}/comp_total_ci95": [low, high],
        }
    mean_sum, *ends = (sum(column) for column in zip(*scores.values(), strict=True))
    return {**summary, "comp_total_sum": mean_sum, "comp_total_sum_ci95": ends, **more}


def made_up_episode(task: str, score: float, seed: int = 0, **values: Any) -> Episode:
    """One episode of an evaluation."""
    attributes = {
        "task": task,
        "seed": seed,
        "start": 0,
        "score": score,
        "components": dict.fromkeys(OFFICIAL_WEIGHTS[task], 0.0),
        "terms": dict.fromkeys(OFFICIAL_WEIGHTS[task], 0.0),
        "length": 9,
        "outcome": "fall",
        "success": False,
        "fallen": False,
        "offside": False,
        "kicked": False,
        "episode_return": 0.0,
        "fingerprint": str(seed),
    }
    return Episode(**{**attributes, **values})


def made_up_trail(outcome: str = "success", target: Any = None, **geometry: float) -> Trail:
    """An episode whose ball went 1 m ahead and 0.5 m to the left."""
    return Trail(outcome, np.array([[0.0, 0.0, 0.11], [1.0, 0.5, 0.11]]), target, geometry)
