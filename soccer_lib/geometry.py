"""Frames and turns: headings and vectors on the ground, angles to the left, seen from above."""

from __future__ import annotations

from math import atan2, cos, pi, sin
from typing import TypeVar

import numpy as np

Component = TypeVar("Component", float, np.ndarray)


def heading_of(quat_xyzw: np.ndarray) -> float:
    """Heading of an orientation [rad]: 0 along the world's x axis, pi/2 along its y axis.

    Args:
        quat_xyzw: Shape: (4,).

    Example:
        >>> heading_of(np.array([0.0, 0.0, 0.0, 1.0]))
        0.0
    """
    x, y, z, w = quat_xyzw.tolist()
    return atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def heading_of_axes(axes: np.ndarray) -> float:
    """Heading of a body's own x axis [rad].

    Args:
        axes: its rotation matrix as MuJoCo keeps it, row by row. Shape: (9,).
    """
    return atan2(axes[3], axes[0])


def wrap(angle: float) -> float:
    """The same angle in [-pi, pi) [rad].

    Example:
        >>> wrap(3 * pi / 2) == -pi / 2
        True
    """
    return (angle + pi) % (2 * pi) - pi


def turned(vector: tuple[Component, Component], angle: float) -> tuple[Component, Component]:
    """A vector on the ground, turned to the left.

    Args:
        vector: ahead or along x, and left or along y: two numbers, or two columns of them.
        angle: how far [rad]; minus a heading turns world vectors into that heading's frame.

    Example:
        >>> turned((1.0, 0.0), 0.0)
        (1.0, 0.0)
    """
    c = cos(angle)
    s = sin(angle)
    x, y = vector
    return c * x - s * y, s * x + c * y
