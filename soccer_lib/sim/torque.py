"""Torques toward joint angles, in single precision as an exported agent has them."""

from __future__ import annotations

import numpy as np

from soccer_lib.layout import KD, KP, TORQUE_LIMIT

_LOWEST_TORQUE = -TORQUE_LIMIT

_KNEE = 0.2
STAND_POSE = np.array([-_KNEE / 2, 0.0, 0.0, _KNEE, -_KNEE / 2, 0.0] * 2, dtype=np.float32)
"""Feet level below the hips with slightly bent knees [rad]. Shape: (12,)."""

_ANKLES = np.array([4, 5, 10, 11])

STAND_KP = KP.copy()
"""Stiffness for standing [N m/rad]: ankles as stiff as hips and knees. Shape: (12,)."""
STAND_KP[_ANKLES] = 200.0

STAND_KD = KD.copy()
"""Damping for standing [N m s/rad]. Shape: (12,)."""
STAND_KD[_ANKLES] = 5.0


def pd_torque(
    target: np.ndarray,
    joint_pos: np.ndarray,
    joint_vel: np.ndarray,
    kp: np.ndarray = KP,
    kd: np.ndarray = KD,
) -> np.ndarray:
    """Torques that pull the joints to their targets, in single precision as an exported agent has it.

    Args:
        target: joint targets [rad], Shape: (12,).
        joint_pos: joint positions [rad], Shape: (12,).
        joint_vel: joint velocities [rad/s], Shape: (12,).
        kp: stiffness [N m/rad], Shape: (12,).
        kd: damping [N m s/rad], Shape: (12,).

    Returns:
        torques inside the limits [N m], float32, Shape: (12,).
    """
    torque = target - joint_pos.astype(np.float32)
    torque *= kp
    torque -= kd * joint_vel.astype(np.float32)
    np.maximum(torque, _LOWEST_TORQUE, out=torque)
    return np.minimum(torque, TORQUE_LIMIT, out=torque)


def stand_torque(observation: np.ndarray) -> np.ndarray:
    """Torques that hold `STAND_POSE`, computed in single precision.

    Args:
        observation: any layout that begins with joint positions and velocities, such as "raw" and "full".

    Returns:
        torques inside the limits [N m], float32, Shape: (12,).
    """
    return pd_torque(STAND_POSE, observation[:12], observation[12:24], STAND_KP, STAND_KD)
