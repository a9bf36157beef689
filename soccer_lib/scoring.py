"""The official score of the Booster Soccer Showdown, and the report of one episode.

Source: the competition's evaluator as measured in sai-rl (weights, the extra term `steps` = 1, payment at
the terminal step only). The weights are constants: nothing in this library changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.tasks import COMPETITION, PHYSICS_DT, Task

_PENALTY = MappingProxyType(
    {
        "robot_distance_ball": 0.25,
        "ball_vel_twd_goal": 1.5,
        "goal_scored": 2.5,
        "offside": -3.0,
        "ball_hits": -0.2,
        "robot_fallen": -1.5,
        "ball_blocked": -0.5,
        "steps": -1.0,
    }
)

OFFICIAL_WEIGHTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "goalie_penalty_kick": _PENALTY,
        "obstacle_penalty_kick": _PENALTY,
        "kick_to_target": MappingProxyType({"offside": -1.0, "success": 2.0, "distance": 0.5, "steps": -0.3}),
    }
)
"""Weight of every official term, per task; read-only."""


def official_components(task_name: str, terms: Mapping[str, Any]) -> dict[str, float]:
    """Weighted official terms of an episode's last step; their sum is the score.

    Args:
        task_name: one of the three competition tasks.
        terms: the stock `reward_terms` of the terminal step; terms without a weight are ignored.

    Returns:
        component -> points, in the order of `OFFICIAL_WEIGHTS`, with "steps" as the evaluator adds it.

    Raises:
        InputError: for a task without an official score, or when an official term is missing.
    """
    if task_name not in OFFICIAL_WEIGHTS:
        raise InputError(
            f"task '{task_name}' has no official score; expected one of {', '.join(COMPETITION)}; "
            "its env reward and success are reported instead"
        )
    weights = OFFICIAL_WEIGHTS[task_name]
    missing = [name for name in weights if name != "steps" and name not in terms]
    if missing:
        raise InputError(
            f"reward terms {sorted(terms)} lack {missing}; expected every official term of '{task_name}'; "
            "pass info['reward_terms'] of the episode's last step"
        )
    return {
        name: weight * (1.0 if name == "steps" else float(terms[name])) for name, weight in weights.items()
    }


def official_score(task_name: str, terms: Mapping[str, Any]) -> float:
    """The official score of an episode: the sum of `official_components`."""
    return sum(official_components(task_name, terms).values())


def episode_report(
    task: Task,
    terms: Mapping[str, Any],
    *,
    outcome: str,
    physics_steps: int,
    env_steps: int,
    episode_return: float,
    clipped: int,
    fallen: bool,
) -> dict[str, Any]:
    """What is worth knowing about one finished episode, as plain numbers for JSON.

    Returns:
        task, outcome (success, blocked, conceded, out_of_field, fall, lost, time_limit, unstable), success,
        fallen, offside, length [physics steps], env_steps, time [s], return, clipped, `terms` (unweighted),
        and for competition tasks `score` and `components`.
    """
    report: dict[str, Any] = {
        "task": task.name,
        "outcome": outcome,
        "success": outcome == "success",
        "fallen": bool(fallen),
        "offside": bool(terms.get("offside", False)),
        "length": physics_steps,
        "env_steps": env_steps,
        "time": physics_steps * PHYSICS_DT,
        "return": float(episode_return),
        "clipped": clipped,
        "terms": {name: float(value) for name, value in terms.items()},
    }
    if task.in_competition:
        report["components"] = official_components(task.name, terms)
        report["score"] = sum(report["components"].values())
    return report
