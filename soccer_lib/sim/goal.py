"""The space behind a goal line, and the one norm that the rules share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GoalBox:
    """The space in which a ball counts as scored, in world axes [m]."""

    x: tuple[float, float]
    y: tuple[float, float]
    top: float

    @classmethod
    def behind(cls, goal: np.ndarray, field: dict[str, float]) -> GoalBox:
        """The box behind a goal's site, which stands in the middle of the goal line on the ground."""
        x, y, z = goal.tolist()
        back = x + field["goal_depth"] if x >= 0 else x - field["goal_depth"]
        return cls(
            (min(x, back), max(x, back)),
            (y - field["goal_width"], y + field["goal_width"]),
            z + field["goal_height"],
        )

    def contains(self, x: float, y: float, z: float) -> bool:
        """Whether a point is inside; the far post's plane is outside."""
        return self.x[0] <= x <= self.x[1] and self.y[0] <= y < self.y[1] and z < self.top


def norm(vector: np.ndarray) -> float:
    """Euclidean norm as `numpy.linalg.norm` computes it without an axis."""
    return math.sqrt(vector.dot(vector))
