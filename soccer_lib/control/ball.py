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

STILL = 1e-5
"""Below this the ball rests [rad/s]: it is what single precision leaves over; 10 s of it are 0.01 mm."""

_ROWS = 512
"""Observations that may wait before they are integrated in one go."""


class BallTracker:
    """Integrates the ball's orientation from observations of every physics step."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start an episode: the ball is upright and does not turn."""
        self._orientation = (1.0, 0.0, 0.0, 0.0)
        self._rows = np.zeros((0, 10), dtype=np.float32)
        self._waiting = False
        self._spin = np.zeros(3)

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
        self._rows = np.concatenate((self._rows, rows))
        self._waiting = True
        if len(self._rows) > _ROWS:
            self._integrate()

    @property
    def offset(self) -> np.ndarray:
        """From the observed ball point to the ball's centre, world axes [m]. Shape: (3,).

        Positions in an observation are one step older than its velocities: the last step's turn is not
        part of it yet.
        """
        self._integrate()
        w, x, y, z = self._orientation
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
        rows = self._rows
        # The gyro is sampled at the start of a step: that of the next one belongs to this one's velocity.
        gyro = np.concatenate((rows[1:, 7:], rows[-1:, 7:]))
        spins = rows[:, :3] + rotate(rows[:, 3:7], gyro)
        turning = np.abs(spins[:-1]).max(axis=1, initial=0.0) > STILL
        self._orientation = _turned(self._orientation, spins[:-1][turning].tolist())
        self._spin = spins[-1].astype(float)
        self._rows, self._waiting = rows[-1:], False

    def get_state(self) -> dict[str, Any]:
        """All that a bit-identical continuation needs."""
        self._integrate()
        return {"orientation": self._orientation, "rows": self._rows.copy(), "spin": self._spin.copy()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        self._orientation, self._waiting = tuple(state["orientation"]), False
        self._rows, self._spin = state["rows"].copy(), state["spin"].copy()


def _turned(orientation: tuple[float, ...], spins: list[list[float]]) -> tuple[float, ...]:
    """An orientation w x y z after one physics step at each angular velocity, as MuJoCo integrates it."""
    w, i, j, k = orientation
    for x, y, z in spins:
        speed = math.sqrt(x * x + y * y + z * z)
        half = 0.5 * speed * PHYSICS_DT
        a, s = math.cos(half), math.sin(half) / speed
        b, c, d = s * x, s * y, s * z
        w, i, j, k = (
            a * w - b * i - c * j - d * k,
            a * i + b * w + c * k - d * j,
            a * j - b * k + c * w + d * i,
            a * k + b * j - c * i + d * w,
        )
    return w, i, j, k


def rotate(quat_xyzw: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Rotate vectors row by row.

    Args:
        quat_xyzw: Shape: (n, 4).
        vectors: Shape: (n, 3).

    Returns:
        Shape: (n, 3).
    """
    axis, w, vectors = quat_xyzw[:, :3].T, quat_xyzw[:, 3], vectors.T
    twice = 2.0 * _cross(axis, vectors)
    return (vectors + w * twice + _cross(axis, twice)).T


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products of columns, a fifth of the time of `np.cross`. Shape: (3, n)."""
    a, b = np.concatenate((a, a[:2])), np.concatenate((b, b[:2]))
    return a[1:4] * b[2:] - a[2:] * b[1:4]
