"""Which figures the files of a step will hold, and how large they can be: known before it has run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import Task, tasks_named

MOST_SPEED = 30.0
"""Ball speed at the goal line beyond which no score is possible [m/s]: twice that of the hardest kick."""

_RATES = ("success_rate", "offside_rate", "fall_rate", "macro_trigger_rate")
_BC = ("loss", "walk_loss", "kick_loss", "kick_recall", "kick_precision")


def expected_figures(command: str, settings: Any) -> dict[Path, dict[str, float]]:
    """Files of figures that a command will write, where they are known: file -> name -> largest value.

    Args:
        command: its name.
        settings: its config.
    """
    if command == "evaluate" and settings.json:
        tasks = tasks_named(",".join(settings.tasks))
        return {Path(settings.json): _of_evaluation(tasks, settings.episodes)}
    if command == "bc":
        return {Path(settings.out) / "status.json": _of_cloning(settings)}
    if command == "train":
        tasks = tasks_named(",".join(settings.tasks))
        return {Path(settings.save_dir) / "status.json": _of_training(tasks, settings)}
    return {}


def most_points(task: Task) -> float:
    """The largest official score of a task; without a limit where it has none.

    >>> most_points(tasks_named("kick_to_target")[0])
    2.2
    """
    if not task.in_competition:
        return math.inf
    weights = dict(OFFICIAL_WEIGHTS[task.name])
    points = weights.pop("steps") + weights.pop("ball_vel_twd_goal", 0.0) * MOST_SPEED
    # All other terms are shares, at most 1.
    return round(points + sum(weight for weight in weights.values() if weight > 0), 9)


def _of_evaluation(tasks: Sequence[Task], episodes: int) -> dict[str, float]:
    """The figures of `evaluate --json`, see `evaluation.statistics.summarise`."""
    figures: dict[str, float] = {}
    for task in tasks:
        if task.in_competition:
            figures[f"{task.name}/comp_total"] = most_points(task)
            for name, weight in OFFICIAL_WEIGHTS[task.name].items():
                largest = MOST_SPEED if name == "ball_vel_twd_goal" else 1.0
                figures[f"{task.name}/comp_{name}"] = weight if name == "steps" else max(weight * largest, 0)
        else:
            figures[f"{task.name}/env_return_mean"] = math.inf
        figures |= {f"{task.name}/{rate}": 1.0 for rate in _RATES}
        figures[f"{task.name}/episode_length_mean"] = task.max_steps
        figures |= {f"{task.name}/{count}": episodes for count in ("n_episodes", "n_distinct")}
    competing = [most_points(task) for task in tasks if task.in_competition]
    if competing:
        figures["comp_total_sum"] = sum(competing)
    return figures


def _of_cloning(settings: Any) -> dict[str, float]:
    """The figures of the best epoch, in `status.json`."""
    figures: dict[str, float] = {"round": settings.dagger_rounds, "epoch": settings.epochs}
    for side in ("train", "val"):
        figures |= {f"{side}/{name}": 1.0 if "kick_" in name else math.inf for name in _BC}
        figures[f"{side}/kick_loss"] = math.inf
    return figures


def _of_training(tasks: Sequence[Task], settings: Any) -> dict[str, float]:
    """The figures of the best policy on fresh episodes, in `status.json`."""
    total = settings.resolved().total_timesteps
    figures: dict[str, float] = {"step": total, "total_timesteps": total}
    for task in tasks:
        figures[f"comp_eval/{task.name}"] = most_points(task)
        figures[f"comp_eval/{task.name}/success_rate"] = 1.0
    overall = sum(most_points(task) for task in tasks)
    return {**figures, "comp_eval/C_overall": overall, "eval_comp/comp_total_sum": overall}
