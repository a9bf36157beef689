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

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

BALL_RADIUS = 0.11
"""Distance of the ball's centre from the observed point [m]."""

STILL = 0.0015
"""Slower turns do not count [rad/s]: 10 s of them move the centre by 1.7 mm."""

SLOW = 0.01
"""Slower turns are added up instead of multiplied [rad/s]: what a ball does that nobody kicked. Were they
to change their axis all the time, 10 s of them would move the centre by 0.2 mm.
"""

_ROWS = 128
"""Observations that may wait before they are integrated in one go."""

_WRAP = np.array([0, 1, 2, 0, 1])


class BallTracker:
    """Integrates the ball's orientation from observations of every physics step.

    Attributes:
        order: entries of quaternion and gyro as `push_rows` takes them: x y z x y w, then x y z x y, which
            is what cross products need.
        still: as `STILL`.
    """

    order = (0, 1, 2, 0, 1, 3, 4, 5, 6, 4, 5)
    still = STILL

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start an episode: the ball is upright and does not turn."""
        self._orientation: Quaternion = (1.0, 0.0, 0.0, 0.0)
        self._slow: Vector = (0.0, 0.0, 0.0)
        self._spin: Vector = (0.0, 0.0, 0.0)
        self._seen = np.zeros((14, _ROWS + 2), dtype=np.float32)
        self._count = 0
        self._waiting = False

    def push(self, ball_velr_rel_robot: np.ndarray, robot_quat: np.ndarray, robot_gyro: np.ndarray) -> None:
        """Take in the observations after one physics step or several; not the one of the reset.

        Args:
            ball_velr_rel_robot: angular velocity of the ball minus that of the trunk, world axes [rad/s].
                Shape: (3,) or (n, 3).
            robot_quat: orientation of the trunk, x y z w. Shape: (4,) or (n, 4).
            robot_gyro: angular velocity of the trunk in its own axes [rad/s]. Shape: (3,) or (n, 3).
        """
        rows = np.concatenate((ball_velr_rel_robot, robot_quat, robot_gyro), axis=-1).reshape(-1, 10)
        for part in np.split(rows, range(_ROWS, len(rows), _ROWS)):
            self.push_rows(part[:, :3], part[:, 3:].take(self.order, axis=1))

    def push_rows(self, ball_velr_rel_robot: np.ndarray, trunk: np.ndarray) -> None:
        """Take in the observations of up to 128 physics steps.

        Args:
            ball_velr_rel_robot: as for `push`. Shape: (n, 3).
            trunk: its quaternion and gyro in the order `order`. Shape: (n, 11).
        """
        if self._count + len(trunk) > _ROWS + 1:
            self._integrate()
        new = slice(self._count, self._count + len(trunk))
        self._seen[:3, new] = ball_velr_rel_robot.T
        self._seen[3:, new] = trunk.T
        self._count = new.stop
        self._waiting = True

    @property
    def offset(self) -> Vector:
        """From the observed ball point to the ball's centre, world axes [m].

        Positions in an observation are one step older than its velocities: the last step's turn is not
        part of it yet.
        """
        self._turn()
        w, x, y, z = _turned(self._orientation, *self._slow)
        twice = 2 * BALL_RADIUS
        return twice * (x * z + w * y), twice * (y * z - w * x), BALL_RADIUS - twice * (x * x + y * y)

    @property
    def spin(self) -> Vector:
        """Angular velocity of the ball after the last step, world axes [rad/s]."""
        self._integrate()
        return self._spin

    def _turn(self) -> None:
        """Integrate where that turns the ball: the last step does not yet."""
        if self._count > 1:
            self._integrate()

    def _integrate(self) -> None:
        """Turn the ball by all steps but the last, whose gyro reading is still to come."""
        if not self._waiting:
            return
        seen = self._seen
        n = self._count
        # The gyro is sampled at the start of a step: that of the next one belongs to this one's velocity.
        seen[9:, n] = seen[9:, n - 1]
        velr = seen[:3, :n]
        axis = seen[3:8, :n]
        w = seen[8, :n]
        gyro = seen[9:, 1 : n + 1]
        twice = 2.0 * _cross(axis, gyro)
        spins = velr + (gyro[:3] + w * twice + _cross(axis, twice.take(_WRAP, axis=0)))
        seen[:, 0] = seen[:, n - 1]
        self._count = 1
        self._waiting = False
        *spins, last = spins.T.tolist()
        self._spin = tuple(last)
        orientation = self._orientation
        a, b, c = self._slow
        for x, y, z in spins:
            square = x * x + y * y + z * z
            if square >= SLOW**2:
                if a or b or c:
                    orientation = _turned(orientation, a, b, c)
                    a = b = c = 0.0
                orientation = _turned(orientation, x, y, z)
            elif square >= STILL**2:
                a = a + x
                b = b + y
                c = c + z
        self._orientation = orientation
        self._slow = (a, b, c)

    def skip(self) -> None:
        """Leave out physics steps: neither they nor the last one before them turned the ball by `STILL`."""
        self._turn()
        self._count = 0

    def get_state(self) -> dict[str, Any]:
        """All that a bit-identical continuation needs."""
        self._integrate()
        return {
            "orientation": self._orientation,
            "slow": self._slow,
            "last": self._seen[:, : self._count].copy(),
            "spin": self._spin,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        w, x, y, z = state["orientation"]
        self._orientation = (w, x, y, z)
        self._slow = tuple(state["slow"])
        self._count = state["last"].shape[1]
        self._waiting = False
        self._seen[:, : self._count] = state["last"]
        self._spin = tuple(state["spin"])


def _turned(orientation: Quaternion, x: float, y: float, z: float) -> Quaternion:
    """An orientation w x y z after one physics step at an angular velocity, as MuJoCo integrates it."""
    speed = math.sqrt(x * x + y * y + z * z)
    if not speed:
        return orientation
    w, i, j, k = orientation
    half = 0.5 * speed * PHYSICS_DT
    a = math.cos(half)
    s = math.sin(half) / speed
    b = s * x
    c = s * y
    d = s * z
    return (
        a * w - b * i - c * j - d * k,
        a * i + b * w + c * k - d * j,
        a * j - b * k + c * w + d * i,
        a * k + b * j - c * i + d * w,
    )


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products of columns x y z x y, a fifth of the time of `np.cross`. Shapes: (5, n) to (3, n)."""
    return a[1:4] * b[2:] - a[2:] * b[1:4]
