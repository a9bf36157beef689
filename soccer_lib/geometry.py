"""Frames and turns that several rooms need; angles in rad, turns to the left."""

from __future__ import annotations

import math

import numpy as np


def wrap(angle: float) -> float:
    """The same angle in [-pi, pi) [rad].

    >>> wrap(1.5 * math.pi) == -0.5 * math.pi
    True
    """
    return (angle + math.pi) % (2 * math.pi) - math.pi


def turned(vector: tuple[float, float], angle: float) -> tuple[float, float]:
    """A horizontal vector turned to the left by an angle [rad]."""
    c = math.cos(angle)
    s = math.sin(angle)
    return c * vector[0] - s * vector[1], s * vector[0] + c * vector[1]


def heading_of(quat_xyzw: np.ndarray) -> float:
    """Yaw of a body [rad], 0 along the world's x axis.

    >>> heading_of(np.array([0.0, 0.0, 0.0, 1.0]))
    0.0
    """
    x, y, z, w = quat_xyzw.tolist()
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
