"""The flat body: an ellipse for each part, seen from a side, worked out by hand."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest
from matplotlib.figure import Figure

from soccer_lib.view.body import draw_body
from soccer_lib.view.scene import drawn_geoms

BODY = """
<mujoco><worldbody>
  <geom name="grass" type="plane" size="9 9 1"/>
  <body name="football_field"><geom name="line" size="0.1"/></body>
  <body name="env:ball" pos="3 0 0"><geom name="ball" size="0.11"/></body>
  <body name="robot_0:Trunk" pos="1 0 0.5">
    <geom name="trunk" type="ellipsoid" size="0.1 0.2 0.3" rgba="0 0 1 1"/>
    <geom name="nose" type="sphere" size="0.05" pos="0.3 0.1 0.2" rgba="1 0 0 1"/>
    <geom name="left_arm" type="sphere" size="0.05" pos="0 0.3 0" rgba="0 1 0 1"/>
    <geom name="hidden" type="sphere" size="0.05" rgba="0 0 0 0"/>
  </body>
</worldbody></mujoco>
"""
COLOURS = {(0, 0, 1, 1): "trunk", (1, 0, 0, 1): "nose", (0, 1, 0, 1): "left_arm"}


def drawn(turn: float, pitch: float = 0.0) -> dict[str, np.ndarray]:
    """Part -> left, bottom, right, top of its ellipse [m], from the farthest to the nearest."""
    model = mujoco.MjModel.from_xml_string(BODY)
    model.body("robot_0:Trunk").quat = (math.cos(pitch / 2), 0, math.sin(pitch / 2), 0)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    axes = Figure().subplots()
    draw_body(axes, model, data.geom_xpos, data.geom_xmat, turn)
    boxes = {}
    for patch in axes.patches:
        outline = patch.get_path().transformed(patch.get_patch_transform())
        boxes[COLOURS[patch.get_facecolor()]] = np.array(outline.get_extents().extents)
    return boxes


def test_what_can_be_seen_is_drawn():
    model = mujoco.MjModel.from_xml_string(BODY)
    parts, centres = drawn_geoms(model)
    assert [model.geom(part).name for part in parts] == ["ball", "trunk", "nose", "left_arm"]
    assert not centres.any()


def test_from_the_right_ahead_is_to_the_right():
    boxes = drawn(turn=0.0)
    assert boxes["trunk"] == pytest.approx([-0.1, 0.2, 0.1, 0.8])
    assert boxes["nose"] == pytest.approx([0.25, 0.65, 0.35, 0.75])
    assert list(boxes) == ["left_arm", "nose", "trunk"]  # y = 0.3 and 0.1 are farther away than 0


def test_a_quarter_turn_shows_the_left_arm_at_the_right():
    # What points to the right is y: the viewer stands in front of the robot, which looks along x.
    boxes = drawn(turn=math.pi / 2)
    assert boxes["trunk"] == pytest.approx([-0.2, 0.2, 0.2, 0.8])
    assert boxes["left_arm"] == pytest.approx([0.25, 0.45, 0.35, 0.55])
    assert list(boxes)[-1] == "nose"


def test_a_part_leans_with_the_robot():
    # Leaning ahead by 30 degrees; half the width of the shadow is sqrt((0.1 cos)^2 + (0.3 sin)^2).
    boxes = drawn(turn=0.0, pitch=math.pi / 6)
    width = math.hypot(0.1 * math.cos(math.pi / 6), 0.3 * math.sin(math.pi / 6))
    height = math.hypot(0.1 * math.sin(math.pi / 6), 0.3 * math.cos(math.pi / 6))
    assert boxes["trunk"] == pytest.approx([-width, 0.5 - height, width, 0.5 + height], abs=1e-4)
    x = 0.3 * math.cos(math.pi / 6) + 0.2 * math.sin(math.pi / 6)
    assert boxes["nose"][[0, 2]] == pytest.approx([x - 0.05, x + 0.05], abs=1e-4)
