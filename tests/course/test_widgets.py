"""Things to touch: what they draw, and what they do where nobody can touch them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course import figures
from soccer_lib.course.figures import widgets
from soccer_lib.envs.make import get_state, make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.layout import JOINTS
from soccer_lib.policies import load_policy
from tests.support.opengl import needs_opengl
from tests.support.states import assert_same


@pytest.fixture(scope="module")
def episode() -> Trajectory:
    return trace_episode(make_env("goalie_penalty_kick"), load_policy("stand"), seed=1, seconds=0.2)


class Commands(gym.ActionWrapper):
    """Takes commands of three numbers, without a walker, and notes them."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.action_space = gym.spaces.Box(-1, 1, (3,), np.float32)
        self.commands: list[list[float]] = []

    def action(self, action: np.ndarray) -> np.ndarray:
        self.commands.append(action.tolist())
        return 0.1 * np.tile(np.append(action, [0, 0, 0]), 2).astype(np.float32)


@pytest.fixture
def commanded() -> Commands:
    return Commands(make_env("kick_to_target", control="joint"))


@pytest.fixture
def shown(monkeypatch) -> dict:
    """Figures by their names, in place of their pictures."""
    figures_by_name = {}
    monkeypatch.setattr(widgets, "_show", figures_by_name.update)
    return figures_by_name


@pytest.fixture
def displayed(monkeypatch) -> list:
    """Widgets where there is a front end."""
    things = []
    monkeypatch.setattr(widgets, "_display", things.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    return things


def clock(figure) -> str:
    return figure.axes[0].texts[0].get_text()


def test_a_command_is_held_as_long_as_asked_for(commanded):
    driven = figures.drive_sequence(commanded, [(1, 0, 0, 0.1), (0, 0.5, -1, 0.2)], seed=2)
    # An env step of this wrapper lasts 20 ms.
    assert commanded.commands == [[1, 0, 0]] * 5 + [[0, 0.5, -1]] * 10
    assert driven.step_time[-1] == pytest.approx(0.3)
    with pytest.raises(InputError, match="control='command'"):
        figures.drive(make_env("kick_to_target"))


def test_an_episode_is_shown_at_its_start_middle_and_end(episode, shown, capsys):
    figures.episode_scrubber(episode)
    assert "no sliders" in capsys.readouterr().out
    assert list(shown) == ["0.0 s", "0.1 s", "0.2 s"]
    assert [clock(figure) for figure in shown.values()] == ["0.0 s", "0.1 s", "0.2 s"]


def test_poses_are_shown_by_name(commanded, shown):
    figures.joint_pose_explorer(commanded, interactive=False)
    assert list(shown) == list(widgets.POSES) == ["straight", "default pose", "squat"]
    heads = [max(patch.get_center()[1] for patch in figure.axes[0].patches) for figure in shown.values()]
    assert heads[0] > heads[1] > heads[2]


def test_a_drive_without_a_front_end_plays_the_tour(commanded, shown):
    figures.drive(commanded, interactive=False)
    assert commanded.commands[:40] == [[0, 0.5, 0]] * 40 and [0.4, 0, 0] in np.round(commanded.commands, 6)
    first, _, last = shown
    assert first == "after 0 s" and clock(shown[last]) == f"{len(commanded.commands) * 0.02:.1f} s"


def test_pictures_are_displayed_under_their_names(episode, no_opengl, monkeypatch, capsys):
    things = []
    monkeypatch.setattr(widgets, "_display", things.append)
    figures.episode_scrubber(episode, interactive=False)
    assert len(things) == 3 and all(image.data.startswith(b"\x89PNG") for image in things)
    assert capsys.readouterr().out.splitlines()[1:] == ["0.0 s", "0.1 s", "0.2 s"]


def test_a_slider_redraws_at_its_value(episode, displayed, shown):
    figures.episode_scrubber(episode)
    (scrubber,) = displayed
    slider = scrubber.children[0]
    assert (slider.min, slider.max) == (0, episode.time[-1])
    slider.value = 0.1
    scrubber.update()
    assert clock(shown[""]) == "0.1 s"


def test_a_joint_moves_within_its_range(commanded, displayed, shown):
    figures.joint_pose_explorer(commanded)
    (pose,) = displayed
    names = commanded.unwrapped.stock.robots[0].robot_joints
    ranges = [commanded.unwrapped.model.joint(name).range.tolist() for name in names]
    sliders = pose.children[:12]
    assert [slider.description for slider in sliders] == list(JOINTS)
    assert [[slider.min, slider.max] for slider in sliders] == ranges


def test_the_choice_of_kicks_kicks_or_says_why_not(displayed, shown, monkeypatch, capsys):
    recorders = []
    make_recorder = widgets._driver

    def kept(*given):
        recorders.append(make_recorder(*given))
        return recorders[-1]

    monkeypatch.setattr(widgets, "_driver", kept)
    figures.drive(make_env("kick_to_target", control="command"), seed=6)
    (driver,), (recorder,) = displayed, recorders
    controls = {child.description: child for child in driver.children if hasattr(child, "description")}
    assert set(controls) == {"forward", "sideways", "turn", "kick", "start_again", "play"}
    assert controls["kick"].options == (widgets.NO_KICK, *PATTERNS)
    controls["kick"].value = "placed"
    driver.update()  # what its button does
    printed = driver.out.outputs[0]["text"] if driver.out.outputs else capsys.readouterr().out
    assert "placed: refused" in printed and not recorder.info["macro_triggered"]
    controls["kick"].value = widgets.NO_KICK
    controls["forward"].value = 0.5
    for _ in range(3):
        driver.update()
    controls["kick"].value = "placed"
    driver.update()
    assert recorder.info["macro_triggered"] and recorder.info["macro_name"] == "placed"
    controls["start_again"].value = True
    driver.update()
    assert recorder.sim.sim_time == 0


def test_on_the_tour_the_robot_walks_to_the_ball_and_kicks_it():
    tour = figures.drive_sequence(make_env("kick_to_target", control="command"), widgets.TOUR, seed=10_000)
    assert [event for _, event in tour.events][:2] == ["placed", "touch"] and not tour.report
    assert np.hypot(*(tour.ball[-1] - tour.ball[0])[:2]) > 0.3


def test_a_pose_is_kinematics_only(commanded):
    commanded.reset(seed=0)
    before = get_state(commanded)
    figure = figures.pose_figure(commanded, widgets.POSES["squat"])
    assert_same(before, get_state(commanded))
    assert [axes.get_title(loc="center") for axes in figure.axes] == ["side", "front"]
    # Its lowest part stands on the ground, an ellipse that reaches a little below the sole.
    feet = min(patch.get_center()[1] for patch in figure.axes[0].patches)
    assert 0 <= feet < 0.06


@needs_opengl
def test_a_moment_has_a_map_and_a_frame(episode):
    figure = figures.episode_figure(episode, 0.1)
    assert clock(figure) == "0.1 s"
    assert figure.axes[1].images[0].get_array().shape == (300, 300, 3)


def test_without_opengl_the_body_stands_beside_the_map(episode, no_opengl):
    figure = figures.episode_figure(episode, 0.1)
    assert not figure.axes[1].images and len(figure.axes[1].patches) > 10
