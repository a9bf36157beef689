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

_ROWS = 512
"""Physics steps that are kept before they are integrated in one go."""


class BallTracker:
    """Integrates the ball's orientation from observations of every physics step."""

    def __init__(self) -> None:
        self._spin = np.zeros((_ROWS, 3), dtype=np.float32)
        self._quat = np.zeros((_ROWS, 4), dtype=np.float32)
        self._gyro = np.zeros((_ROWS, 3), dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Start an episode: the ball is upright and does not turn."""
        self._count = 0
        self._orientation = (1.0, 0.0, 0.0, 0.0)

    def push(self, ball_velr_rel_robot: np.ndarray, robot_quat: np.ndarray, robot_gyro: np.ndarray) -> None:
        """Take in the observation after one physics step; not the one of the reset.

        Args:
            ball_velr_rel_robot: angular velocity of the ball minus that of the trunk, world axes [rad/s].
            robot_quat: orientation of the trunk, x y z w.
            robot_gyro: angular velocity of the trunk in its own axes [rad/s].
        """
        if self._count == _ROWS:
            self._integrate()
        row = self._count
        self._spin[row], self._quat[row], self._gyro[row] = ball_velr_rel_robot, robot_quat, robot_gyro
        self._count = row + 1

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
        if not self._count:
            return np.zeros(3)
        row = slice(self._count - 1, self._count)
        return (self._spin[row] + rotate(self._quat[row], self._gyro[row]))[0].astype(float)

    def _integrate(self) -> None:
        """Turn the ball by all steps but the last, whose gyro reading is still to come."""
        last = self._count - 1
        if last < 1:
            return
        # The gyro is sampled at the start of a step: that of the next one belongs to this one's velocity.
        spins = self._spin[:last] + rotate(self._quat[:last], self._gyro[1 : last + 1])
        for spin in spins.tolist():
            self._turn(*spin)
        for rows in (self._spin, self._quat, self._gyro):
            rows[0] = rows[last]
        self._count = 1

    def _turn(self, x: float, y: float, z: float) -> None:
        speed = math.sqrt(x * x + y * y + z * z)
        if speed < 1e-9:
            return
        half = 0.5 * speed * PHYSICS_DT
        a, s = math.cos(half), math.sin(half) / speed
        b, c, d = s * x, s * y, s * z
        w, i, j, k = self._orientation
        self._orientation = (
            a * w - b * i - c * j - d * k,
            a * i + b * w + c * k - d * j,
            a * j - b * k + c * w + d * i,
            a * k + b * j - c * i + d * w,
        )

    def get_state(self) -> dict[str, Any]:
        """All that a bit-identical continuation needs."""
        self._integrate()
        rows = {name: getattr(self, f"_{name}")[: self._count].copy() for name in ("spin", "quat", "gyro")}
        return {"orientation": self._orientation, **rows}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        self._orientation = state["orientation"]
        self._count = len(state["spin"])
        for name in ("spin", "quat", "gyro"):
            getattr(self, f"_{name}")[: self._count] = state[name]


def rotate(quat_xyzw: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Rotate vectors row by row.

    Args:
        quat_xyzw: Shape: (n, 4).
        vectors: Shape: (n, 3).

    Returns:
        Shape: (n, 3).
    """
    axis, w = quat_xyzw[:, :3], quat_xyzw[:, 3:]
    twice = 2.0 * np.cross(axis, vectors)
    return vectors + w * twice + np.cross(axis, twice)
