"""How far a clone is from its expert: in what it answers, and in where it is.

One error throughout: the squared error of the command where both walk. A kick is a corner of the cube of
commands, so that one kick too many would count as much as hundreds of steps; kicks are counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from soccer_lib.control.kicks import NO_KICK, requested_kicks
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError

LEAST_SPREAD = 1e-3
"""Standard deviation below which an entry tells nothing about where a sample is."""


class Agreement(NamedTuple):
    """A clone's answers beside its expert's, on the same samples.

    Attributes:
        errors: squared error of the command, mean over its entries. Shape: (n,); NaN where one of them kicks.
        false_kicks: where the clone asks for a kick and the expert walks. Shape: (n,), bool.
        missed_kicks: where the expert asks for a kick and the clone does not ask for the same. Shape: (n,).
    """

    errors: np.ndarray
    false_kicks: np.ndarray
    missed_kicks: np.ndarray

    @property
    def walk_error(self) -> float:
        """Mean squared error where both walk; NaN where they never do."""
        both_walk = np.isfinite(self.errors)
        return float(self.errors[both_walk].mean()) if both_walk.any() else float("nan")


def agreement(answers: np.ndarray, wanted: np.ndarray) -> Agreement:
    """Compare a clone's commands with its expert's. Shapes: (n, 3) each."""
    asked = requested_kicks(answers)
    expected = requested_kicks(wanted)
    squared = ((answers.astype(float) - wanted) ** 2).mean(axis=1)
    both_walk = (asked == NO_KICK) & (expected == NO_KICK)
    return Agreement(
        errors=np.where(both_walk, squared, np.nan),
        false_kicks=(expected == NO_KICK) & (asked != NO_KICK),
        missed_kicks=(expected != NO_KICK) & (asked != expected),
    )


def nearest_distances(data: Dataset, known: Dataset, columns: Sequence[int] | np.ndarray) -> np.ndarray:
    """How far the nearest known sample of the same task is from each sample.

    Args:
        data: where somebody went.
        known: demonstrations.
        columns: entries of the observation that say where a sample is.

    Returns:
        Distances in standard deviations of the known samples of the task, root mean square over the entries
        that vary in them. Shape: (n,).

    Raises:
        InputError: other observations, or a task that is not among the known ones.
    """
    if data.observation_layout != known.observation_layout:
        raise InputError(
            f"observations {data.observation_layout} and {known.observation_layout} came; expected the same; "
            "collect both with one --observation"
        )
    distances = np.empty(len(data))
    for task in np.unique(data.column("tasks")):
        rows = (data.tasks == task)[data.episode_id]
        others = (known.column("tasks") == task)[known.episode_id]
        if not others.any():
            raise InputError(f"no known sample is of {task}; expected some; join demonstrations of all tasks")
        distances[rows] = _nearest(
            data.observations[rows][:, columns], known.observations[others][:, columns]
        )
    return distances


def _nearest(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    spread = known.std(axis=0, dtype=float)
    varies = spread > LEAST_SPREAD
    rows = (rows[:, varies] - known[:, varies].mean(axis=0)) / spread[varies]
    known = (known[:, varies] - known[:, varies].mean(axis=0)) / spread[varies]
    squares = (rows**2).sum(axis=1)[:, None] - 2 * rows @ known.T + (known**2).sum(axis=1)
    return np.sqrt(np.maximum(squares.min(axis=1), 0) / max(varies.sum(), 1))
