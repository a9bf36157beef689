"""Leg inverse kinematics against MuJoCo's forward kinematics of the real robot."""

import mujoco
import numpy as np
import pytest

from soccer_lib.control.leg import HIP_Y, JOINT_HIGH, JOINT_LOW, clamp, leg_angles
from soccer_lib.workshop.walker.plant import build_model

HIP = np.array([0.0625, 0.0, -0.1155])


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.mark.parametrize("side", [1, -1])
def test_foot_lands_where_it_is_asked_for(model, side):
    data = mujoco.MjData(model)
    rng = np.random.default_rng(side + 1)
    for _ in range(20):
        x, y, z = rng.uniform([-0.2, 0.08, -0.48], [0.2, 0.2, -0.4])
        pitch, roll, yaw = rng.uniform([-0.15, -0.1, -0.4], [0.15, 0.1, 0.4])
        hip_pitch = -0.25
        for _ in range(3):
            angles = leg_angles(x, side * y, z, pitch, roll, yaw, side * HIP_Y, hip_pitch)
            hip_pitch = angles[0]
        first = 0 if side > 0 else 6
        data.qpos[:] = 0
        data.qpos[3:7] = _quaternion(pitch, roll)
        data.qpos[7 + first : 13 + first] = angles
        mujoco.mj_kinematics(model, data)
        site = data.site("left_foot" if side > 0 else "right_foot")
        trunk = data.body("Trunk").xmat.reshape(3, 3)
        # the level frame has its origin at the hips
        place = site.xpos - trunk @ HIP
        np.testing.assert_allclose(place, [x, side * y, z], atol=3e-3)
        foot = site.xmat.reshape(3, 3)
        np.testing.assert_allclose(foot[2], [0, 0, 1], atol=5e-3)
        assert np.arctan2(foot[1, 0], foot[0, 0]) == pytest.approx(yaw, abs=5e-3)


def _quaternion(pitch, roll):
    quat = np.zeros(4)
    mujoco.mju_mulQuat(
        quat,
        np.array([np.cos(pitch / 2), 0, np.sin(pitch / 2), 0]),
        np.array([np.cos(roll / 2), np.sin(roll / 2), 0, 0]),
    )
    return quat


def test_out_of_reach_is_clamped_not_nan():
    assert np.isfinite(leg_angles(0.3, 0.3, -0.9, 0, 0, 0, HIP_Y, 0.0)).all()
    assert np.isfinite(leg_angles(0.0, 0.1, -0.01, 0, 0, 0, HIP_Y, 0.0)).all()
    assert clamp(3.0, 0.0, 1.0) == 1.0 and clamp(-3.0, 0.0, 1.0) == 0.0


def test_joint_ranges_are_the_models(model):
    np.testing.assert_allclose(model.jnt_range[1:, 0], JOINT_LOW)
    np.testing.assert_allclose(model.jnt_range[1:, 1], JOINT_HIGH)
