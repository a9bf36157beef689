"""The robot in MuJoCo, and what is read of it; Genesis is not needed."""

import numpy as np
import pytest

from soccer_lib.genesis.booster import (
    START_HEIGHT,
    BodyState,
    MujocoBody,
    hold_pose,
    mujoco_joint,
    pd_torques,
    walk,
)
from soccer_lib.layout import TORQUE_LIMIT


@pytest.fixture(scope="module")
def body():
    return MujocoBody()


def test_names_of_joints():
    assert mujoco_joint("left_hip_pitch") == "Left_Hip_Pitch"


def test_straight_legs_stand(body):
    trace = hold_pose(body, 2.0)
    assert trace.fell_at is None and abs(trace.place[-1, 2] - START_HEIGHT) < 0.01


def test_the_walker_walks_and_a_robot_without_torques_falls(body):
    trace = walk(body, np.array([0.5, 0.0, 0.0]), 2.0)
    assert trace.fell_at is None and trace.place[-1, 0] > 0.3
    body.reset()
    for _ in range(1000):
        body.step(np.zeros(12))
    assert body.read().place[2] < 0.4


def test_torques_by_hand():
    state = BodyState(*(np.zeros(n) for n in (3, 4, 3, 3)), np.full(12, 0.1), np.full(12, 0.5))
    # A hip: 200 x 0.1 - 5 x 0.5. Far away the motor's limit counts.
    assert pd_torques(np.full(12, 0.2), state)[0] == pytest.approx(17.5)
    assert pd_torques(np.full(12, 9.0), state) == pytest.approx(TORQUE_LIMIT)


def test_senses_are_in_the_frame_of_the_trunk():
    """A trunk that faces along y and moves along y moves ahead."""
    half = np.sqrt(0.5)
    state = BodyState(
        np.zeros(3),
        np.array([half, 0, 0, half]),
        np.array([0, 1.0, 0]),
        np.zeros(3),
        np.zeros(12),
        np.zeros(12),
    )
    sensed = state.sense()
    assert sensed.velocimeter == pytest.approx([1, 0, 0], abs=1e-6)
    assert sensed.quat_xyzw == pytest.approx([0, 0, half, half])
