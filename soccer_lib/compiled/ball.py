"""The ball tracker's turns in compiled code, as `control.ball.integrated` has them."""

from __future__ import annotations

from math import cos, sin, sqrt

import numpy as np
from numba import carray, types

from soccer_lib.compiled.jit import compiled, exported
from soccer_lib.compiled.memory import doubles_at, singles_at
from soccer_lib.control.ball import SLOW, STILL, Quaternion, Vector
from soccer_lib.tasks import PHYSICS_DT

LIMITS = PHYSICS_DT, SLOW**2, STILL**2


@compiled
def _turn(orientation, x, y, z, dt):
    speed = sqrt(x * x + y * y + z * z)
    if speed == 0.0:
        return
    w, i, j, k = orientation[0], orientation[1], orientation[2], orientation[3]
    half = 0.5 * speed * dt
    a = cos(half)
    s = sin(half) / speed
    b = s * x
    c = s * y
    d = s * z
    orientation[0] = a * w - b * i - c * j - d * k
    orientation[1] = a * i + b * w + c * k - d * j
    orientation[2] = a * j - b * k + c * w + d * i
    orientation[3] = a * k + b * j - c * i + d * w


@compiled
def _spin(seen, column, spin):
    """Angular velocity of the ball in world axes, in single precision; gyro readings are of the next step."""
    twice = np.zeros(5, np.float32)
    gyro = seen[9:, column + 1]
    axis = seen[3:8, column]
    for i in range(3):
        cross = axis[i + 1] * gyro[i + 2] - axis[i + 2] * gyro[i + 1]
        twice[i] = np.float32(2.0) * cross
    twice[3] = twice[0]
    twice[4] = twice[1]
    for i in range(3):
        cross = axis[i + 1] * twice[i + 2] - axis[i + 2] * twice[i + 1]
        spin[i] = seen[i, column] + (gyro[i] + seen[8, column] * twice[i] + cross)


@exported(types.void, types.intp, types.intp, types.intp, types.intp, types.intp)
def _integrate(seen_address, width, n, state_address, limits_address):
    seen = carray(singles_at(seen_address), (14, width))
    state = carray(doubles_at(state_address), 10)
    dt, slow_square, still_square = carray(doubles_at(limits_address), 3)
    orientation = state[:4]
    slow = state[4:7]
    spin = state[7:]
    for column in range(n):
        _spin(seen, column, spin)
        if column == n - 1:
            break
        x, y, z = spin[0], spin[1], spin[2]
        square = x * x + y * y + z * z
        if square >= slow_square:
            _turn(orientation, slow[0], slow[1], slow[2], dt)
            _turn(orientation, x, y, z, dt)
            slow[:] = 0.0
        elif square >= still_square:
            for i in range(3):
                slow[i] += spin[i]


def integrated(
    seen: np.ndarray, n: int, orientation: Quaternion, slow: Vector
) -> tuple[Quaternion, Vector, Vector]:
    """As `control.ball.integrated`."""
    state = np.array((*orientation, *slow, 0.0, 0.0, 0.0))
    limits = np.array(LIMITS)
    _integrate(seen.ctypes.data, seen.shape[1], n, state.ctypes.data, limits.ctypes.data)
    a, b, c, d, e, f, g, x, y, z = state.tolist()
    return (a, b, c, d), (e, f, g), (x, y, z)
