"""Leg geometry of the T1: joint ranges and the inverse kinematics of one leg.

Plain floats throughout: at 50 Hz two legs cost a few microseconds, far less than small numpy arrays.
Lengths and ranges are those of the robot's MJCF (`robots/t1/v1/robot_lower.xml` of sai-mujoco).
"""

from __future__ import annotations

import math
from math import acos, asin, atan2, cos, hypot, sin

import numpy as np

HIP_Y = 0.106
"""Sideways distance of a hip from the middle of the trunk [m]."""

LEFT_LOW = (-1.8, -0.3, -1.0, 0.0, -0.87, -0.44)
LEFT_HIGH = (1.57, 1.57, 1.0, 2.34, 0.35, 0.44)
RIGHT_LOW = (-1.8, -1.57, -1.0, 0.0, -0.87, -0.44)
RIGHT_HIGH = (1.57, 0.3, 1.0, 2.34, 0.35, 0.44)
JOINT_LOW = np.array(LEFT_LOW + RIGHT_LOW)
"""Lower end of each joint's range [rad]. Shape: (12,)."""

JOINT_HIGH = np.array(LEFT_HIGH + RIGHT_HIGH)
"""Upper end of each joint's range [rad]. Shape: (12,)."""

_ROLL_DROP = 0.02  # hip roll axis below the hip pitch axis [m]
_ANKLE_DROP = 0.012  # ankle roll axis below the ankle pitch axis [m]
_THIGH = hypot(0.014, 0.215854)
_THIGH_ANGLE = atan2(0.014, 0.215854)  # the knee lies 14 mm behind the thigh's axis
_SHANK = 0.28
_REACH = (0.15, 0.9995 * (_THIGH + _SHANK))
_SQUARES = _THIGH**2 + _SHANK**2
_TWICE = 2 * _THIGH * _SHANK


def clamp(value: float, low: float, high: float) -> float:
    """Return the value, moved into [low, high]."""
    return low if value < low else high if value > high else value


def leg_angles(
    x: float, y: float, z: float, pitch: float, roll: float, yaw: float, hip_y: float, last_hip_pitch: float
) -> list[float]:
    """Joint angles that put a level foot where it is asked for.

    The target is given in a level frame below the hips (x forward, y left, z up, origin midway between the
    hip pitch axes); the trunk leans in it by `pitch` and `roll`. The hip counts as a ball joint at its roll
    axis; the 2 cm between pitch and roll axis are taken from the last hip pitch (error below 2 mrad).

    Args:
        x: ankle roll axis in the level frame, forward [m].
        y: the same, to the left [m].
        z: the same, up [m].
        pitch: forward lean of the trunk [rad].
        roll: lean of the trunk to the right [rad].
        yaw: heading of the foot in the level frame [rad].
        hip_y: sideways place of this hip [m], negative on the right.
        last_hip_pitch: hip pitch angle of the step before [rad].

    Returns:
        Six angles [rad]: hip pitch, roll, yaw, knee, ankle pitch, roll.
    """
    ct = cos(pitch)
    st = sin(pitch)
    cr = cos(roll)
    sr = sin(roll)
    cy = cos(yaw)
    sy = sin(yaw)
    # level -> trunk: rows of (Ry(pitch) Rx(roll))^T
    srst = sr * st
    srct = sr * ct
    crst = cr * st
    crct = cr * ct
    # vector from the ankle to the hip roll axis, in the trunk frame
    ux = -_ROLL_DROP * sin(last_hip_pitch) - (ct * x - st * z)
    uy = hip_y - (srst * x + cr * y + srct * z)
    uz = -_ROLL_DROP * cos(last_hip_pitch) - (crst * x - sr * y + crct * z)
    # foot orientation in the trunk frame: columns of that matrix times Rz(yaw)
    r00 = ct * cy
    r01 = -ct * sy
    r02 = -st
    r10 = srst * cy + cr * sy
    r11 = -srst * sy + cr * cy
    r12 = srct
    r20 = crst * cy - sr * sy
    r21 = -crst * sy - sr * cy
    r22 = crct
    # the same vector in the foot frame gives the ankle roll and a planar knee problem
    a = r00 * ux + r10 * uy + r20 * uz
    b = r01 * ux + r11 * uy + r21 * uz
    c = r02 * ux + r12 * uy + r22 * uz
    ankle_roll = atan2(b, c)
    up = hypot(b, c) - _ANKLE_DROP
    reach = clamp(hypot(a, up), *_REACH)
    inner = acos(clamp((_SQUARES - reach * reach) / _TWICE, -1.0, 1.0))
    knee = math.pi - inner + _THIGH_ANGLE
    ankle_pitch = -atan2(a, up) - asin(clamp(_THIGH * sin(inner) / reach, -1.0, 1.0))
    # what is left of the rotation belongs to the hip
    bend = knee + ankle_pitch
    cb = cos(bend)
    sb = sin(bend)
    ca = cos(ankle_roll)
    sa = sin(ankle_roll)
    h02 = -r00 * sb + r01 * sa * cb + r02 * ca * cb
    h12 = -r10 * sb + r11 * sa * cb + r12 * ca * cb
    h22 = -r20 * sb + r21 * sa * cb + r22 * ca * cb
    h10 = r10 * cb + r11 * sa * sb + r12 * ca * sb
    h11 = r11 * ca - r12 * sa
    return [atan2(h02, h22), -asin(clamp(h12, -1.0, 1.0)), atan2(h10, h11), knee, ankle_pitch, ankle_roll]
