"""The arm's kinematics in numpy, against numbers of its maker and worked out by hand."""

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.genesis.robots import ROBOTS, posture_for, robot_named, tool_position
from soccer_lib.genesis.targets import BOX, held_out_targets


def test_stretched_upward_the_tool_is_where_the_lengths_add_up():
    # 0.333 + 0.316 + 0.384 up to the wrist; the hand hangs 0.107 + 0.1034 down from 0.088 ahead of it.
    [tool] = tool_position(np.zeros((1, 7)))
    assert tool == pytest.approx([0.088, 0.0, 0.333 + 0.316 + 0.384 - 0.107 - 0.1034])


def test_the_base_joint_turns_the_tool_about_the_vertical():
    home = np.array(ROBOTS["franka"].home)
    turned = home.copy()
    turned[0] = np.pi / 2
    before, after = tool_position(np.array([home, turned]))
    assert after == pytest.approx([-before[1], before[0], before[2]])


def test_every_corner_of_the_box_has_a_posture_that_reaches_it():
    corners = np.array(np.meshgrid(*BOX)).reshape(3, -1).T
    joints = posture_for(corners)
    assert tool_position(joints) == pytest.approx(corners, abs=1e-6)
    assert (joints >= ROBOTS["franka"].low).all() and (joints <= ROBOTS["franka"].high).all()


def test_one_target_has_one_posture_whatever_stands_beside_it():
    targets = held_out_targets(5)
    assert posture_for(targets)[3] == pytest.approx(posture_for(targets[3:4])[0], abs=1e-9)


def test_an_unknown_robot_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="unknown robot 'pandas'; expected one of: franka"):
        robot_named("pandas")
