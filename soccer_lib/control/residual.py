"""The residual network: what it sees, and how its input and output are mirrored.

The network corrects the gait engine's joint targets. The robot is its own mirror image, so the network only
ever sees the half cycle in which the left leg swings: in the other half its input is mirrored and its output
mirrored back. Left and right are therefore treated exactly alike, and every sample teaches both.
"""

from __future__ import annotations

from math import asin, atan2, cos, pi, sin

from soccer_lib.control.gait import Gait
from soccer_lib.control.leg import HIP_Y, clamp
from soccer_lib.layout import Sensed

ACTION_LIMIT = 3.0
"""Largest entry of the network's output."""

RESIDUAL_SCALE = 0.3
"""Joint target change per unit of output [rad]."""

_POSE = (-0.2, 0.0, 0.0, 0.4, -0.2, 0.0)
_LEG_SIGN = (1.0, -1.0, -1.0, 1.0, 1.0, -1.0)
_FOOT_SIGN = (1.0, -1.0, -1.0)

FEATURES = (
    ("gravity", 3),
    ("gyro", 3),
    ("velocity", 3),
    ("mean_velocity_error", 3),
    ("command", 3),
    ("half_cycle", 2),
    ("standing", 1),
    ("landing", 1),
    ("feet", 6),
    ("joint_position", 12),
    ("joint_velocity", 12),
    ("last_action", 12),
)
"""Names and sizes of the network's input, in order."""

FEATURE_COUNT = sum(size for _, size in FEATURES)


class TrunkState:
    """Lean, turning and heading-frame velocity of the trunk, from the robot's own sensors."""

    __slots__ = ("pitch", "roll", "gyro", "velocity", "yaw_rate", "up")

    def __init__(self, quat_xyzw: list[float], gyro: list[float], velocimeter: list[float]) -> None:
        """Args: orientation (x, y, z, w), angular velocity [rad/s] and velocity [m/s] in the trunk frame."""
        x, y, z, w = quat_xyzw
        self.pitch = asin(clamp(2 * (w * y - z * x), -1.0, 1.0))
        self.roll = atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
        cp = cos(self.pitch)
        sp = sin(self.pitch)
        cr = cos(self.roll)
        sr = sin(self.roll)
        u, v, s = velocimeter
        side = sr * v + cr * s
        self.velocity = [cp * u + sp * side, cr * v - sr * s, cp * side - sp * u]
        self.up = (-sp, sr * cp, cr * cp)
        self.gyro = gyro
        self.yaw_rate = self.up[0] * gyro[0] + self.up[1] * gyro[1] + self.up[2] * gyro[2]

    @classmethod
    def of(cls, sensed: Sensed) -> TrunkState:
        """The trunk as the sensors have it."""
        return cls(sensed.quat_xyzw.tolist(), sensed.gyro.tolist(), sensed.velocimeter.tolist())


def mirrored(gait: Gait) -> bool:
    """Whether the network sees the robot's mirror image in this half of the cycle."""
    return gait.phase >= 0.5


def mirror_joints(values: list[float]) -> list[float]:
    """Swap the legs of 12 joint values and flip the signs of roll and yaw."""
    left = [s * v for s, v in zip(_LEG_SIGN, values[6:], strict=True)]
    return left + [s * v for s, v in zip(_LEG_SIGN, values[:6], strict=True)]


def features(
    gait: Gait, trunk: TrunkState, joints: list[float], speeds: list[float], last_action: list[float]
) -> list[float]:
    """Input of the network, after the engine's step of the same tick. Length `FEATURE_COUNT`.

    Args:
        gait: the engine.
        trunk: the trunk's state.
        joints: 12 joint positions [rad].
        speeds: 12 joint velocities [rad/s].
        last_action: the network's last output, as applied (not mirrored).
    """
    flip = mirrored(gait)
    m = -1.0 if flip else 1.0
    left, right = gait.feet
    if flip:
        joints = mirror_joints(joints)
        speeds = mirror_joints(speeds)
        last_action = mirror_joints(last_action)
        left, right = right, left
    v = trunk.velocity
    g = trunk.gyro
    c = gait.command
    mean = gait.mean
    turn = 4 * pi * gait.phase
    row = [
        -3 * trunk.up[0],
        -3 * m * trunk.up[1],
        3 * (trunk.up[2] - 1),
        0.3 * m * g[0],
        0.3 * g[1],
        0.3 * m * g[2],
        v[0],
        m * v[1],
        v[2],
        2 * (mean[0] - c[0]),
        2 * m * (mean[1] - c[1]),
        m * (mean[2] - c[2]),
        1.5 * c[0],
        2 * m * c[1],
        m * c[2],
        cos(turn),
        sin(turn),
        float(gait.standing),
        gait.landing,
        4 * left[0],
        4 * (m * left[1] - HIP_Y),
        m * left[2],
        4 * right[0],
        4 * (m * right[1] + HIP_Y),
        m * right[2],
    ]
    row += [2 * (a - b) for a, b in zip(joints, _POSE + _POSE, strict=True)]
    row += [0.08 * a for a in speeds]
    row += last_action
    return row


def unmirror(action: list[float], gait: Gait) -> list[float]:
    """Turn the network's output into joint corrections of the real robot, in units of RESIDUAL_SCALE."""
    most = ACTION_LIMIT
    action = [-most if a < -most else most if a > most else a for a in action]
    return mirror_joints(action) if mirrored(gait) else action
