"""The residual network's input: sizes, and the mirror image."""

import numpy as np
import pytest

from soccer_lib.control.gait import Gait, GaitParameters
from soccer_lib.control.residual import (
    ACTION_LIMIT,
    FEATURE_COUNT,
    FEATURES,
    TrunkState,
    features,
    mirror_joints,
    unmirror,
)


def test_mirror_of_the_mirror_is_the_joint_vector():
    values = np.random.default_rng(0).normal(size=12).tolist()
    assert mirror_joints(mirror_joints(values)) == values


def test_features_of_the_mirrored_robot_are_the_same():
    rng = np.random.default_rng(1)
    left, right = (Gait(GaitParameters(frequency=1.5625)) for _ in range(2))  # the clock is exact in binary
    left.reset([0.0] * 12, phase=0.125)
    right.reset([0.0] * 12, phase=0.625)
    for _ in range(150):
        x, y, z = rng.normal(0, 0.05, 3)
        w = float(np.sqrt(1 - x * x - y * y - z * z))
        gx, gy, gz, vx, vy, vz = rng.normal(0, 0.1, 6)
        joints, speeds, action = rng.normal(0, 0.1, (3, 12)).tolist()
        rows = []
        for gait, trunk, m, flip in (
            (left, TrunkState([x, y, z, w], [gx, gy, gz], [vx, vy, vz]), 1, list),
            (right, TrunkState([-x, y, -z, w], [-gx, gy, -gz], [vx, -vy, vz]), -1, mirror_joints),
        ):
            gait.step(
                [0.4, m * 0.2, m * -0.5], trunk.pitch, trunk.roll, trunk.gyro, trunk.velocity, trunk.yaw_rate
            )
            rows.append(features(gait, trunk, flip(joints), flip(speeds), flip(action)))
        assert rows[0] == pytest.approx(rows[1], abs=1e-9)
        assert len(rows[0]) == FEATURE_COUNT == sum(size for _, size in FEATURES)


def test_trunk_state_of_a_leaning_robot():
    lean = 0.2
    trunk = TrunkState(
        [0.0, np.sin(lean / 2), 0.0, np.cos(lean / 2)], [0.0, 0.0, 1.0], [np.cos(lean), 0.0, np.sin(lean)]
    )
    assert trunk.pitch == pytest.approx(lean) and trunk.roll == pytest.approx(0.0)
    assert trunk.velocity == pytest.approx([1.0, 0.0, 0.0])
    assert trunk.yaw_rate == pytest.approx(np.cos(lean))


def test_output_is_clipped_and_mirrored_back():
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12, phase=0.7)
    wide = [100.0] * 6 + [-0.5] * 6
    assert unmirror(wide, gait) == mirror_joints([ACTION_LIMIT] * 6 + [-0.5] * 6)
