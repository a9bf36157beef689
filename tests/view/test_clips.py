"""Motion clips: their figures, their replay and their picture, on clips whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.leg import JOINT_HIGH, JOINT_LOW
from soccer_lib.formats.clip import read_clip
from soccer_lib.layout import JOINTS
from soccer_lib.view.clips import (
    clip_facts,
    clip_frames,
    clip_trajectory,
    clips_table,
    plot_clip,
)
from soccer_lib.view.style import ACCENT, ORANGE, QUIET
from tests.support.drawn import colour_of, lines, titles


def test_facts_of_a_clip(clips, make_clip):
    facts = clip_facts(read_clip(clips / "big_kick.npz"))
    assert facts["travel"] == pytest.approx(0.31) and facts["ahead"] == pytest.approx(3.1)
    assert facts["travels"] and facts["left"] == pytest.approx(0) and facts["turn"] == 0
    assert facts["peak_speed"] == pytest.approx(1.1) and facts["peak_joint"] == "right_ankle_roll"
    assert facts["mismatch"] < 1e-6 and facts["implied_rate"] == pytest.approx(100)
    # A knee bends one way only: at -0.1 rad and later 0.1 s x 0.3 rad/s = 0.03 rad more.
    assert facts["beyond_limits"] == 1 and facts["excess_joint"] == "left_knee_pitch"
    knee = JOINTS.index("left_knee_pitch")
    assert facts["excess"] == pytest.approx(JOINT_LOW[knee] + 0.1)
    wrong = make_clip((3.0, 0)) | {"frequency": np.array(50.0)}
    np.savez(clips / "wrong.npz", **wrong)
    facts = clip_facts(read_clip(clips / "wrong.npz", lenient=True))
    # At half the rate the differences are half of the velocities.
    assert facts["mismatch"] == pytest.approx(0.5, abs=0.01)
    assert facts["implied_rate"] == pytest.approx(100)


def test_sideways_and_turning_are_told_by_their_signs(clips, make_clip):
    facts = clip_facts(read_clip(clips / "sidestep.npz"))
    assert facts["left"] == pytest.approx(0.3) and facts["ahead"] == pytest.approx(0)
    assert not facts["travels"]  # 10 frames of 3 mm
    np.savez(clips / "turn.npz", **make_clip((0, 0), turn=-0.5))
    assert clip_facts(read_clip(clips / "turn.npz"))["turn"] == pytest.approx(-0.5)


def test_a_table_has_a_line_a_clip_and_says_how_they_were_read(clips):
    text = clips_table([read_clip(clips / f"{name}.npz") for name in ("big_kick", "sidestep")])
    _, _, kick, aside, reading, note = text.splitlines()
    assert kick.split()[:6] == ["big_kick", "0.11", "0.31", "travelling", "1.1", "right_ankle_roll"]
    assert aside.split()[:4] == ["sidestep", "0.11", "0.03", "in"] and kick.split()[6] == "100%"
    assert reading.endswith(": big_kick, sidestep") and note.startswith("mismatch")


def test_a_clip_is_replayed_with_the_robots_body(clips, make_clip):
    np.savez(clips / "curve.npz", **make_clip((1.0, 0), turn=2.0, frames=101))
    trajectory = clip_trajectory(read_clip(clips / "curve.npz"))
    assert len(trajectory.time) == 51 and trajectory.time[-1] == pytest.approx(1.0)
    assert np.cos(trajectory.robot[0, 2] - np.pi) == pytest.approx(1)  # turned to the goal
    trunk = trajectory.geom_xpos[:, trajectory.model.body("robot_0:Trunk").geomadr[0]]
    path = trajectory.robot[-1, :2] - trajectory.robot[0, :2]
    assert np.hypot(*path) == pytest.approx(np.sin(1.0), abs=0.01)  # chord of 2 rad of a circle of 0.5 m
    assert np.allclose(
        np.diff(trunk[:, :2], axis=0)[0], np.diff(trajectory.robot[:, :2], axis=0)[0], atol=0.01
    )


@pytest.mark.parametrize(
    ("name", "step"),
    [("big_kick", (-0.062, 0.0)), ("sidestep", (0.0, -0.006))],  # a row is 20 ms; facing -x, left is -y
)
def test_a_clip_goes_ahead_and_sideways_as_seen_from_the_goal(clips, name, step):
    trajectory = clip_trajectory(read_clip(clips / f"{name}.npz"))
    assert np.diff(trajectory.robot[:, :2], axis=0)[0] == pytest.approx(step, abs=1e-9)
    assert trajectory.path("ball")[:, 2].max() < -1  # out of sight


def test_without_opengl_the_body_is_drawn_flat(clips, no_opengl, capsys):
    frames = list(clip_frames(read_clip(clips / "stroll.npz"), size=(120, 90)))
    # 0.1 s at 25 a second: 0, 0.04 and 0.08 s.
    assert len(frames) == 3 and frames[0].shape == (90, 120, 3) and frames[0].std() > 0
    assert "drawing the body flat instead" in capsys.readouterr().out


def test_velocities_are_drawn_as_stored_and_in_the_heading_frame(clips):
    figure = plot_clip(read_clip(clips / "big_kick.npz"))
    *_, stored, felt = figure.axes
    assert stored.get_title(loc="left").startswith("as stored: world axes")
    # It looks along -y and moves ahead at 3.1 m/s.
    expected = {"ahead, x": (0.0, 3.1), "left, y": (-3.1, 0.0), "turn": (0.0, 0.0)}
    for name, (world, heading_frame) in expected.items():
        assert lines(stored)[name].get_ydata() == pytest.approx(np.full(11, world), abs=1e-9)
        assert lines(felt)[name].get_ydata() == pytest.approx(np.full(11, heading_frame), abs=1e-9)
    assert [colour_of(lines(felt)[name]) for name in expected] == [ACCENT, ORANGE, QUIET]


def test_each_joint_has_its_range_and_red_dots_outside_of_it(clips):
    figure = plot_clip(read_clip(clips / "stroll.npz"))
    bodies, panels = figure.axes[:7], figure.axes[7:19]
    assert [axes.get_title(loc="center") for axes in bodies][::6] == ["0.00 s", "0.10 s"]
    assert titles(figure)[7:19] == [joint.replace("_", " ") + " [rad]" for joint in JOINTS]
    for joint, axes in enumerate(panels):
        position, outside = axes.lines
        (band,) = axes.patches
        assert band.get_y() == pytest.approx(JOINT_LOW[joint])
        assert band.get_y() + band.get_height() == pytest.approx(JOINT_HIGH[joint])
        # Joint k turns by k/10 rad/s from -0.1 rad on.
        expected = np.arange(11) / 100 * joint / 10 - 0.1
        assert position.get_ydata() == pytest.approx(expected)
        # A knee bends one way only: all of it is outside; the hips are within their ranges.
        if JOINTS[joint] == "left_knee_pitch":
            assert outside.get_ydata() == pytest.approx(expected)
        if "hip_pitch" in JOINTS[joint]:
            assert not len(outside.get_ydata())
