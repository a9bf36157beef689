"""The lines of the field, measured on the stock field's mesh; world axes [m]."""

from __future__ import annotations

import numpy as np

LENGTH = 10.97
WIDTH = 6.87
"""Halves of the field: the referee's own lines."""

GOAL_WIDTH = 1.6
"""Half the width of a goal."""

GOAL_DEPTH = 1.6


def _box(x: float, y: float) -> np.ndarray:
    """Three sides of a box that ends at the north goal line."""
    return np.array([(LENGTH, -y), (x, -y), (x, y), (LENGTH, y)])


def _arc(x: float, radius: float, low: float = 0.0, high: float = 360.0, points: int = 49) -> np.ndarray:
    angle = np.radians(np.linspace(low, high, points))
    return np.stack([x + radius * np.cos(angle), radius * np.sin(angle)], axis=1)


_GOAL_LINE = np.array([(LENGTH, -WIDTH), (LENGTH, WIDTH)])
_AREAS = [_box(7.67, 4.03), _box(9.87, 3.0), _arc(8.77, 1.99, 123.5, 236.5, 17)]
_HALF = [_GOAL_LINE, _box(0.0, WIDTH), *_AREAS]

LINES = [_arc(0.0, 1.755), *_HALF, *(-line for line in _HALF)]
"""Polylines on the ground, each Shape: (n, 2)."""

GOALS = [_box(LENGTH + GOAL_DEPTH, GOAL_WIDTH), -_box(LENGTH + GOAL_DEPTH, GOAL_WIDTH)]
"""Sides and back of the north and of the south goal, each Shape: (4, 2)."""
