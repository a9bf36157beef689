"""Where the ball really is: the observed point sits on the ball's surface and turns with it.

The stock `ball` site is the bottom of the ball at reset. Its true centre is site + R (0, 0, 0.11), and R
is nowhere in the observation: it is integrated here from the observed angular velocity, physics step by
physics step, in the way in which MuJoCo integrates it. Environment, striker and an exported agent see
float32 observations only, and so does the tracker.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from soccer_lib.tasks import PHYSICS_DT

BALL_RADIUS = 0.11
"""Distance of the ball's centre from the observed point [m]."""

SLOW = 0.01
"""Turns slower than this about every axis [rad/s] are added up instead of multiplied: what a ball does that
nobody kicks. Were such turns to change their axis all the time, 10 s of them would be wrong by 0.5 mm.
"""

_ROWS = 512
"""Observations that may wait before they are integrated in one go."""

_WRAP = [0, 1, 2, 0, 1]
"""x y z x y: the order in which a cross product needs its columns."""


class BallTracker:
    """Integrates the ball's orientation from observations of every physics step."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start an episode: the ball is upright and does not turn."""
        self._orientation = (1.0, 0.0, 0.0, 0.0)
        self._slow = self._spin = np.zeros(3)
        self._rows = [np.zeros((0, 10), dtype=np.float32)]
        self._waiting = 0

    def push(self, ball_velr_rel_robot: np.ndarray, robot_quat: np.ndarray, robot_gyro: np.ndarray) -> None:
        """Take in the observations after one physics step or several; not the one of the reset.

        Args:
            ball_velr_rel_robot: angular velocity of the ball minus that of the trunk, world axes [rad/s].
                Shape: (3,) or (n, 3).
            robot_quat: orientation of the trunk, x y z w. Shape: (4,) or (n, 4).
            robot_gyro: angular velocity of the trunk in its own axes [rad/s]. Shape: (3,) or (n, 3).
        """
        rows = np.concatenate((ball_velr_rel_robot, robot_quat, robot_gyro), axis=-1, dtype=np.float32)
        self.push_rows(rows.reshape(-1, 10))

    def push_rows(self, rows: np.ndarray) -> None:
        """Take in the three observations of `push` side by side, float32. Shape: (n, 10)."""
        self._rows.append(rows)
        self._waiting += len(rows)
        if self._waiting > _ROWS:
            self._integrate()

    @property
    def offset(self) -> np.ndarray:
        """From the observed ball point to the ball's centre, world axes [m]. Shape: (3,).

        Positions in an observation are one step older than its velocities: the last step's turn is not
        part of it yet.
        """
        self._integrate()
        w, x, y, z = _turned(self._orientation, *self._slow.tolist())
        return BALL_RADIUS * np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])

    @property
    def spin(self) -> np.ndarray:
        """Angular velocity of the ball after the last step, world axes [rad/s]. Shape: (3,)."""
        self._integrate()
        return self._spin

    def _integrate(self) -> None:
        """Turn the ball by all steps but the last, whose gyro reading is still to come."""
        if not self._waiting:
            return
        rows = np.concatenate(self._rows)
        self._rows, self._waiting = [rows[-1:]], 0
        # The gyro is sampled at the start of a step: that of the next one belongs to this one's velocity.
        gyro = np.concatenate((rows[1:, 7:], rows[-1:, 7:]))
        spins = (rows[:, :3] + rotate(rows[:, 3:7], gyro)).astype(float)
        spins, self._spin = spins[:-1], spins[-1]
        if np.abs(spins).max(initial=0.0) < SLOW:
            # Added in the order of the steps, so that it does not matter how many come at once.
            self._slow = np.add.accumulate(np.concatenate((self._slow[None], spins)))[-1]
        else:
            self._turn(spins.tolist())

    def _turn(self, spins: list[list[float]]) -> None:
        """Turn the ball by one physics step at each angular velocity."""
        orientation, (a, b, c) = self._orientation, self._slow.tolist()
        for x, y, z in spins:
            if -SLOW < x < SLOW and -SLOW < y < SLOW and -SLOW < z < SLOW:
                a, b, c = a + x, b + y, c + z
                continue
            if a or b or c:
                orientation, a, b, c = _turned(orientation, a, b, c), 0.0, 0.0, 0.0
            orientation = _turned(orientation, x, y, z)
        self._orientation, self._slow = orientation, np.array((a, b, c))

    def get_state(self) -> dict[str, Any]:
        """All that a bit-identical continuation needs."""
        self._integrate()
        return {
            "orientation": self._orientation,
            "slow": self._slow.copy(),
            "rows": self._rows[0].copy(),
            "spin": self._spin.copy(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        self._orientation, self._waiting = tuple(state["orientation"]), 0
        self._slow, self._spin = state["slow"].copy(), state["spin"].copy()
        self._rows = [state["rows"].copy()]


def _turned(orientation: tuple[float, ...], x: float, y: float, z: float) -> tuple[float, ...]:
    """An orientation w x y z after one physics step at an angular velocity, as MuJoCo integrates it."""
    speed = math.sqrt(x * x + y * y + z * z)
    if not speed:
        return orientation
    w, i, j, k = orientation
    half = 0.5 * speed * PHYSICS_DT
    a, s = math.cos(half), math.sin(half) / speed
    b, c, d = s * x, s * y, s * z
    return (
        a * w - b * i - c * j - d * k,
        a * i + b * w + c * k - d * j,
        a * j - b * k + c * w + d * i,
        a * k + b * j - c * i + d * w,
    )


def rotate(quat_xyzw: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Rotate vectors row by row.

    Args:
        quat_xyzw: Shape: (n, 4).
        vectors: Shape: (n, 3).

    Returns:
        Shape: (n, 3).
    """
    axis, w, vectors = quat_xyzw.T[_WRAP], quat_xyzw[:, 3], vectors.T
    twice = 2.0 * _cross(axis, vectors[_WRAP])
    return (vectors + w * twice + _cross(axis, twice[_WRAP])).T


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products of columns that are wrapped around, a fifth of the time of `np.cross`.

    Args:
        a, b: x y z x y. Shape: (5, n).

    Returns:
        Shape: (3, n).
    """
    return a[1:4] * b[2:] - a[2:] * b[1:4]
