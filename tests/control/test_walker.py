"""The project's walker around gait and network, and the residual network's numbers, by hand."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest

from soccer_lib.control.gait import Gait, GaitParameters
from soccer_lib.control.leg import HIP_Y
from soccer_lib.control.residual import FEATURES, TrunkState, features, mirror_joints, mirrored, unmirror
from soccer_lib.control.walker import OwnWalker, combine, command_list
from soccer_lib.layout import Sensed


def upright(joint_pos=None):
    joints = np.zeros(12, np.float32) if joint_pos is None else joint_pos
    return Sensed(joints, np.zeros(12, np.float32), np.array([0.0, 0, 0, 1]), np.zeros(3), np.zeros(3))


class Constant:
    """A network that always answers the same, and keeps what it was given."""

    def __init__(self, answer):
        self.answer, self.rows = np.array(answer, np.float32), []

    def __call__(self, row):
        self.rows.append(row)
        return self.answer


def test_targets_of_engine_and_network_add_up_inside_the_range():
    # 0.3 rad for each unit of the network's output.
    assert combine([0.1] * 12, [1.0] * 12) == pytest.approx([0.4] * 12)
    assert combine([0.0] * 12, [-0.5] * 12).dtype == np.float32
    # 0.3 rad beyond the range is the most: the left knee bends from 0 to 2.34 rad.
    assert combine([3.0] * 12, [0.0] * 12)[3] == pytest.approx(2.64)
    assert combine([-3.0] * 12, [0.0] * 12)[3] == pytest.approx(-0.3)


def test_the_first_target_of_an_episode_is_where_the_joints_are():
    walker = OwnWalker(GaitParameters())
    pose = np.linspace(-0.2, 0.3, 12).astype(np.float32)
    first = walker.step(np.zeros(3), upright(pose))
    # 20 ms of the 180 ms in which the start pose fades out have passed: 8/9 of it, and 1/9 of the stance.
    stance = (first - pose * 8 / 9) * 9
    walker.reset()
    other = walker.step(np.zeros(3), upright(-pose))
    assert other == pytest.approx(-pose * 8 / 9 + stance / 9, abs=1e-6)
    assert walker.phase == 0.0 and walker.cycle == pytest.approx(1 / 1.75)


def test_after_a_swing_it_walks_on_from_any_pose_without_landing_again():
    walker = OwnWalker(GaitParameters())
    walker.resume(0.3)
    assert walker.phase == 0.3 and walker.gait.landing == 0.0 and not walker.gait.standing
    first = walker.step(np.zeros(3), upright(np.full(12, 0.5, np.float32)))
    other = OwnWalker(GaitParameters())
    other.resume(0.3)
    assert other.step(np.zeros(3), upright()).tolist() == first.tolist()  # the pose does not count


def test_the_network_sees_its_own_last_answer():
    walker = OwnWalker(GaitParameters(), Constant([0.5] * 12))
    walker.step(np.zeros(3), upright())
    plain = OwnWalker(GaitParameters())
    expected = plain.step(np.zeros(3), upright()) + 0.3 * 0.5
    walker.reset()
    assert walker.step(np.zeros(3), upright()) == pytest.approx(expected, abs=1e-6)
    walker.step(np.zeros(3), upright())
    first, second = walker.network.rows[-2:]
    assert not first[-12:].any() and second[-12:].tolist() == [0.5] * 12


def test_commands_of_three_finite_numbers():
    assert command_list(np.array([1.0, 0.0, -2.0])) == [1.0, 0.0, -2.0]


def entries(row):
    """The features by name."""
    parts = np.split(np.array(row), np.cumsum([size for _, size in FEATURES])[:-1])
    return dict(zip([name for name, _ in FEATURES], parts, strict=True))


@pytest.mark.parametrize(("phase", "m"), [(0.2, 1), (0.7, -1)])
def test_every_feature_by_hand(phase, m):
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12, phase)
    gait.standing = False
    gait.time = 0.09  # half of the landing's fade
    gait.command, gait.mean = [0.4, 0.1, -0.2], [0.3, 0.3, 0.1]
    gait.feet = [[0.1, 0.15, 0.2], [-0.1, -0.12, 0.05]]
    trunk = TrunkState([0.0, 0.0, 0.0, 1.0], [0.1, 0.2, 0.3], [0.5, -0.1, 0.02])
    joints, speeds, last = np.linspace(0, 1.1, 12).tolist(), [1.0] * 12, [0.5] * 12
    row = entries(features(gait, trunk, joints, speeds, last))
    assert row["gravity"] == pytest.approx([0.0, 0.0, 0.0])
    assert row["gyro"] == pytest.approx([0.03 * m, 0.06, 0.09 * m])
    assert row["velocity"] == pytest.approx([0.5, -0.1 * m, 0.02])
    assert row["mean_velocity_error"] == pytest.approx([-0.2, 0.4 * m, 0.3 * m])
    assert row["command"] == pytest.approx([0.6, 0.2 * m, -0.2 * m])
    assert row["half_cycle"] == pytest.approx([cos(0.8 * pi), sin(0.8 * pi)])
    assert row["standing"] == [0.0] and row["landing"] == pytest.approx([0.5])
    default = [-0.2, 0.0, 0.0, 0.4, -0.2, 0.0] * 2
    if m > 0:
        feet = [0.4, 4 * (0.15 - HIP_Y), 0.2, -0.4, 4 * (HIP_Y - 0.12), 0.05]
        position = 2 * np.subtract(joints, default)
        signs = np.ones(12)
    else:
        feet = [-0.4, 4 * (0.12 - HIP_Y), -0.05, 0.4, 4 * (HIP_Y - 0.15), -0.2]
        position = 2 * np.subtract(mirror_joints(joints), default)
        # Hip and ankle roll and hip yaw change their sign in the mirror.
        signs = np.array([1, -1, -1, 1, 1, -1] * 2)
    assert row["joint_velocity"] == pytest.approx(0.08 * signs)
    assert row["last_action"] == pytest.approx(0.5 * signs)
    assert row["feet"] == pytest.approx(feet) and row["joint_position"] == pytest.approx(position)


def test_the_second_half_of_the_cycle_is_mirrored():
    gait = Gait(GaitParameters())
    for phase, flipped in ((0.0, False), (0.499, False), (0.5, True), (0.999, True)):
        gait.reset([0.0] * 12, phase)
        assert mirrored(gait) is flipped
    action = np.arange(12.0).tolist()
    gait.reset([0.0] * 12, 0.1)
    assert unmirror(action, gait)[:4] == [0.0, 1.0, 2.0, 3.0]  # and cut off at 3
    assert unmirror(action, gait)[4:] == [3.0] * 8
    gait.reset([0.0] * 12, 0.6)
    assert unmirror(action, gait) == [3.0, -3.0, -3.0, 3.0, 3.0, -3.0, 0.0, -1.0, -2.0, 3.0, 3.0, -3.0]


def test_the_trunk_rolls_to_the_right_and_turns_about_the_vertical():
    # A roll of 0.3 rad about the axis ahead: down to the right. A turn about the trunk's own axis up is then
    # a turn about the vertical by cos 0.3 of it; sideways speed in the trunk's axes points down by sin 0.3.
    trunk = TrunkState([sin(0.15), 0.0, 0.0, cos(0.15)], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0])
    assert trunk.roll == pytest.approx(0.3) and trunk.pitch == 0.0
    assert trunk.yaw_rate == pytest.approx(cos(0.3))
    assert trunk.velocity == pytest.approx([0.0, -cos(0.3), -sin(0.3)])
    assert trunk.up == pytest.approx((0.0, sin(0.3), cos(0.3)))
