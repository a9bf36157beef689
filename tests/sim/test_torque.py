"""Torques toward joint targets: the law of the PD, its precision and its limits."""

from __future__ import annotations

import numpy as np

from soccer_lib.layout import KD, KP, TORQUE_LIMIT
from soccer_lib.sim.torque import STAND_POSE, pd_torque, stand_torque

ZERO = np.zeros(12)


def test_stiffness_times_error_less_damping_times_speed():
    # A left hip 0.1 rad behind its target pulls with 200 x 0.1 N m; at 0.5 rad/s its damping takes 5 x 0.5.
    target = np.zeros(12, np.float32)
    target[0] = 0.1
    speed = np.zeros(12)
    speed[0] = 0.5
    torque = pd_torque(target, ZERO, speed)
    assert torque.dtype == np.float32 and np.isclose(torque[0], 20 - 2.5) and not torque[1:].any()


def test_no_torque_is_beyond_its_joints_limit():
    far = np.full(12, 9.0, np.float32)
    assert pd_torque(far, ZERO, ZERO).tolist() == TORQUE_LIMIT.tolist()
    assert pd_torque(-far, ZERO, ZERO).tolist() == (-TORQUE_LIMIT).tolist()
    # Just inside the limit nothing is cut: 14 of an ankle roll's 15 N m.
    near = np.zeros(12, np.float32)
    near[5] = 14 / KP[5]
    assert np.isclose(pd_torque(near, ZERO, ZERO)[5], 14)


def test_standing_pulls_toward_the_standing_pose_with_stiff_ankles():
    torque = stand_torque(np.concatenate((STAND_POSE - 0.01, np.zeros(12))))
    expected = np.minimum(0.01 * np.where(np.arange(12) % 6 >= 4, 200, KP), TORQUE_LIMIT)
    np.testing.assert_allclose(torque, expected, rtol=1e-4)
    assert KD[4] == 1  # the walker's ankles are softer
